"""The monitor: the board of a run that is going, finished or dead. It changes nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from ..domain.board import Board
from ._options import OK, Parser, ending, seconds

Opener = Callable[[Path], AbstractContextManager[Callable[[], Board]]]
"""Opens a project's journal, tracker and leases for reading, and raises UsageError where there
are none."""


def main(
    argv: Sequence[str] | None = None, *, prog: str = "monitor.py", opener: Opener | None = None
) -> int:
    """`prog` is what the caller typed to get here."""
    options = _parser(prog).parse_args(argv)

    def body() -> int:
        with (opener or _open())(options.directory) as read:
            try:
                _show(read, watch=options.watch, interval=options.interval, as_json=options.json)
            except KeyboardInterrupt:
                if not options.watch:
                    raise
        return OK

    return ending(prog, body, as_json=options.json)


def _open() -> Opener:
    from ..attach import open_board

    return open_board


def _parser(prog: str) -> Parser:
    parser = Parser(
        prog=prog,
        description="Show the board of a project: slots, issues, attempts, money, events. "
        "It reads what is on disk, so the run may be going, finished or dead.",
        examples=(
            f"{prog} generations/todo",
            f"{prog} generations/todo --watch --interval 5",
            f"{prog} generations/todo --json | jq .counts",
        ),
    )
    parser.add_argument(
        "directory", nargs="?", type=Path, default=Path(), help="the project [.]", metavar="DIR"
    )
    parser.add_argument("--watch", action="store_true", help="keep it live until Ctrl-C")
    parser.add_argument(
        "--interval",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help="how often --watch looks [1]",
    )
    parser.add_argument(
        "--json", action="store_true", help="for programs; with --watch one document a line"
    )
    return parser


def _show(read: Callable[[], Board], *, watch: bool, interval: float, as_json: bool) -> None:
    if as_json:
        _documents(read, interval if watch else None)
        return
    from ..dashboard import terminal

    console = terminal.open_console()
    if watch:
        terminal.live(read, interval, console)
    else:
        terminal.render(read(), console)


def _documents(read: Callable[[], Board], interval: float | None) -> None:
    from ..dashboard.document import to_json

    indent = 2 if interval is None else None
    sys.stdout.write(json.dumps(to_json(read()), indent=indent) + "\n")
    while interval is not None:
        sys.stdout.flush()
        time.sleep(interval)
        sys.stdout.write(json.dumps(to_json(read())) + "\n")
