"""The pool of tokens as variables give it."""

from __future__ import annotations

import pytest

from framework.config.environment import VARIABLES, token_names
from framework.config.tokens import pool_tokens
from framework.domain.errors import SettingsError

ENDINGS = [*(f"_{one}" for one in range(1, 10)), "_BACKUP", "_PRIMARY", "_SECONDARY", "_TERTIARY"]


@pytest.mark.parametrize("family", ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"])
def test_every_place_is_read(family: str) -> None:
    """Plain, numbered and named ones, all known as variables; each keeps its kind."""
    names = [family, *(family + ending for ending in ENDINGS)]
    assert set(names) == set(token_names(family))
    assert set(names) <= set(VARIABLES)
    found = pool_tokens({name: f"value-{name}" for name in names})
    assert {one.name for one in found} == set(names)
    assert {one.value.reveal() for one in found} == {f"value-{name}" for name in names}
    assert {one.oauth for one in found} == {family == "CLAUDE_CODE_OAUTH_TOKEN"}


def test_one_value_is_one_account() -> None:
    """The same token in three variables is there once, by the first of their names."""
    names = ("ANTHROPIC_API_KEY_2", "ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY_BACKUP")
    found = pool_tokens(dict.fromkeys(names, " same\n"))
    assert [one.name for one in found] == ["ANTHROPIC_API_KEY"]


def test_blank_ones_are_not_there() -> None:
    """Nothing set, or nothing but blanks, is an empty pool."""
    assert pool_tokens({}) == ()
    assert pool_tokens({"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN_1": " \n"}) == ()


def test_other_variables_are_no_tokens() -> None:
    """Only the names that are written down count."""
    assert pool_tokens({"ANTHROPIC_API_KEY_10": "x", "ANTHROPIC_BASE_URL": "y"}) == ()


@pytest.mark.parametrize("text", ["sec ret", "sec\nret", "sec\tret", "sécret", "Bearer secret"])
def test_what_cannot_be_a_token_is_refused_unseen(text: str) -> None:
    """The error names the variable and shows no part of the value."""
    with pytest.raises(SettingsError, match="ANTHROPIC_API_KEY_1") as caught:
        pool_tokens({"ANTHROPIC_API_KEY_1": text})
    assert "ret" not in str(caught.value)


def test_no_repr_shows_a_token() -> None:
    """Neither a log nor a traceback can hold it by accident."""
    assert "sesame" not in repr(pool_tokens({"ANTHROPIC_API_KEY": "sesame"}))
