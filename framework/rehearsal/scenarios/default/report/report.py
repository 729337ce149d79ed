"""Months, and what was spent in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tally import TallyError
from tally.entry import Entry

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Month:
    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        match = _MONTH.fullmatch(text)
        if match is None:
            raise TallyError(f"{text!r} is no month; write it as 2024-05")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def in_month(entries: Iterable[Entry], month: Month) -> list[Entry]:
    return [entry for entry in entries if Month.of(entry.day) == month]


def by_category(entries: Iterable[Entry]) -> dict[str, int]:
    """The cents spent by category, the largest first."""
    sums: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        sums[entry.category] += entry.cents
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))
