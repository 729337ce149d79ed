"""Bounded output: the longest beginning that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.budget import fit, tokens


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_tokens_are_a_quarter_of_the_characters_rounded_up(text: str, expected: int) -> None:
    """The approximation is the documented one."""
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("most", "expected", "cut"),
    [
        (9, ["aa", "bbb", "cccc"], False),
        (8, ["aa", "bbb"], True),
        (5, ["aa", "bbb"], True),
        (4, ["aa"], True),
        (0, ["aa"], True),
        (-1, ["aa"], True),
    ],
)
def test_what_fits_is_the_longest_beginning(most: int, expected: list[str], cut: bool) -> None:
    """Rows are taken whole and in order, the first one always."""
    assert fit(["aa", "bbb", "cccc"], len, most) == (expected, cut)


def test_a_single_row_is_never_cut() -> None:
    """One row that is too large is given whole, and nothing was left out."""
    assert fit(["a" * 100], len, 3) == (["a" * 100], False)


def test_nothing_fits_into_any_budget() -> None:
    """No rows are no rows, and nothing was cut."""
    assert fit([], len, 0) == ([], False)


@given(st.lists(st.text(max_size=9)), st.integers(min_value=-5, max_value=60))
def test_one_row_more_would_not_fit(rows: list[str], most: int) -> None:
    """What is given fits unless it is one row, and the next row would not have."""
    kept, cut = fit(rows, len, most)
    assert list(kept) == rows[: len(kept)]
    assert cut == (len(kept) < len(rows))
    assert len(kept) <= 1 or sum(map(len, kept)) <= most
    if cut:
        assert sum(map(len, rows[: len(kept) + 1])) > most
