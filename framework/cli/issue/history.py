"""`issue history`: what happened to one issue."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain.errors import IssueNotFound
from .._options import OK
from .activity import show
from .command import Command, add_issue
from .context import Context

if TYPE_CHECKING:
    from ...domain.activity import Activity
    from ...facade.facade import Facade


def _run(context: Context, options: Namespace) -> int:
    facade = context.facade
    every = facade.activity(issue=options.issue)
    if not every:
        facade.get(options.issue)  # one that never was is an error; a deleted one has a history
    behind = [one for one in every if one.id > options.cursor]
    found = behind[: context.limit]
    cursor = found[-1].id if len(found) < len(behind) else None
    said = _said(facade, options.issue, found)
    show(context, found, cursor=cursor, total=len(every), said=said)
    return OK


def _said(facade: Facade, id: str, found: Sequence[Activity]) -> dict[str, str]:
    """The texts of the issue's comments by id; none of an issue that was deleted."""
    from ...domain.activity import Kind

    if not any(one.kind is Kind.COMMENTED for one in found):
        return {}
    try:
        return {one.id: one.text for one in facade.comments(id)}
    except IssueNotFound:
        return {}


COMMAND = Command(
    help="what happened to one issue",
    description="Show all changes of an issue, oldest first: who, when, what was before and "
    "what after. The history of a deleted issue stays.",
    examples=("issue history 42", "issue history 42 --json"),
    arguments=add_issue,
    run=_run,
    reads=True,
    lists=True,
)
