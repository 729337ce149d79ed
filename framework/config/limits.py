"""What sessions, issues, runs and days may use, and other numbers of the environment."""

from __future__ import annotations

from collections.abc import Mapping

from ..domain.errors import SettingsError
from ..domain.ledger import Amount, Caps
from ..domain.session import Limits

_NONE = float("inf")
_MOST = 1e9


def limits(env: Mapping[str, str]) -> Limits:
    """The bounds of one session."""
    usual = Limits()
    return Limits(
        turns=whole(env, "NIGHTSHIFT_SESSION_TURNS", usual.turns),
        seconds=60 * number(env, "NIGHTSHIFT_SESSION_MINUTES", usual.seconds / 60),
        silence=number(env, "NIGHTSHIFT_STALL_SECONDS", usual.silence),
        tool_seconds=60 * number(env, "NIGHTSHIFT_TOOL_MINUTES", usual.tool_seconds / 60),
        usd=number(env, "NIGHTSHIFT_SESSION_USD", usual.usd),
    )


def caps(env: Mapping[str, str]) -> Caps:
    """The bounds of all sessions of an issue, a run and a day; none where none is set."""
    return Caps(issue=_amount(env, "ISSUE"), run=_amount(env, "RUN"), day=_amount(env, "DAY"))


def _amount(env: Mapping[str, str], scope: str) -> Amount:
    return Amount(
        turns=number(env, f"NIGHTSHIFT_{scope}_TURNS", _NONE),
        seconds=60 * number(env, f"NIGHTSHIFT_{scope}_MINUTES", _NONE),
        usd=number(env, f"NIGHTSHIFT_{scope}_USD", _NONE),
    )


def number(env: Mapping[str, str], name: str, default: float) -> float:
    """The variable as a number above 0. Raises SettingsError for anything else."""
    text = env.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= _MOST:
        raise SettingsError(f"{name} must be a number above 0, not {text!r}.")
    return value


def whole(env: Mapping[str, str], name: str, default: int) -> int:
    """The same for what is counted."""
    value = number(env, name, default)
    if value != int(value):
        raise SettingsError(f"{name} must be a whole number, not {env[name]!r}.")
    return int(value)
