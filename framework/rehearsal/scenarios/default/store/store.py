"""The ledger: a file with one entry a line, to which lines are only ever appended."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tally import TallyError
from tally.entry import Entry, from_line, to_line


class Ledger:
    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> list[Entry]:
        """All entries, oldest first; those of one day in the order in which they were added."""
        lines = enumerate(self._text().splitlines(), start=1)
        return sorted((self._entry(number, line) for number, line in lines), key=_day)

    def append(self, entries: Iterable[Entry]) -> None:
        """Add entries, all of them in one write."""
        text = "".join(to_line(entry) + "\n" for entry in entries)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            raise TallyError(f"cannot write {self.path}: {problem.strerror}") from None

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except OSError as problem:
            raise TallyError(f"cannot read {self.path}: {problem.strerror}") from None

    def _entry(self, number: int, line: str) -> Entry:
        try:
            return from_line(line)
        except TallyError as problem:
            raise TallyError(f"{self.path}, line {number}: {problem}") from None


def _day(entry: Entry) -> str:
    return entry.day.isoformat()
