"""How a field gets its value: from the tables, else from a plain mapping, else not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLResolveInfo

from .graphql_ask import Ask, Deed, Reader
from .graphql_board_writes import DEEDS as OF_BOARDS
from .graphql_boards import FIELDS as BOARDS
from .graphql_errors import unknown
from .graphql_issue_writes import DEEDS as OF_ISSUES
from .graphql_issues import FIELDS as ISSUES
from .graphql_item_writes import DEEDS as OF_ITEMS
from .graphql_people import FIELDS as PEOPLE
from .graphql_pull_writes import DEEDS as OF_PULLS
from .graphql_pulls import FIELDS as PULLS
from .graphql_roots import FIELDS as ROOTS
from .records import (
    CheckRun,
    Comment,
    Issue,
    IssueType,
    Label,
    Milestone,
    Repo,
    Review,
    ReviewComment,
    Status,
)
from .records import User as Person

FIELDS: Mapping[tuple[str, str], Reader] = {
    (type_, field): reader
    for table in (ROOTS, PEOPLE, ISSUES, PULLS, BOARDS)
    for type_, fields in table.items()
    for field, reader in fields.items()
}
DEEDS: Mapping[str, Deed] = {**OF_ISSUES, **OF_PULLS, **OF_BOARDS, **OF_ITEMS}
_KINDS = {
    Repo: "Repository",
    Label: "Label",
    IssueType: "IssueType",
    Milestone: "Milestone",
    Comment: "IssueComment",
    Review: "PullRequestReview",
    ReviewComment: "PullRequestReviewComment",
    Status: "StatusContext",
    CheckRun: "CheckRun",
}


def resolve(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
    """graphql-core's field_resolver."""
    ask: Ask = info.context
    type_, field = info.parent_type.name, info.field_name
    if type_ == "Mutation":
        return _do(ask, field, args["input"])
    if reader := FIELDS.get((type_, field)):
        return reader(ask, source, args)
    if isinstance(source, Mapping) and field in source:
        return source[field]
    raise unknown(type_, field)


def _do(ask: Ask, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    deed = DEEDS.get(name)
    if deed is None:
        raise unknown("Mutation", name)
    ask.deed = name
    return {"clientMutationId": given.get("clientMutationId"), **deed(ask, given)}


def kind_of(record: Any, info: Any, abstract: Any) -> str:
    """graphql-core's type_resolver: which object type a record is."""
    match record:
        case Issue(pull=None):
            return "Issue"
        case Issue():
            return "PullRequest"
        case Person(kind=kind):
            return kind
        case Mapping():
            return str(record["__typename"])
        case _:
            return _KINDS[type(record)]
