"""Where in a query it cannot be understood, for people: a caret below the column."""

from __future__ import annotations

from ...domain.legible import clean
from .columns import width

_AROUND = 60


def pointed(query: str, column: int) -> str:
    """Two lines: the query, or the part of a long one around the column, which counts from 1; and
    a caret below it."""
    at = min(max(column, 1), len(query) + 1) - 1
    start = max(0, at - _AROUND)
    before, after = clean(query[start:at]), clean(query[at : at + _AROUND])
    lead = "…" if start else ""
    end = "…" if at + _AROUND < len(query) else ""
    return f"  {lead}{before}{after}{end}\n  {' ' * width(lead + before)}^\n"
