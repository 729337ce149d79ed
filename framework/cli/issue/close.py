"""`issue close`: issues are done."""

from __future__ import annotations

from argparse import Namespace

from ...domain.issue import State
from .command import Command
from .context import Context
from .moving import add_move, move


def _run(context: Context, options: Namespace) -> int:
    return move(context, options, "close", State.CLOSED)


COMMAND = Command(
    help="issues are done",
    description="Close one issue or several. What waited for them may become ready. An issue "
    "that is closed already stays so.",
    examples=(
        'issue close 42 --comment "Implementation complete, tests passing"',
        "issue close 3 4 5 --json",
    ),
    arguments=add_move,
    run=_run,
)
