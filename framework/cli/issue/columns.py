"""Tables of plain text: aligned by what the terminal shows, cut only where it would wrap."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Sequence

from ...domain.legible import clean

_GAP = "  "
_LEAST = 12
_ELSEWHERE = 120
"""Cells of a line that no terminal shows: a title may be as long as a page."""


def draw(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table, its widest columns cut so that each row fits a line of the terminal, or a line
    of usual length where there is none. Texts are made harmless."""
    table = [list(header), *([clean(cell) for cell in row] for row in rows)]
    widths = [max(width(row[at]) for row in table) for at in range(len(header))]
    room = _line_width() - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _LEAST:
        widest = widths.index(max(widths))
        second = max([_LEAST, *(one for one in widths if one < widths[widest])])
        widths[widest] = max(second - 1, _LEAST, widths[widest] + room - sum(widths))
    return "".join(_line(row, widths) for row in table)


def _line_width() -> int:
    if not sys.stdout.isatty():
        return _ELSEWHERE
    return os.get_terminal_size(sys.stdout.fileno()).columns or _ELSEWHERE


def width(text: str) -> int:
    """How many cells of a terminal the text takes."""
    return len(text) if text.isascii() else sum(_cells(one) for one in text)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (_fitted(cell, room) for cell, room in zip(row, widths, strict=True))
    return _GAP.join(cells).rstrip() + "\n"


def _fitted(text: str, room: int) -> str:
    taken = width(text)
    if taken <= room:
        return text + " " * (room - taken)
    kept, left = "", room - 1
    for one in text:
        left -= _cells(one)
        if left < 0:
            break
        kept += one
    return f"{kept}…" + " " * (room - 1 - width(kept))


def _cells(one: str) -> int:
    if unicodedata.combining(one) or unicodedata.category(one) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(one) in "WF" else 1
