"""`issue reopen`: issues are to be worked on after all."""

from __future__ import annotations

from argparse import Namespace

from ...domain.issue import State
from .command import Command
from .context import Context
from .moving import add_move, move


def _run(context: Context, options: Namespace) -> int:
    return move(context, options, "reopen", State.OPEN)


COMMAND = Command(
    help="take issues up again",
    description="Put one issue or several back to open, whatever state they are in.",
    examples=('issue reopen 42 --comment "It fails on empty files"', "issue reopen 3 4 5"),
    arguments=add_move,
    run=_run,
)
