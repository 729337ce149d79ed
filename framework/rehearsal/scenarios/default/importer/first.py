"""Bank statements in CSV."""

from __future__ import annotations

import csv
import io

from tally import TallyError
from tally.entry import Entry, parse_day
from tally.money import parse

_COLUMNS = ("date", "amount", "category", "description")


def read_statement(text: str) -> list[Entry]:
    """The spending in a statement. What the bank paid in is left out."""
    rows = csv.DictReader(io.StringIO(text))
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    if missing := [name for name in _COLUMNS if name not in names]:
        raise TallyError(f"the statement has no column {' and no column '.join(missing)}")
    rows.fieldnames = names
    entries = []
    for row in rows:
        try:
            entry = _entry(row)
        except TallyError as problem:
            raise TallyError(f"line {rows.line_num}: {problem}") from None
        if entry.cents > 0:
            entries.append(entry)
    return entries


def _entry(row: dict[str, str | None]) -> Entry:
    cells = [row[name] for name in _COLUMNS]
    if None in cells:
        raise TallyError("there are too few columns")
    day, amount, category, description = (str(cell).strip() for cell in cells)
    return Entry(parse_day(day), parse(amount), category, description)
