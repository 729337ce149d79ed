"""Rows whose values mean nothing, as another program or a failing disk may leave them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ..domain.errors import TrackerError

T = TypeVar("T")

WRONG = (ValueError, LookupError, TypeError)
"""What making a value from a row raises where the row holds something else."""


def each(table: str, rows: Iterable[Sequence[Any]], make: Callable[[Sequence[Any]], T]) -> list[T]:
    """Each row as a value. Raises TrackerError that names the row of which none can be made."""
    made, row = [], None
    try:
        for row in rows:
            made.append(make(row))
    except WRONG as error:
        if row is None:
            raise
        raise unreadable(table, row, error) from error
    return made


def unreadable(table: str, row: Sequence[Any], error: Exception) -> TrackerError:
    return TrackerError(
        f"{named(table, row, error)} Run `issue doctor`, which names all such rows; put a backup "
        "of the database in its place, or mend the row by hand."
    )


def named(table: str, row: Sequence[Any], error: Exception) -> str:
    """Which row it is and what is wrong with it, as a sentence. `row` begins with its key."""
    why = f"{error} means nothing" if isinstance(error, KeyError) else str(error)
    return f"Row {row[0]} of {table} cannot be read: {why}."
