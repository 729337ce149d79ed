"""`issue agent`: how far the work on an issue is."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from ...domain.legible import clean
from .._options import OK, Parser
from .command import Command, Group, add_issue
from .context import Context
from .happened import when

if TYPE_CHECKING:
    from ...domain.stage import WorkState


def _show(context: Context, options: Namespace) -> int:
    from ...facade import document

    facade = context.facade
    issue = facade.get(options.issue)
    state = facade.messages.work_state(issue.id)
    claim = facade.claims.check(issue.id)
    found = {
        "issue": issue.id,
        "claim": document.claim(claim, mine=facade.claims.is_mine(claim)) if claim else None,
        "work_state": document.work_state(state) if state else None,
        "depends_on": list(issue.depends_on),
        "blocks": [one.id for one in facade.dependencies.dependants(issue.id)],
    }
    context.out.item(found, _told(issue.id, state))
    return OK


def _told(id: str, state: WorkState | None) -> str:
    if state is None:
        return f"#{id}: nobody has reported"
    stage = f", stage {clean(state.stage)}" if state.stage else ""
    reached = ", ".join(clean(one) for one in state.checkpoints)
    lines = [
        f"#{id}: {state.progress:.0%}{stage}, by {clean(state.agent)} at {when(state.updated_at)}Z",
        *([clean(state.status)] if state.status else []),
        *([f"reached: {reached}"] if reached else []),
        *([f"next: {clean(state.next_checkpoint)}"] if state.next_checkpoint else []),
    ]
    return "\n".join(lines)


def _progress_arguments(parser: Parser) -> None:
    add_issue(parser)
    add = parser.add_argument
    add("progress", type=_fraction, metavar="FRACTION", help="from 0 to 1, or 75%%")
    add("--status", default="", metavar="TEXT", help="one line")
    add("--stage", metavar="NAME", help="such as implementation")


def _progress(context: Context, options: Namespace) -> int:
    context.facade.messages.progress(
        options.issue, options.progress, status=options.status, stage=options.stage
    )
    return _show(context, options)


def _checkpoint_arguments(parser: Parser) -> None:
    add_issue(parser)
    parser.add_argument("name", metavar="NAME", help="what is reached, such as design")
    parser.add_argument("--next", metavar="NAME", help="what comes next")


def _checkpoint(context: Context, options: Namespace) -> int:
    context.facade.messages.checkpoint(options.issue, options.name, next=options.next)
    return _show(context, options)


def _fraction(text: str) -> float:
    number, percent, _ = text.partition("%")
    try:
        return float(number) / (100 if percent else 1)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number from 0 to 1, such as 0.75") from None


COMMAND = Group(
    help="how far the work on an issue is",
    description="Reports of agents on their work: progress, stage, checkpoints. They are "
    "messages, so that any tracker holds them.",
    commands={
        "show": Command(
            help="where the work stands",
            description="Show the last that was reported of an issue; as JSON also who holds "
            "it, what it depends on and what it blocks.",
            examples=("issue agent show 42", "issue agent show 42 --json"),
            arguments=add_issue,
            run=_show,
            reads=True,
        ),
        "progress": Command(
            help="report how far it is",
            description="Report how far the work on an issue is.",
            examples=('issue agent progress 42 0.75 --status "tests left" --stage testing',),
            arguments=_progress_arguments,
            run=_progress,
        ),
        "checkpoint": Command(
            help="report what is reached",
            description="Report that a part of the work is done.",
            examples=("issue agent checkpoint 42 design --next testing",),
            arguments=_checkpoint_arguments,
            run=_checkpoint,
        ),
    },
)
