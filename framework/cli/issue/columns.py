"""Tables of plain text: aligned by what the terminal shows, cut only where it would wrap."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Sequence

from ...domain.legible import clean

_GAP = "  "
_LEAST = 12


def draw(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table. On a terminal the widest column is cut so that each row fits one line; anywhere
    else nothing is cut. Texts are made harmless."""
    table = [list(header), *([clean(cell) for cell in row] for row in rows)]
    widths = [max(width(row[at]) for row in table) for at in range(len(header))]
    if sys.stdout.isatty():
        widest = widths.index(max(widths))
        spare = os.get_terminal_size(sys.stdout.fileno()).columns - sum(widths)
        spare -= len(_GAP) * (len(widths) - 1)
        widths[widest] = max(min(_LEAST, widths[widest]), widths[widest] + min(0, spare))
    return "".join(_line(row, widths) for row in table)


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
