"""`parallel_agent.py`: N sessions at once on one project."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import running
from ._options import Parser

_EXAMPLES = """\
examples:
  {prog} --rehearse                      the whole run offline, at no cost
  {prog} --project-dir ./generations/todo --concurrent 3
  {prog} --project-name tally --plan-only  stop when plan.yaml is written
  {prog} --project-dir . --check 'make test' 'make lint'

exit codes: 0 everything landed or nothing to do; 1 something is left undone (the summary says
what and why); 2 wrong usage or configuration; 130 interrupted (all work is kept).
"""


def main(argv: Sequence[str] | None = None, *, prog: str = "parallel_agent.py") -> int:
    """`prog` is what the caller typed to get here."""
    parser = Parser(
        prog=prog,
        description="Turn a specification into issues, work on them side by side, and land what "
        "passes the project's checks.",
        epilog=_EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    running.add_common(parser)
    parser.add_argument(
        "--concurrent",
        "-c",
        type=running.positive,
        default=3,
        metavar="N",
        help="sessions at once [%(default)s]",
    )
    parser.add_argument(
        "--iterations",
        "-i",
        type=running.positive,
        metavar="N",
        help="allow N x concurrent attempts [unlimited]",
    )
    options = parser.parse_args(argv)
    attempts = options.iterations * options.concurrent if options.iterations else None
    return running.main(options, slots=options.concurrent, attempts=attempts)
