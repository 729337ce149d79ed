"""Tables in plain text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

_GAP = "  "


def lay_out(
    header: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()
) -> list[str]:
    """The lines of a table. Columns named in `right` are aligned to the right."""
    table = [list(header), *(list(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [_line(row, widths, [name in right for name in header]) for row in table]


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = (
        cell.rjust(width) if to_the_right else cell.ljust(width)
        for cell, width, to_the_right in zip(row, widths, right, strict=True)
    )
    return _GAP.join(cells).rstrip()
