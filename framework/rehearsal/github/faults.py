"""Faults on purpose: at the n-th match of an operation, or seeded by chance.

Deterministic: the same faults and the same requests give the same answers.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "500",
    "502",
    "502 after",
    "reset",
    "reset after",
    "truncated",
    "stale",
    "missing",
    "limit 403",
    "limit 429",
    "limit 200",
    "html",
    "twice",
]
BEFORE: tuple[Kind, ...] = ("500", "502", "reset")
AFTER: tuple[Kind, ...] = ("502 after", "reset after", "truncated")


@dataclass(kw_only=True)
class Fault:
    """`kind` happens to the matches `first` to `first + times - 1` of `pattern` in an operation.

    500, 502, reset, html, limit …: nothing was done. 502 after, reset after, truncated: it was
    done, and the answer is lost. stale: a read shows the state before the last write. missing: a
    read or GraphQL mutation answers as if the thing was not there. twice: webhooks of this request
    are delivered twice.
    """

    pattern: re.Pattern[str]
    kind: Kind
    first: int = 1
    times: int = 1
    seen: int = 0

    def hits(self, operation: str) -> bool:
        if not self.pattern.search(operation):
            return False
        self.seen += 1
        return self.first <= self.seen < self.first + self.times


@dataclass(kw_only=True)
class Faults:
    """The faults that are armed. `happened` lists (operation, kind) as they struck."""

    armed: list[Fault] = field(default_factory=list)
    happened: list[tuple[str, Kind]] = field(default_factory=list)
    _chance: random.Random | None = None
    _rate: float = 0.0
    _kinds: tuple[Kind, ...] = ()
    _matching: re.Pattern[str] = re.compile("")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, pattern: str, kind: Kind, *, first: int = 1, times: int = 1) -> Fault:
        """Arm a fault. `pattern` is a regular expression searched in the operation's name:
        `POST /repos/{owner}/{repo}/issues` for REST, `mutation createIssue addBlockedBy` or
        `query repository` for GraphQL."""
        fault = Fault(pattern=re.compile(pattern), kind=kind, first=first, times=times)
        self.armed.append(fault)
        return fault

    def seeded(
        self, seed: int, rate: float, kinds: tuple[Kind, ...] = BEFORE + AFTER, matching: str = ""
    ) -> None:
        """From now on every matching request meets one of `kinds` with this probability."""
        self._chance, self._rate, self._kinds = random.Random(seed), rate, kinds  # noqa: S311
        self._matching = re.compile(matching)

    def clear(self) -> None:
        self.armed.clear()
        self._chance = None

    def want_past(self) -> bool:
        """Whether a read may have to show the state before the last write."""
        by_chance = self._chance is not None and "stale" in self._kinds
        return by_chance or any(fault.kind == "stale" for fault in self.armed)

    def strike(self, operation: str) -> Fault | None:
        """What happens to this request. Every match is counted here, once per request."""
        with self._lock:
            struck = [fault for fault in self.armed if fault.hits(operation)]
            fault = struck[0] if struck else self._by_chance(operation)
            if fault:
                self.happened.append((operation, fault.kind))
            return fault

    def _by_chance(self, operation: str) -> Fault | None:
        if self._chance is None or not self._matching.search(operation):
            return None
        if self._chance.random() >= self._rate:
            return None
        return Fault(pattern=self._matching, kind=self._chance.choice(self._kinds))
