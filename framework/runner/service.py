"""The model's service as a session meets it: with which token, when to wait, when to try again.

The one layer that retries: the agent's own program does not. What follows each trouble is in the
table of `domain.trouble`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import anyio
from anyio import to_thread

from ..clock import Clock, utcnow
from ..domain.account import Choice, NoneLeft, Seat, Window
from ..domain.errors import MustStop
from ..domain.event import AccountParked, AccountRefused, Warned
from ..domain.ledger import Use
from ..domain.outcome import Stalled
from ..domain.session import CapReached, Completed, Quota, SessionEvent, Troubled, Used
from ..domain.trouble import Backoff, Kind, Trouble, With
from ..journals.base import Journal
from .talk import Talk
from .weather import Weather

_SHORT_SECONDS = 2.0
"""A wait that is not worth a word."""


class Pool(Protocol):
    """The tokens, as `agents.tokens.TokenPool` keeps them. An account is named by where its token
    comes from."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should be told about the pool itself."""

    def peek(self) -> Choice:
        """The account that one more session would get."""

    def take(self, session: str) -> Choice:
        """The account for a session, which gives back the one that it had."""

    def give_back(self, session: str) -> None:
        """The session uses none any more."""

    def limit(self, name: str, until: datetime | None, wait: Backoff) -> None:
        """It met a limit until then, or nobody knows for how long."""

    def quota(self, name: str, windows: Mapping[str, Window]) -> None:
        """How much of its windows is used."""

    def denied(self, name: str, why: str) -> None:
        """The service refuses it."""

    def worked(self, name: str) -> None:
        """The service answered."""


class Waits(Protocol):
    """Who is told that a session is held up."""

    def paused(self, until: datetime, why: str) -> None: ...

    def resumed(self) -> None: ...

    def moved(self, account: str, why: str) -> None:
        """The same conversation goes on with another token."""


@dataclass(kw_only=True)
class Service:
    """Shared by all sessions of a run."""

    pool: Pool
    weather: Weather
    journal: Journal
    clock: Clock = utcnow
    _warned: int = 0
    _told: set[tuple[str, str]] = field(default_factory=set)

    def require(self) -> None:
        """Raise MustStop where no token can be used before a person has acted."""
        choice = self.pool.peek()
        if isinstance(choice, NoneLeft):
            raise MustStop(_none_left(choice))

    async def say(
        self,
        talk: Talk,
        text: str,
        *,
        go_on: str,
        waits: Waits,
        over: Callable[[], Use | None] = lambda: None,
        patient: bool = True,
    ) -> Completed | CapReached | Stalled | Trouble:
        """One turn to its end, limits and outages waited out; then `go_on` is said instead.

        A trouble in the answer is one that no waiting ends, or without `patient` an outage. With
        a cap used up before a try, which `over` then gives, the answer is CapReached. Raises
        MustStop when a person must act.
        """
        why, limited = "", ""
        while True:
            account = await self._seat(talk, waits, why)
            if limited and account != limited:
                waits.moved(account, why)
            if use := over():
                return CapReached(what=use.what, use=use, spending=talk.spending)
            try:
                end = await talk.say(text, account=account, heard=self._listener(account))
            finally:
                with anyio.CancelScope(shield=True):
                    await to_thread.run_sync(self.pool.give_back, talk.session)
            if not isinstance(end, Troubled):
                return end
            is_outage = end.trouble.rule.token is With.ANY
            if not end.trouble.rule.retry or (is_outage and not patient):
                return self._final(end.trouble)
            await self._note(end.trouble, account)
            why, text = end.trouble.kind.value, go_on
            limited = account if end.trouble.rule.token is With.OTHER else ""

    async def _seat(self, talk: Talk, waits: Waits, why: str) -> str:
        """The account to use, when the service and the account are ready."""
        told = False
        while True:
            until = self.weather.until
            if until is None:
                choice = await to_thread.run_sync(self.pool.take, talk.session)
                self._warn()
                if isinstance(choice, Seat):
                    if told:
                        waits.resumed()
                    return choice.name
                if isinstance(choice, NoneLeft):
                    raise MustStop(_none_left(choice))
                until = choice.until
                why = why or ("usage limit" if choice.parked else "")
            if not told and self._is_worth_telling(until, why):
                waits.paused(until, why or "waits for its turn with a token")
                told = True
            await self._until(until)

    def _warn(self) -> None:
        for text in self.pool.warnings[self._warned :]:
            self._warned += 1
            self.journal.append(Warned(text=text))

    def _is_worth_telling(self, until: datetime, why: str) -> bool:
        return bool(why) or (until - self.clock()).total_seconds() > _SHORT_SECONDS

    async def _until(self, until: datetime) -> None:
        await anyio.sleep(max(0.0, (until - self.clock()).total_seconds()))

    async def _note(self, trouble: Trouble, account: str) -> None:
        """Remember what the trouble means for the account, or for all of them."""
        if trouble.rule.token is not With.OTHER:
            self.weather.close(trouble)
        elif trouble.rule.person:
            await to_thread.run_sync(self.pool.denied, account, trouble.kind.value)
            self._tell_once(account, AccountRefused(account=account, why=trouble.why))
        else:
            wait = trouble.rule.wait
            assert wait is not None
            await to_thread.run_sync(self.pool.limit, account, trouble.until, wait)
            until = trouble.until.isoformat() if trouble.until else ""
            why = trouble.kind.value
            self._tell_once(account, AccountParked(account=account, until=until, why=why))

    def _tell_once(self, account: str, event: AccountParked | AccountRefused) -> None:
        key = (account, event.until if isinstance(event, AccountParked) else event.why)
        if key not in self._told:
            self._told.add(key)
            self.journal.append(event)

    def _final(self, trouble: Trouble) -> Trouble:
        if trouble.kind is Kind.NOT_FOUND:
            raise MustStop(f"The model's service refuses us: {trouble.why}")
        return trouble

    def _listener(self, account: str) -> Callable[[SessionEvent], None]:
        """Learns from what the service says while a turn goes on: its first answer proves the
        account, long before the turn is over."""
        is_proved = False

        def heard(event: SessionEvent) -> None:
            nonlocal is_proved
            match event:
                case Quota(windows=windows):
                    self.pool.quota(account, windows)
                case Used() if not is_proved:
                    is_proved = True
                    self.weather.clear()
                    self.pool.worked(account)
                case _:
                    pass

        return heard


def _none_left(choice: NoneLeft) -> str:
    reasons = "; ".join(f"{name}: {why}" for name, why in choice.reasons.items())
    return (
        f"No token can be used ({reasons}). Set one that works, or see `nightshift tokens`, "
        "which can clear one that works again."
    )
