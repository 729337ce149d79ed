"""`issue list`: the issues that match."""

from __future__ import annotations

from argparse import Namespace

from .._options import OK, Parser
from .command import Command
from .context import Context
from .selection import add_filters, add_query, selected


def _arguments(parser: Parser) -> None:
    add_filters(parser)
    add_query(parser)


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document

    facade = context.facade
    search = selected(facade, options)
    if options.explain:
        for reading in search.readings:
            context.out.note(reading)
    page = facade.find(search, limit=context.limit, offset=options.cursor)
    waiting = facade.dependencies.waiting(page.issues)
    context.out.items(
        [document.issue(issue, waiting[issue.id]) for issue in page.issues],
        header=("issue", "state", "priority", "title", "waits for"),
        rows=(
            (
                f"#{issue.id}",
                issue.state.value,
                issue.priority.value,
                issue.title,
                " ".join(f"#{one}" for one in waiting[issue.id]),
            )
            for issue in page.issues
        ),
        total=page.total,
        cursor=page.cursor,
        offset=options.cursor,
        none="No issue matches.",
    )
    return OK


COMMAND = Command(
    help="the issues that match",
    description="List issues, oldest first unless the query sorts them.",
    examples=(
        "issue list --state open --label bug",
        'issue list --query "is:open assignee:me sort:priority" --json',
        "issue list --format=json --limit 1 | jq -r '.[0].number'",
    ),
    arguments=_arguments,
    run=_run,
    reads=True,
    lists=True,
)
