"""Asking until there is an answer, within patience; telling once.

A read is tried again when the service is in trouble, as far as the retry budget and the caller's
patience go. A write is never sent twice, unless it is known that nothing was sent.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ..clock import Clock
from ..domain.errors import ForgeRefused, TrackerUnavailable, Unsure
from ..domain.frozen import dataclass, replace
from ..domain.trouble import ForgeFacts, Kind, Trouble, of_forge
from ..domain.waiting import Breaker, RetryBudget
from .away import limited, no_api, unreachable
from .cost import GRAPHQL, Ask
from .patience import Patience
from .refusal import Asked, Refusal, of_answer, of_errors
from .shared import Limits
from .wire import Call, Lost, Reply, Wire

_WEATHER = (Kind.RATE_LIMIT, Kind.SERVER, Kind.NETWORK, Kind.OVERLOADED)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A whole answer, no refusal; `data` is its JSON, None where it has none. `limited`: a part
    of it was refused because of a limit."""

    reply: Reply
    data: Any
    limited: bool = False


@dataclass(frozen=True, kw_only=True)
class Away:
    """No usable answer. `sent`: the server may have got the request, and may have done it.
    `astray`: nobody answered, or somebody who is no forge, such as a sign-in page."""

    refusal: Refusal
    sent: bool
    astray: bool = False


@dataclass(frozen=True, kw_only=True)
class No:
    """Refused, and nothing was done."""

    refusal: Refusal
    status: int


Outcome = Heard | Away | No


class Asking:
    """Everything that is sent to one server with one token goes through here. `host` names the
    server in errors."""

    def __init__(
        self,
        wire: Wire,
        limits: Limits,
        *,
        host: str,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._wire = wire
        self._limits = limits
        self._host = host
        self._clock = clock
        self._chance = chance
        self._budget = RetryBudget()
        self._breaker = Breaker()
        self._is_known = False  # whether this process has had any sensible answer

    def outcome(self, call: Call, ask: Ask, asked: Asked, patience: Patience) -> Outcome:
        """What came of a request in the end. Raises TrackerUnavailable only when it was not sent,
        because the limit of the account or the breaker forbids it."""
        self._budget = self._budget.called()
        pause: timedelta | None = None
        while True:
            self._limits.wait(ask, patience)
            self._pass_breaker()
            found = self._once(call, ask, asked)
            if not isinstance(found, Away) or (call.write and found.sent):
                return found
            if call.write and found.refusal.trouble.kind is Kind.RATE_LIMIT:
                return found
            if found.astray and not (call.write or self._is_known):
                return found  # no network, or a wrong address: whoever waits should hear of it
            pause = self._pause(found.refusal.trouble, pause)
            if pause is None or not patience.wait(pause):
                return found

    def _pause(self, trouble: Trouble, previous: timedelta | None) -> timedelta | None:
        """How long to wait before the same is asked again; None when it must not be."""
        if trouble.kind is Kind.RATE_LIMIT:
            return timedelta()  # the limits have heard of it, and let nobody through before
        budget = self._budget.spend()
        if budget is None:
            return None
        self._budget = budget
        return trouble.pause(previous, now=self._clock(), chance=self._chance())

    def _pass_breaker(self) -> None:
        breaker = self._breaker.ask(self._clock())
        if breaker is None:
            raise TrackerUnavailable(
                f"{self._host} did not answer several times in a row, so it is not asked for a "
                "moment. Try again shortly.",
                self._breaker.shut_until,
            )
        self._breaker = breaker

    def _once(self, call: Call, ask: Ask, asked: Asked) -> Outcome:
        try:
            reply = self._wire.exchange(call)
        except Lost as lost:
            self._breaker = self._breaker.failed(self._clock())
            return self._lost(lost)
        found = self._judged(reply, ask, asked)
        again = self._limits.heard(ask, reply.headers, limited=_is_limit(found))
        is_down = isinstance(found, Away) and not _is_limit(found)
        self._is_known = self._is_known or not (isinstance(found, Away) and found.astray)
        now = self._clock()
        self._breaker = self._breaker.failed(now) if is_down else self._breaker.worked()
        return _until(found, again) if isinstance(found, Away) and _is_limit(found) else found

    def _lost(self, lost: Lost) -> Away:
        trouble = of_forge(ForgeFacts(headers={}, why=lost.why), self._clock())
        text = unreachable(self._host, lost.why)
        refusal = Refusal(trouble=trouble, code="", text=text)
        return Away(refusal=refusal, sent=lost.sent, astray=not lost.sent)

    def _judged(self, reply: Reply, ask: Ask, asked: Asked) -> Outcome:
        now = self._clock()
        is_empty = reply.headers.get("content-length") == "0" and reply.status < 300
        if reply.status in (204, 304) or is_empty:
            return Heard(reply=reply, data=None)
        data = _json(reply.body)
        if reply.status >= 300:
            return self._not_good(reply, asked, data, now)
        if data is _BROKEN:
            text = no_api(self._host, reply.status, reply.headers)
            return Away(refusal=_server(text, reply, now), sent=True, astray=True)
        if ask.resource != GRAPHQL:
            return Heard(reply=reply, data=data)
        return _graphql(reply, ask, of_errors(asked, data, reply.headers, now), data)

    def _not_good(self, reply: Reply, asked: Asked, data: Any, now: datetime) -> Outcome:
        known = None if data is _BROKEN else data
        refusal = of_answer(asked, reply.status, reply.headers, known, now)
        if data is _BROKEN and reply.body and reply.status < 500:
            text = no_api(self._host, reply.status, reply.headers)
            refusal = Refusal(trouble=refusal.trouble, code="", text=text)
        if refusal.trouble.kind not in _WEATHER:
            return No(refusal=refusal, status=reply.status)
        return Away(refusal=refusal, sent=refusal.trouble.kind is not Kind.RATE_LIMIT)


def raised(outcome: Away | No, *, what: str, write: bool) -> NoReturn:
    """The error that says what came of `what`."""
    refusal = outcome.refusal
    match outcome:
        case No():
            raise ForgeRefused(
                refusal.text, refusal.trouble, status=outcome.status, code=refusal.code
            )
        case Away(sent=True) if write:
            raise Unsure(lost(outcome, what))
        case Away():
            raise TrackerUnavailable(refusal.text, refusal.trouble.until)


def lost(outcome: Away, what: str) -> str:
    """Of a write that was sent."""
    why = outcome.refusal.trouble.why.rstrip(".")
    return (
        f"{what} was sent and its answer was lost ({why}): it may have been done or not. Look at "
        "what is there before doing it again."
    )


def _graphql(reply: Reply, ask: Ask, refusals: Sequence[Refusal], data: Any) -> Outcome:
    """Trouble may come with status 200. It makes all of a query's answer useless; that of
    mutations only where, as far as it shows, nothing was done."""
    found = next((one for one in refusals if one.trouble.kind in _WEATHER), None)
    is_limited = found is not None and found.trouble.kind is Kind.RATE_LIMIT
    done = any(one is not None for one in (data.get("data") or {}).values())
    if found is None or (ask.write and done):
        return Heard(reply=reply, data=data, limited=is_limited)
    return Away(refusal=found, sent=not is_limited)


def _is_limit(outcome: Outcome) -> bool:
    match outcome:
        case Heard():
            return outcome.limited
        case Away() | No():
            return outcome.refusal.trouble.kind is Kind.RATE_LIMIT


def _until(away: Away, again: datetime) -> Away:
    """A limit ends when our own arithmetic says so, where GitHub does not say when."""
    trouble = replace(away.refusal.trouble, until=away.refusal.trouble.until or again)
    refusal = replace(away.refusal, trouble=trouble, text=limited(trouble.until))
    return replace(away, refusal=refusal)


_BROKEN = object()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _BROKEN


def _server(text: str, reply: Reply, now: datetime) -> Refusal:
    trouble = of_forge(
        ForgeFacts(status=reply.status, headers=reply.headers, why=f"HTTP {reply.status}, no JSON"),
        now,
    )
    return Refusal(trouble=trouble, code="", text=text)
