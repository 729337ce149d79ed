"""`autonomous_agent.py`: the same engine with one slot."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import running
from ._options import Parser

_EXAMPLES = """\
examples:
  {prog} --rehearse
  {prog} --project-dir ./generations/todo --max-iterations 5

exit codes: 0 everything landed or nothing to do; 1 something is left undone; 2 wrong usage or
configuration; 130 interrupted (all work is kept).
"""


def main(argv: Sequence[str] | None = None, *, prog: str = "autonomous_agent.py") -> int:
    """`prog` is what the caller typed to get here."""
    parser = Parser(
        prog=prog,
        description="Turn a specification into issues and work on them one after another.",
        epilog=_EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    running.add_common(parser)
    parser.add_argument(
        "--max-iterations",
        type=running.positive,
        metavar="N",
        help="allow N attempts [unlimited]",
    )
    options = parser.parse_args(argv)
    return running.main(options, slots=1, attempts=options.max_iterations)
