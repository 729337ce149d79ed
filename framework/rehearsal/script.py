"""Scripts, and where each session stands in its own. Pure: `now` is an argument."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .request import Request
from .turn import Answer, Limit, Refusal, Reply, Text, Turn

_PLAN = "# Plan"
_ISSUE = re.compile(r"# Issue \S+: (?P<title>.*\S)\s*")
_CONFLICT = "# Conflict"
_UNFINISHED = "# Unfinished"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one session plays. `conflict` and `unfinished` are played from their beginning each
    time a prompt of that name arrives."""

    turns: tuple[Turn, ...]
    conflict: tuple[Turn, ...] = ()
    unfinished: tuple[Turn, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Script:
    """The attempts at the issue of this title, or at planning (None), in order."""

    title: str | None
    attempts: tuple[Attempt, ...]

    @property
    def name(self) -> str:
        return _PLAN if self.title is None else self.title


@dataclass(frozen=True, kw_only=True)
class Played:
    """The answer to one request. `place` says where in the scenario it stands; `fault` why the
    scenario had none, in which case the answer is prose that says the same."""

    turn: Turn
    answer: Answer
    place: str
    fault: str | None = None


@dataclass
class _Position:
    script: Script
    number: int
    part: str = "turns"
    openings: int = 0
    step: int = 0

    @property
    def attempt(self) -> Attempt:
        return self.script.attempts[min(self.number, len(self.script.attempts) - 1)]

    @property
    def turns(self) -> tuple[Turn, ...]:
        parts = {"conflict": self.attempt.conflict, "unfinished": self.attempt.unfinished}
        return parts.get(self.part, self.attempt.turns)

    @property
    def place(self) -> str:
        return f"{self.script.name}: attempt {self.number + 1}, {self.part}[{self.step}]"

    def heed(self, prompts: Sequence[str]) -> None:
        """Go to the part that the latest heading asks for, unless we are in it already."""
        headings = [prompt.partition("\n")[0] for prompt in prompts]
        parts = [part for heading in headings if (part := self._part(heading))]
        if len(parts) > self.openings:
            self.part, self.step = parts[-1], 0
        self.openings = len(parts)

    def _part(self, heading: str) -> str | None:
        if heading.startswith(_CONFLICT):
            return "conflict"
        if heading.startswith(_UNFINISHED) and self.attempt.unfinished:
            return "unfinished"
        return None


@dataclass(frozen=True, kw_only=True)
class _Limited:
    until: int
    refusal: Refusal


@dataclass
class Playback:
    """Which turn comes next, for all sessions of a run.

    A session belongs to the script that its first prompt names; the n-th session of a script
    plays its n-th attempt, and the last attempt repeats. Positions live in memory: after a
    restart every session begins its script anew. A limit is the token's, whichever session has
    met it.
    """

    scripts: Sequence[Script]
    _limits: dict[str, _Limited] = field(default_factory=dict)
    _positions: dict[str, _Position] = field(default_factory=dict)

    def next(self, request: Request, now: float) -> Played:
        position = self._positions.get(request.session) or self._enter(request)
        if position is None:
            opening = request.prompts[0].partition("\n")[0] if request.prompts else "no prompt"
            return _fault(f"no script for {opening!r}", "nowhere")
        limited = self._limits.get(request.account)
        if limited and now < limited.until:
            refusal = limited.refusal
            return Played(turn=Turn(answer=refusal), answer=refusal, place=position.place)
        position.heed(request.prompts)
        if position.step >= len(position.turns):
            return _fault(f"no turn left at {position.place}", position.place)
        place, turn = position.place, position.turns[position.step]
        position.step += 1
        answer = turn.answer
        if isinstance(answer, Limit):
            until = math.ceil(now + answer.resets_in)
            limited = _Limited(until=until, refusal=_limited(answer.window, until))
            self._limits[request.account] = limited
            answer = limited.refusal
        return Played(turn=turn, answer=answer, place=place)

    def _enter(self, request: Request) -> _Position | None:
        title = _title(request.prompts)
        script = next((one for one in self.scripts if one.name == title), None)
        if script is None:
            return None
        earlier = sum(1 for one in self._positions.values() if one.script is script)
        position = _Position(script=script, number=earlier)
        self._positions[request.session] = position
        return position


def _title(prompts: Sequence[str]) -> str | None:
    if not prompts:
        return None
    heading = prompts[0].partition("\n")[0]
    if match := _ISSUE.fullmatch(heading):
        return match["title"]
    return _PLAN if heading.startswith(_PLAN) else None


def _limited(window: str, until: int) -> Refusal:
    # These three headers are what makes the CLI report a usage limit for an OAuth token. With
    # an API key it takes the answer for an ordinary 429, as it would the real one.
    return Refusal(
        status=429,
        error="rate_limit_error",
        message="This request would exceed your account's usage limit.",
        headers={
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": str(until),
            "anthropic-ratelimit-unified-representative-claim": window,
        },
    )


def _fault(why: str, place: str) -> Played:
    answer = Reply(blocks=(Text(text=f"The rehearsal has {why}."),))
    return Played(turn=Turn(answer=answer), answer=answer, place=place, fault=why)
