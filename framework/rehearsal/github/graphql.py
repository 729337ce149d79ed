"""GitHub's GraphQL over the one store: validated by GitHub's schema, priced, executed.

What the double cannot answer it refuses with NOT_IMPLEMENTED and the field's name; it never
answers with a silent null.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values

from . import schema as schemas
from .graphql_ask import Ask
from .graphql_automation import catch_up
from .graphql_errors import told
from .graphql_execution import kind_of, resolve
from .graphql_limits import price
from .graphql_wording import invalid, unfit, unparsable
from .records import Token
from .store import Store

# GitHub's own server lets fields overlap (Issue.state beside PullRequest.state), and `gh` needs it.
_RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]

Answer = tuple[int, dict[str, str], dict[str, Any]]


def answer(
    store: Store,
    token: Token,
    document: str,
    variables: Mapping[str, Any] | None = None,
    *,
    operation: str | None = None,
    missing: bool = False,
    base: str = "https://github.com",
    at: Path | None = None,
) -> Answer:
    """Status, further headers and body. Takes `store.lock`, and primary points of `store.limits`;
    the secondary limits are the caller's.

    `operation` chooses among several of the document, by name. `missing` answers as if the issues
    and pull requests that are asked for by their node id were not there yet. `base` is the address
    that links lead back to, `at` where the schema is (see `schema.load`).
    """
    profile: schemas.Profile = "ghes" if store.profile == "ghes" else "github.com"
    parsed, errors = _checked(profile, document, at)
    if errors or parsed is None:
        return 200, {}, {"errors": list(errors)}
    chosen = get_operation_ast(parsed, operation)
    if chosen is None:
        return 200, {}, {"errors": [_no_operation(operation)]}
    with store.lock:
        catch_up(store)
        ask = Ask(store=store, token=token, base=base, missing=missing)
        return _answered(ask, profile, parsed, chosen, variables or {}, at)


def operation(document: str, operation_name: str | None = None) -> str:
    """What faults and the log call a request: `query repository viewer`, `mutation createIssue`.

    The fields are in the order of the request, each once.
    """
    parsed = _parsed(document)
    found = None
    if isinstance(parsed, DocumentNode):
        found = get_operation_ast(parsed, operation_name)
    if found is None:
        return "query"
    fields = [one for one in found.selection_set.selections if isinstance(one, FieldNode)]
    return " ".join([found.operation.value, *dict.fromkeys(one.name.value for one in fields)])


@lru_cache(maxsize=512)
def _parsed(document: str) -> DocumentNode | GraphQLError:
    """Clients send the same few texts again and again."""
    try:
        return parse(document)
    except GraphQLError as error:
        return error


@lru_cache(maxsize=512)
def _checked(
    profile: schemas.Profile, document: str, at: Path | None
) -> tuple[DocumentNode | None, tuple[dict[str, Any], ...]]:
    """The parsed request, or what is wrong with it."""
    parsed = _parsed(document)
    if isinstance(parsed, GraphQLError):
        return None, (unparsable(parsed),)
    wrong = validate(schemas.load(profile, at), parsed, _RULES)
    return parsed, tuple(invalid(one) for one in wrong)


def _answered(
    ask: Ask,
    profile: schemas.Profile,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    at: Path | None,
) -> Answer:
    schema = schemas.load(profile, at)
    given = get_variable_values(schema, operation.variable_definitions, dict(variables))
    if isinstance(given, list):
        return 200, {}, {"errors": [unfit(one) for one in given]}
    try:
        cost = price(schema, document, operation, given, ask.token.scopes)
    except GraphQLError as error:
        return 200, {}, {"errors": [told(error)]}
    ask.price = cost
    if not ask.store.limits.spend(ask.login, "graphql", cost.points):
        return limited(ask.login)
    ran = execute(
        schema,
        document,
        context_value=ask,
        variable_values=dict(variables),
        operation_name=operation.name.value if operation.name else None,
        field_resolver=resolve,
        type_resolver=kind_of,
    )
    body: dict[str, Any] = {"data": ran.data}  # type: ignore[union-attr]
    if ran.errors:  # type: ignore[union-attr]
        body["errors"] = [told(one) for one in ran.errors]  # type: ignore[union-attr]
    return 200, {}, body


def limited(login: str) -> Answer:
    """The primary limit, as GraphQL tells it: with status 200."""
    message = f"API rate limit exceeded for user ID {login}."
    return 200, {}, {"errors": [{"type": "RATE_LIMITED", "message": message}]}


def _no_operation(name: str | None) -> dict[str, Any]:
    return {"message": f'No operation named "{name}"' if name else "An operation name is required"}
