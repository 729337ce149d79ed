"""`issue batch`: many operations, a line of JSON each."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from ...domain.errors import NightshiftError, UsageError
from .._options import OK, REFUSED, Parser, explained
from .command import Command
from .context import Context
from .copying import back_up

if TYPE_CHECKING:
    from ...facade.facade import Facade

_CHUNK = 1 << 20
_UNREADABLE = "The line says nothing that could be done, so nothing of it was."


def _arguments(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="lines of JSON; - reads standard input")


def _run(context: Context, options: Namespace) -> int:
    batch = _Batch(context.facade)
    if options.file == "-":
        batch.run(sys.stdin.buffer)
    else:
        try:
            file = open(options.file, "rb")  # noqa: SIM115
        except OSError as error:
            raise UsageError(
                f"{options.file} cannot be read: {error.strerror}. Name another file, or - for "
                "standard input."
            ) from error
        with file:
            batch.run(file)
    back_up(context)
    return REFUSED if batch.has_failed else OK


class _Batch:
    """Lines in, answers out, in their order. Creations that follow each other are made in one
    step where the tracker can."""

    def __init__(self, facade: Facade) -> None:
        from ...facade.batch import Performer

        self.has_failed = False
        self._performer = Performer(facade)
        self._me = facade.identity.name
        self._waiting: list[tuple[int, Any]] = []

    def run(self, file: BinaryIO) -> None:
        for number, line in _lines(file):
            if line is None:
                self._create()
                sys.stdout.flush()
            elif line.strip():
                self._take(number, line)

    def _take(self, number: int, line: bytes) -> None:
        from ...facade.operation import Create, read

        try:
            operation = read(_text(line), self._me)
        except NightshiftError as error:
            self._create()
            self._refuse(number, {**explained(error), "why": _UNREADABLE})
            return
        if isinstance(operation, Create):
            self._waiting.append((number, operation.draft))
            return
        self._create()
        self._answer(number, self._performer.perform(operation))

    def _create(self) -> None:
        waiting, self._waiting = self._waiting, []
        made = self._performer.create([draft for _, draft in waiting])
        for (number, _), result in zip(waiting, made, strict=True):
            self._answer(number, result)

    def _answer(self, number: int, result: dict[str, Any] | NightshiftError) -> None:
        if isinstance(result, NightshiftError):
            self._refuse(number, explained(result))
        else:
            _write({"line": number, "ok": True, "item": result})

    def _refuse(self, number: int, error: dict[str, Any]) -> None:
        self.has_failed = True
        _write({"line": number, "ok": False, "error": error})


def _write(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number from 1, and None when nothing more is there for now: whoever
    waits for an answer before the next line gets it."""
    number, rest = 0, b""
    while chunk := file.read1(_CHUNK):  # type: ignore[attr-defined]
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
        yield number, None
    yield number + 1, rest
    yield number + 1, None


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"The line is no UTF-8 ({error}). Write it as UTF-8.") from error


_OPERATIONS = """\
  create   title body priority labels assignees milestone depends_on key
  edit     issue title body state priority assignees milestone add_labels remove_labels force
  close    issue comment force
  reopen   issue comment force
  comment  issue text key force
  claim    issue timeout
  release  issue force
  depends  issue on blocks remove force"""


COMMAND = Command(
    help="many changes, a line of JSON each",
    description="Read operations, one JSON object on a line, and answer each with one: "
    '{"line", "ok", "item"} or {"line", "ok", "error": {code, what, why, next}}, in the same '
    "order, as soon as no more lines are there. What fails stops nothing; then the exit code is "
    "1. Operations and their fields:\n\n" + _OPERATIONS + "\n\n"
    'Instead of an id, an issue that was made with a key can be named "key:NAME". As in edit, '
    "`force` goes over somebody's claim.",
    examples=(
        "issue batch changes.jsonl",
        """echo '{"op": "create", "title": "Schema", "key": "schema"}' | issue batch -""",
        """echo '{"op": "create", "title": "Sum", "depends_on": ["key:schema"]}' | issue batch -""",
        """echo '{"op": "close", "issue": 4, "comment": "done elsewhere"}' | issue batch -""",
    ),
    arguments=_arguments,
    run=_run,
    creates=True,
)
