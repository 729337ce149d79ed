"""Counts what a session uses while it is used: answers, tokens, and about how much money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..domain.session import Spending

_CHARACTERS = 4
"""Of one token, about: an answer's own count is not known before it is complete."""
_WRITTEN, _READ, _OUT = 1.25, 0.1, 5.0
"""What tokens written to the cache, read from it, and put out cost beside one put in: the same
for all of Anthropic's models, https://docs.anthropic.com/en/docs/about-claude/pricing."""


@dataclass(kw_only=True)
class Rate:
    """US dollars for a token put in. Begins with that of the dearer models and is corrected by
    what the agent's program says at the end of each turn, which knows the model's list price."""

    usd: float = 5e-6

    def learn(self, usd: float, units: float) -> None:
        if usd > 0 and units > 0:
            self.usd = usd / units


@dataclass(frozen=True, kw_only=True)
class Tokens:
    fresh: int = 0
    written: int = 0
    read: int = 0
    out: int = 0

    @property
    def put_in(self) -> int:
        return self.fresh + self.written + self.read

    @property
    def units(self) -> float:
        """As so many tokens put in, by price."""
        return self.fresh + _WRITTEN * self.written + _READ * self.read + _OUT * self.out

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            fresh=self.fresh + other.fresh,
            written=self.written + other.written,
            read=self.read + other.read,
            out=self.out + other.out,
        )


def tokens(usage: Mapping[str, Any] | None) -> Tokens:
    """The counts of a `usage` object of the Messages API."""
    usage = usage or {}
    return Tokens(
        fresh=int(usage.get("input_tokens") or 0),
        written=int(usage.get("cache_creation_input_tokens") or 0),
        read=int(usage.get("cache_read_input_tokens") or 0),
        out=int(usage.get("output_tokens") or 0),
    )


class Meter:
    """One turn's count, on top of what the session has `spent` before."""

    def __init__(self, spent: Spending, rate: Rate) -> None:
        self._spent = spent
        self._rate = rate
        self._answers: dict[str, Tokens] = {}
        self._tools = 0
        self._total: tuple[Tokens, float] | None = None

    def tool(self) -> None:
        self._tools += 1

    def answer(self, name: str, usage: Mapping[str, Any] | None, characters: int) -> None:
        """A part of the answer called `name` has come. What is counted is at least what is
        written, as the count that comes with a part was made before the answer was."""
        part = tokens(usage)
        written = self._answers.get(name, Tokens()).out + -(-characters // _CHARACTERS)
        self._answers[name] = replace(part, out=max(part.out, written))

    def result(self, usage: Mapping[str, Any] | None, usd: float | None) -> None:
        """The turn is over: its tokens, and what the session has cost in all."""
        total = tokens(usage)
        cost = usd or 0.0
        if cost < self._spent.usd:  # a program that has forgotten the earlier turns
            cost += self._spent.usd
        self._rate.learn(cost - self._spent.usd, total.units)
        self._total = (total, cost)

    @property
    def spending(self) -> Spending:
        estimated = sum(self._answers.values(), Tokens())
        used, usd = self._total or (
            estimated,
            self._spent.usd + self._rate.usd * estimated.units,
        )
        return Spending(
            turns=self._spent.turns + len(self._answers),
            tools=self._spent.tools + self._tools,
            input_tokens=self._spent.input_tokens + used.put_in,
            output_tokens=self._spent.output_tokens + used.out,
            usd=usd,
        )
