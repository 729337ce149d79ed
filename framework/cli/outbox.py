"""`nightshift outbox`: what waits for the tracker, and what it refused: shown, retried, dropped."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..attach import open_tracker, outbox_file
from ..config.place import find_project
from ..config.stores import stores_of
from ..domain.errors import UsageError
from ..domain.legible import clean, clean_lines
from ..domain.outgoing import DeadLetter, Flushed
from ..domain.story import count, tag
from ..leases.process import is_alive, this_process
from ..trackers._queue import Queue
from ..trackers.outbox import Outbox
from ._options import FAILED, OK, UNREACHABLE, Parser, ending

_PROG = "nightshift outbox"


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    run = {"list": _list, "show": _show, "retry": _retry, "drop": _drop}[options.command]
    return ending(_PROG, lambda: run(options), as_json=options.json)


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="What a run could not tell the tracker waits until it is back, and is then "
        "told by itself. What the tracker refuses for good, such as a comment on an issue that "
        "somebody deleted, is kept here until you have looked at it.\n\n"
        "Exit codes: 0 done; 1 the tracker refused something; 2 wrong usage, such as a "
        "number that there is not; 4 the tracker is away: what was retried waits for it.",
        examples=(
            f"{_PROG} list --project-dir generations/todo",
            f"{_PROG} show 3",
            f"{_PROG} retry 3",
            f"{_PROG} drop 3 4",
        ),
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="how much waits, and what was refused and why")
    show = commands.add_parser("show", help="all of what was refused, to do it by hand")
    retry = commands.add_parser("retry", help="tell the tracker again, after you have mended it")
    drop = commands.add_parser("drop", help="forget what was refused")
    for one in (show, retry, drop):
        one.add_argument("numbers", nargs="+", type=int, metavar="N", help="as in the list")
    for one in (listing, show, retry, drop):
        one.add_argument(
            "--project-dir", type=Path, default=Path(), metavar="DIR", help="the project [.]"
        )
        one.add_argument("--json", action="store_true", help="for programs; times are UTC")
    return parser


def _list(options: Namespace) -> int:
    letters: Sequence[DeadLetter] = ()
    waiting = 0
    if _file(options).is_file():
        with _queue(options) as queue:
            letters, waiting = queue.refused(), sum(map(len, queue.pending().values()))
    if options.json:
        items = [_document(one) for one in letters]
        _say_json(waiting=waiting, items=items, total=len(items))
    else:
        _say("\n".join(_overview(letters, waiting, _of_project(options))))
    return OK


def _overview(letters: Sequence[DeadLetter], waiting: int, of: str) -> Iterator[str]:
    """`of` is what each command needs to mean the same project."""
    yield f"Waiting to be told by the next run here: {count(waiting, 'change')}."
    yield f"Refused for good: {count(len(letters), 'change')}."
    yield from map(_line, letters)
    if letters:
        yield f"What is in one: {_PROG} show N{of}"
        yield f"Tell it again:  {_PROG} retry N{of}"
        yield f"Forget it:      {_PROG} drop N{of}"


def _of_project(options: Namespace) -> str:
    """As it was given; nothing where the current directory says it."""
    given: Path = options.project_dir
    return "" if given == Path() else f" --project-dir {shlex.quote(str(given))}"


def _show(options: Namespace) -> int:
    with _queue(options) as queue:
        letters = queue.refused(options.numbers)
    if options.json:
        _say_json(items=[_document(one) for one in letters], total=len(letters))
    else:
        _say("\n\n".join(f"{_line(one)}\n{clean_lines(one.text)}" for one in letters))
    return OK


def _retry(options: Namespace) -> int:
    with _queue(options) as queue:
        queue.refused(options.numbers)  # before a tracker is asked for what is not there
    tracker = open_tracker(find_project(options.project_dir))
    with closing(
        Outbox(tracker, _file(options), process=this_process(), is_alive=is_alive)
    ) as outbox:
        outbox.retry(options.numbers)
        flushed = outbox.flush()  # all that waits, and others' changes with it
    if options.json:
        refused = [_document(one) for one in flushed.refused]
        _say_json(told=flushed.sent, refused=refused, waiting=flushed.left, away=flushed.away)
    else:
        _say("\n".join(_told(flushed)))
    if flushed.away is not None:
        return UNREACHABLE
    return FAILED if flushed.refused else OK


def _told(flushed: Flushed) -> Iterator[str]:
    if flushed.sent:
        yield f"The tracker was told {count(flushed.sent, 'change')}."
    for one in flushed.refused:
        yield f"Refused: {_line(one)}"
    if flushed.away is not None:
        yield f"The tracker is away: {clean(flushed.away)}"
    if flushed.left:
        yield f"Left for a run that goes, or for the next one: {count(flushed.left, 'change')}."


def _drop(options: Namespace) -> int:
    with _queue(options) as queue:
        letters = queue.drop(options.numbers)
    if options.json:
        _say_json(dropped=[_document(one) for one in letters])
    else:
        _say("\n".join(f"Dropped: {_line(one)}" for one in letters))
    return OK


@contextmanager
def _queue(options: Namespace) -> Iterator[Queue]:
    """What is kept, without asking the tracker anything."""
    path = _file(options)
    if not path.is_file():
        raise UsageError(
            f"Nothing was ever kept for the tracker in {path.parent}. Name the directory of a "
            "project with --project-dir."
        )
    with closing(Queue(path, this_process(), is_alive)) as queue:
        yield queue


def _file(options: Namespace) -> Path:
    project = find_project(options.project_dir)
    return outbox_file(project, stores_of(project).tracker)


def _line(letter: DeadLetter) -> str:
    when = f"{letter.at.astimezone():%Y-%m-%d %H:%M}"
    of = clean(f"{tag(letter.issue)} {letter.what} by {letter.by}: {letter.why}")
    return f"{letter.number}  {when}  {of}"


def _document(letter: DeadLetter) -> dict[str, Any]:
    return {**vars(letter), "at": letter.at.isoformat(timespec="seconds")}


def _say_json(**values: Any) -> None:
    _say(json.dumps({"version": 1, **values}, indent=2))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
