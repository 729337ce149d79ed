"""The allowances of all accounts as one JSON document, and reading it with suspicion.

No token and no account's name is in it, only hashes of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..domain.frozen import dataclass, replace
from .allowance import HOUR, Allowance, Log, Primary, Shut

_VERSION = 1
_KEPT = 24 * HOUR


@dataclass(frozen=True, kw_only=True)
class Allowances:
    """By account; `tokens` says whose a token is, for those of which that is known."""

    accounts: Mapping[str, Allowance]
    tokens: Mapping[str, str]

    def of(self, token: str) -> Allowance:
        return self.accounts.get(self.tokens.get(token, token), Allowance())

    def with_one(self, token: str, one: Allowance) -> Allowances:
        return replace(self, accounts={**self.accounts, self.tokens.get(token, token): one})

    def linked(self, token: str, account: str) -> Allowances:
        """Once it is known whose the token is: what other tokens of the account spent counts
        from now on."""
        if self.tokens.get(token) == account:
            return self
        accounts = dict(self.accounts)
        own = accounts.pop(token, Allowance())
        accounts.setdefault(account, own)
        return Allowances(accounts=accounts, tokens={**self.tokens, token: account})

    def recent(self, now: int) -> Allowances:
        """Without what nobody used for a day."""
        accounts = {key: one for key, one in self.accounts.items() if now - _last(one) < _KEPT}
        tokens = {key: account for key, account in self.tokens.items() if account in accounts}
        return Allowances(accounts=accounts, tokens=tokens)


NONE = Allowances(accounts={}, tokens={})


def encode(every: Allowances) -> bytes:
    rows = {key: _row(one) for key, one in every.accounts.items()}
    document = {"version": _VERSION, "accounts": rows, "tokens": dict(every.tokens)}
    return json.dumps(document, separators=(",", ":")).encode()


def decode(text: bytes) -> Allowances:
    """Raises ValueError for what `encode` does not write."""
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise ValueError(f"version {document['version']!r} is not known")
        accounts = {str(key): _allowance(row) for key, row in document["accounts"].items()}
        tokens = {str(key): str(one) for key, one in document["tokens"].items()}
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not what was written there: {error!r}") from error
    return Allowances(accounts=accounts, tokens=tokens)


def _row(one: Allowance) -> dict[str, Any]:
    return {
        "points": {api: list(log) for api, log in one.points.items()},
        "content": list(one.content),
        "wrote": one.wrote,
        "primary": {name: vars(known) for name, known in one.primary.items()},
        "shut": vars(one.shut),
    }


def _allowance(row: Mapping[str, Any]) -> Allowance:
    return Allowance(
        points={str(api): _log(log) for api, log in row["points"].items()},
        content=_log(row["content"]),
        wrote=int(row["wrote"]),
        primary={str(name): Primary(**_whole(one)) for name, one in row["primary"].items()},
        shut=Shut(**_whole(row["shut"])),
    )


def _log(entries: Any) -> Log:
    return tuple((int(at), int(spent)) for at, spent in entries)


def _whole(row: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): int(value) for name, value in row.items()}


def _last(one: Allowance) -> int:
    ends = [log[-1][0] for log in one.points.values() if log]
    return max(one.wrote, one.shut.until, *ends, 0)
