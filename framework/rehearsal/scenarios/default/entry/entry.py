"""One expense, and its line in the ledger."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

from tally import TallyError


@dataclass(frozen=True)
class Entry:
    """`cents` is positive for spending and negative for a refund."""

    day: date
    cents: int
    category: str
    note: str = ""

    def __post_init__(self) -> None:
        if not self.category or any(char.isspace() for char in self.category):
            raise TallyError(f"a category is one word, not {self.category!r}")


def parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TallyError(f"{text!r} is no day; write it as 2024-05-31") from None


def to_line(entry: Entry) -> str:
    return json.dumps({**asdict(entry), "day": entry.day.isoformat()}, ensure_ascii=False)


def from_line(line: str) -> Entry:
    try:
        fields = json.loads(line)
    except ValueError:
        raise TallyError("this is not JSON") from None
    if not isinstance(fields, dict):
        raise TallyError("this is no JSON object")
    unknown = set(fields) ^ {"day", "cents", "category", "note"}
    if unknown:
        raise TallyError(f"missing or unknown: {', '.join(sorted(unknown))}")
    if not isinstance(fields["cents"], int):
        raise TallyError("cents must be a whole number")
    return Entry(**{**fields, "day": parse_day(str(fields["day"]))})
