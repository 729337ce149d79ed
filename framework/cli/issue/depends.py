"""`issue depends`: which issue waits for which."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._options import OK, Parser
from . import ready
from .command import Command, Group, add_force, add_issue, count, issue_id
from .context import Context

if TYPE_CHECKING:
    from ...domain.issue import Issue


def _edge_arguments(parser: Parser) -> None:
    add_issue(parser)
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--on", type=_ids, action="extend", metavar="M,...", help="N waits for M")
    ways.add_argument("--blocks", type=_ids, action="extend", metavar="M,...", help="M waits for N")
    add_force(parser)


def _add(context: Context, options: Namespace) -> int:
    dependencies = context.facade.dependencies
    if options.on:
        changed: Sequence[Issue] = [
            dependencies.add(options.issue, options.on, force=options.force)
        ]
    else:
        changed = dependencies.block(options.issue, options.blocks, force=options.force)
    return _print(context, changed)


def _remove(context: Context, options: Namespace) -> int:
    dependencies = context.facade.dependencies
    if options.on:
        changed: Sequence[Issue] = [
            dependencies.remove(options.issue, options.on, force=options.force)
        ]
    else:
        changed = dependencies.unblock(options.issue, options.blocks, force=options.force)
    return _print(context, changed)


def _show_arguments(parser: Parser) -> None:
    add_issue(parser)
    drawing = parser.add_mutually_exclusive_group()
    drawing.add_argument("--dot", action="store_true", help="for Graphviz")
    drawing.add_argument("--mermaid", action="store_true", help="for Markdown")
    parser.add_argument(
        "--limit",
        type=count,
        default=20,
        metavar="COUNT",
        help="issues each way at most, the nearest; 0 for all [20]",
    )


def _show(context: Context, options: Namespace) -> int:
    from . import graph

    facade = context.facade
    issue = facade.get(options.issue)
    needs = facade.dependencies.needs(issue)
    found = graph.bounded(issue, needs, facade.dependencies.needed_by(issue.id), context.limit)
    draw = graph.dot if options.dot else graph.mermaid if options.mermaid else graph.tree
    context.out.item(graph.graph_document(found), draw(found))
    if found.left_out:
        context.out.note(f"{found.left_out} more, further away: --limit 0")
    return OK


def _print(context: Context, issues: Sequence[Issue]) -> int:
    from ...facade import document
    from .text import tags

    waiting = context.facade.dependencies.waiting(issues)
    context.out.items(
        [document.issue(issue, waiting[issue.id]) for issue in issues],
        header=("issue", "needs", "waits for", "title"),
        rows=(
            (
                f"#{issue.id}",
                " ".join(tags(issue.depends_on)) or "nothing",
                " ".join(tags(waiting[issue.id])) or "nothing",
                issue.title,
            )
            for issue in issues
        ),
    )
    return OK


def _ids(text: str) -> list[str]:
    return [issue_id(one.strip()) for one in text.split(",") if one.strip()]


_SHOW = Command(
    help="what it needs, and what needs it",
    description="Draw the issues that N depends on and those that depend on N, directly or "
    "through others. In DOT and Mermaid an arrow goes from what comes first to what waits.",
    examples=(
        "issue depends show 42",
        "issue depends show 42 --dot | dot -Tsvg > 42.svg",
        "issue depends show 42 --json",
    ),
    arguments=_show_arguments,
    run=_show,
    reads=True,
)

COMMAND = Group(
    help="which issue waits for which",
    description="Dependencies: an issue is ready when all that it depends on are closed.",
    default=_SHOW,
    commands={
        "add": Command(
            help="let an issue wait for others",
            description="Let N wait for others, or others wait for N. All that is named is done, "
            "or nothing: an issue that would wait for itself is refused, and the circle named.",
            examples=("issue depends add 42 --on 7", "issue depends add 42 --blocks=43,44"),
            arguments=_edge_arguments,
            run=_add,
        ),
        "remove": Command(
            help="let it wait no longer",
            description="Take dependencies away. One that is not there is passed over.",
            examples=("issue depends remove 42 --on 7", "issue depends remove 42 --blocks=43"),
            arguments=_edge_arguments,
            run=_remove,
        ),
        "show": _SHOW,
        "ready": ready.COMMAND,
    },
)
