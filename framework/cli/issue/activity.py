"""`issue activity`: what happened to all issues, as it was noted down."""

from __future__ import annotations

import select
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .._options import OK, Parser
from .command import Command, issue_id
from .context import Context
from .selection import instant

if TYPE_CHECKING:
    from ...domain.activity import Activity

_POLL_MILLISECONDS = 1000


def _arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("--issue", type=issue_id, metavar="N", help="of this issue")
    add("--agent", metavar="NAME", help="by this agent or person; `me` for yourself")
    add("--since", metavar="WHEN", help="from then on: 2h, 7d, 2026-01-31, or an ISO time")
    add("--follow", action="store_true", help="go on until Ctrl-C; with --json a line each")


def _run(context: Context, options: Namespace) -> int:
    found, cursor = _page(context, options)
    if options.follow:
        return _follow(context, options, found)
    show(context, found, cursor=cursor)
    return OK


def show(
    context: Context,
    found: Sequence[Activity],
    *,
    cursor: int | None,
    total: int | None = None,
    said: Mapping[str, str] | None = None,
) -> None:
    """Print activities, oldest first; `said` are texts of comments by id."""
    from ...facade import document
    from .happened import told, when

    texts = said or {}
    context.out.items(
        [document.activity(one) for one in found],
        header=("when (UTC)", "who", "issue", "what"),
        rows=(
            (
                when(one.at),
                one.actor,
                f"#{one.issue}" if one.issue else "",
                told(one, next((texts.get(str(c.after)) for c in one.changes), None)),
            )
            for one in found
        ),
        total=total,
        cursor=cursor,
        ends=[one.id for one in found],
        none="Nothing happened.",
    )


def _page(context: Context, options: Namespace) -> tuple[Sequence[Activity], int | None]:
    """The last activities, or with a cursor the first ones behind it; and where the next page
    starts."""
    if options.cursor:
        behind = _since(context, options, options.cursor)
        found = behind[: context.limit]
        return found, found[-1].id if len(found) < len(behind) else None
    return _since(context, options, 0, context.limit), None


def _since(
    context: Context, options: Namespace, after: int, limit: int | None = None
) -> Sequence[Activity]:
    facade = context.facade
    actor = options.agent and facade.identity.named(options.agent)
    since = instant(options.since, facade.clock()) if options.since else None
    return facade.activity(issue=options.issue, actor=actor, since=since, after=after, limit=limit)


def _follow(context: Context, options: Namespace, found: Sequence[Activity]) -> int:
    """Print what is there and what comes, until somebody interrupts."""
    from ...facade import document
    from .happened import line

    last = options.cursor
    try:
        while True:
            for one in found:
                context.out.line(document.activity(one), line(one))
                last = one.id
            found = _since(context, options, last)
            if not found:
                _wait()
    except KeyboardInterrupt:
        return OK


def _wait() -> None:
    """Until it is time to look again. Raises BrokenPipeError when the reader has left, which
    writing would not notice before something happens."""
    poll = select.poll()
    poll.register(sys.stdout, 0)  # nothing but errors
    if poll.poll(_POLL_MILLISECONDS):
        raise BrokenPipeError


COMMAND = Command(
    help="what happened to all issues",
    description="Show the log of all changes, oldest first: the last ones, or with --cursor ID "
    "those after that entry. It is never changed or shortened.",
    examples=(
        "issue activity --since 2h",
        "issue activity --agent agent-coder --limit 5 --json",
        "issue activity --follow",
    ),
    arguments=_arguments,
    run=_run,
    reads=True,
    lists=True,
)
