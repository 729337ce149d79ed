"""Closing and reopening: a word about it, and another state."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ...domain.errors import UsageError
from ...domain.issue import Change, State
from .._options import Parser
from .command import add_force, add_issues
from .context import Context
from .several import each


def add_move(parser: Parser) -> None:
    add_issues(parser)
    parser.add_argument("--comment", metavar="TEXT", help="said first")
    add_force(parser)


def move(context: Context, options: Namespace, verb: str, state: State) -> int:
    """Put each issue into the state. One that is there already stays, and that is said."""
    from ...facade import document

    said: str | None = options.comment
    if said is not None and not said.strip():
        raise UsageError("The comment is empty. Say something, or leave --comment out.")
    facade = context.facade

    def deed(id: str) -> tuple[dict[str, Any], str]:
        before = facade.get(id)
        if said is not None:
            facade.comment(id, said, force=options.force)
        after = facade.update(id, Change(state=state), force=options.force)
        already = " already" if before.state is state else ""
        return document.issue(
            after, facade.dependencies.waits_for(after)
        ), f"#{id} is {state.value}{already}"

    code = each(context, f"issue {verb}", options.issues, deed)
    if state is State.CLOSED:
        from .copying import back_up

        back_up(context)
    return code
