"""`issue ready`: what can be worked on now, and why the rest cannot."""

from __future__ import annotations

from argparse import Namespace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ...domain.frozen import replace
from .._options import OK, Parser
from .command import Command, issue_id
from .context import Context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...domain.query import Search
    from ...facade.facade import Facade

T = TypeVar("T")
_ALL = ""


def _arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("--query", default="", metavar="QUERY", help="only among these")
    add("--label", action="append", default=[], metavar="LABEL", help="repeatable: all of them")
    add(
        "--explain",
        nargs="?",
        const=_ALL,
        type=issue_id,
        metavar="N",
        help="why issue N is not ready; without N, why each that is not",
    )


def _run(context: Context, options: Namespace) -> int:
    if options.explain:
        return _explain_one(context, options.explain)
    query = _search(context.facade, options)
    if options.explain == _ALL:
        return _explain(context, query, options.cursor)
    return _list(context, query, options.cursor)


def _list(context: Context, query: Search, offset: int) -> int:
    from ...facade import document

    most = None if context.limit is None else offset + context.limit + 1
    found = context.facade.ready(query, limit=most)
    shown, cursor = _page(found, offset, context.limit)
    context.out.items(
        [document.issue(issue, ()) for issue in shown],
        header=("issue", "priority", "title"),
        rows=((f"#{issue.id}", issue.priority.value, issue.title) for issue in shown),
        cursor=cursor,
        offset=offset,
        none="No issue is ready. See why: issue ready --explain",
    )
    return OK


def _explain(context: Context, query: Search, offset: int) -> int:
    from ...facade import document

    shown, cursor = _page(context.facade.unready(query), offset, context.limit)
    context.out.items(
        [document.readiness(one) for one in shown],
        header=("issue", "why it is not ready", "title"),
        rows=(
            (f"#{one.issue.id}", "; ".join(part.text for part in one.reasons), one.issue.title)
            for one in shown
        ),
        cursor=cursor,
        offset=offset,
        none="Every unclosed issue is ready.",
    )
    return OK


def _explain_one(context: Context, id: str) -> int:
    from ...domain.legible import clean
    from ...facade import document

    found = context.facade.readiness(id)
    said = f"#{id} is {'ready' if found.is_ready else 'not ready'}: {clean(found.issue.title)}"
    context.out.item(
        document.readiness(found),
        "\n".join([said, *(f"  {part.text}" for part in found.reasons)]),
    )
    return OK


def _search(facade: Facade, options: Namespace) -> Search:
    search = facade.parse(options.query)
    labels = search.query.labels | frozenset(options.label)
    return replace(search, query=replace(search.query, labels=labels))


def _page(found: Iterable[T], offset: int, limit: int | None) -> tuple[list[T], int | None]:
    """One page, and where the next one starts; None when this is the last."""
    rest = islice(found, offset, None)
    shown = list(islice(rest, limit))
    more = limit is not None and next(rest, None) is not None
    return shown, offset + len(shown) if more else None


COMMAND = Command(
    help="what can be worked on now",
    description="List the issues that can be worked on now, in the order to work on them: open, "
    "all dependencies closed, held by nobody, not resting after a failure. The longest chain of "
    "issues that wait comes first, then priority, then age.",
    examples=(
        "issue ready --json",
        "issue ready --label backend --limit 5",
        "issue ready --explain 42",
    ),
    arguments=_arguments,
    run=_run,
    reads=True,
    lists=True,
)
