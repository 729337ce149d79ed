"""`nightshift tokens`: which accounts can be used, and until when the others cannot."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..agents.tokens import AccountState, TokenPool
from ..clock import utcnow
from ..config.environment import environment
from ..config.settings import state_directory
from ..config.tokens import PoolToken, pool_tokens
from ..domain.account import Condition, Window, fingerprint
from ..domain.errors import NoToken, SettingsError
from ..domain.legible import clean
from ..domain.nearest import hint
from ..leases.process import is_alive, this_process
from ._options import FAILED, OK, Parser, ending

_PROG = "nightshift tokens"
_FILE = "tokens.json"
_FIVE_HOUR, _SEVEN_DAY = "five_hour", "seven_day"
_HEAD = ("name", "kind", "state", "until", "5 hours", "7 days", "sessions", "last used")
_STYLES = {
    Condition.HEALTHY: "green",
    Condition.WARM: "yellow",
    Condition.PARKED: "magenta",
    Condition.BAD: "bold red",
}


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return ending(_PROG, lambda: _run(options), as_json=options.json)


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="Show the accounts of the tokens that are set in the environment and in .env: "
        "which can be used, how much of their windows is used, and until when they are parked. No "
        "part of a token is shown. Exit code 1 says that no account can be used now.",
        examples=(
            _PROG,
            f"{_PROG} --json | jq '.tokens[] | select(.state == \"parked\")'",
            f"{_PROG} --clear CLAUDE_CODE_OAUTH_TOKEN_2",
        ),
    )
    parser.add_argument("--json", action="store_true", help="for programs; times are UTC")
    parser.add_argument(
        "--clear",
        metavar="NAME",
        help="use the account of this variable again, after you have mended what was wrong",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    variables = environment()
    tokens = pool_tokens(variables)
    if not tokens:
        raise NoToken(
            "No token is set. Set CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`) or "
            "ANTHROPIC_API_KEY in .env or the environment; for more accounts add _1 to _9, "
            "_PRIMARY, _SECONDARY, _TERTIARY or _BACKUP to the name."
        )
    pool = _opened(state_directory(variables) / _FILE, tokens)
    if options.clear is not None:
        _clear(pool, options.clear, tokens, variables)
    states, now = pool.states(), datetime.now(UTC)
    for warning in pool.warnings:
        sys.stderr.write(f"{_PROG}: {warning}\n")
    kinds = {one.name: "subscription" if one.oauth else "API key" for one in tokens}
    _show_json(states, kinds, now) if options.json else _show(states, kinds, now)
    is_usable = any(one.condition in (Condition.HEALTHY, Condition.WARM) for one in states)
    return OK if is_usable else FAILED


def _opened(path: Path, tokens: Sequence[PoolToken]) -> TokenPool:
    return TokenPool(
        path,
        tokens={one.name: fingerprint(one.value.reveal()) for one in tokens},
        me=this_process(),
        is_alive=is_alive,
        clock=utcnow,
    )


def _clear(
    pool: TokenPool, name: str, tokens: Sequence[PoolToken], variables: Mapping[str, str]
) -> None:
    names = {one.name: "" for one in tokens}
    value = variables.get(name, "").strip()
    for one in tokens:
        if one.name != name and one.value.reveal() == value:
            raise SettingsError(
                f"{name} and {one.name} hold the same token, so they are one account. Clear it by "
                f"that name: {_PROG} --clear {one.name}"
            )
    if not name:
        raise SettingsError(f"--clear needs the name of a variable. {hint(name, names)}")
    if name not in names:
        # What was typed may be a token: it is repeated only when it looks like a variable.
        shown = (
            name if name.isupper() and name.isidentifier() and len(name) < 50 else "of that name"
        )
        raise SettingsError(f"No token comes from a variable {shown}. {hint(name, names)}")
    pool.clear(name)


def _show_json(states: Sequence[AccountState], kinds: Mapping[str, str], now: datetime) -> None:
    rows = [_document(one, kinds[one.name], now) for one in states]
    sys.stdout.write(json.dumps({"tokens": rows}, indent=2) + "\n")


def _document(state: AccountState, kind: str, now: datetime) -> dict[str, Any]:
    one = state.account
    return {
        "name": state.name,
        "kind": kind,
        "state": state.condition.value,
        "until": _utc(_until(state)),
        "why": one.bad or None,
        "windows": {
            name: {"used": window.used, "resets_at": _utc(window.resets_at)}
            for name, window in one.windows.items()
            if not window.is_over(now)
        },
        "sessions": state.running,
        "last_used": _utc(one.used_at),
    }


def _until(state: AccountState) -> datetime | None:
    return state.account.parked_until if state.condition is Condition.PARKED else None


def _utc(at: datetime | None) -> str | None:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None


def _show(states: Sequence[AccountState], kinds: Mapping[str, str], now: datetime) -> None:
    rows = [_row(one, kinds[one.name], now) for one in states]
    if sys.stdout.isatty():
        _draw(rows, states)
    else:
        _write([_HEAD, *rows])
    for one in states:
        if one.account.bad:
            told = f"{one.name}: {clean(one.account.bad)}"
            sys.stdout.write(f"\n{told}\nOnce that is mended: {_PROG} --clear {one.name}\n")


def _row(state: AccountState, kind: str, now: datetime) -> tuple[str, ...]:
    windows = state.account.windows
    return (
        state.name,
        kind,
        state.condition.value,
        _local(_until(state)),
        _percent(windows.get(_FIVE_HOUR), now),
        _percent(windows.get(_SEVEN_DAY), now),
        str(state.running),
        _local(state.account.used_at),
    )


def _percent(window: Window | None, now: datetime) -> str:
    if window is None:
        return "-"
    return "0%" if window.is_over(now) else f"{100 * window.used:.0f}%"


def _local(at: datetime | None) -> str:
    """Where the reader is."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else "-"


def _write(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _draw(rows: Sequence[Sequence[str]], states: Sequence[AccountState]) -> None:
    from rich.table import Table

    from ..dashboard.terminal import open_console

    table = Table(*_HEAD, box=None, padding=(0, 2, 0, 0), header_style="bold")
    for row, state in zip(rows, states, strict=True):
        table.add_row(*row, style=_STYLES[state.condition])
    open_console().print(table)
