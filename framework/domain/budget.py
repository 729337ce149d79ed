"""Bounded output: how much of a list fits into so many tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_CHARACTERS = 4
"""Of one token, on average, in English text and JSON. Other scripts take more tokens."""


def tokens(text: str) -> int:
    """About how many tokens a language model reads in `text`: a quarter of its characters,
    rounded up. An approximation; text that is not English may take several times as many."""
    return -(-len(text) // _CHARACTERS)


def fit(rows: Sequence[T], size: Callable[[T], int], most: int) -> tuple[Sequence[T], bool]:
    """The longest beginning of `rows` whose sizes add up to at most `most`, and whether
    anything was cut.

    The first row is always there, whatever its size: a reader who pages gets on. What stands
    between the rows is not counted, unless `size` does.
    """
    room = most
    for at, row in enumerate(rows):
        room -= size(row)
        if room < 0 and at:
            return rows[:at], True
    return rows, False
