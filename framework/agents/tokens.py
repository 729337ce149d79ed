"""The pool of tokens that all runs of a person share, whatever project they are of.

What is known of an account is kept by a fingerprint of its token, never the token; callers name
an account by the variable that its token comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from ..clock import Clock
from ..domain import account
from ..domain.account import Account, Choice, Condition, Pool, Seat, Window
from ..domain.lease import Process
from ..domain.trouble import Backoff
from .poolfile import Content, Holding, PoolFile

_POLITE_SECONDS = 0.5

Fold = Callable[[Pool, datetime], Pool]


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """An account as it is now; `running` counts the sessions of all living processes."""

    name: str
    account: Account
    condition: Condition
    running: int


class TokenPool:
    """Which account each session uses, in the file `path`, for all processes of a person.

    `tokens` gives the fingerprint of each account that this run may use, by name; those named in
    `reserve`, which cost money, are used while no other can be. `me` is this
    process, and sessions of processes that are not `is_alive` any more do not count. Every method
    is one short change of the file (none waits for a service), safe for threads and processes,
    and raises AgentError when the file cannot be used.

    Not promised: that what was known survives a power cut or a damaged file. The service then
    says it again.
    """

    def __init__(
        self,
        path: Path,
        *,
        tokens: Mapping[str, str],
        reserve: frozenset[str] = frozenset(),
        me: Process,
        is_alive: Callable[[Process], bool],
        clock: Clock,
    ) -> None:
        self._file = PoolFile(path, clock=clock)
        self._tokens = dict(tokens)
        self._reserve = reserve
        self._me = me
        self._is_alive = is_alive
        self._clock = clock
        self._ours = Lock()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should be told about the file itself."""
        return self._file.warnings

    def peek(self) -> Choice:
        """What `take` would answer. Changes nothing on disk."""
        content = self._file.look()
        running = self._running(self._living(content))
        pool, now = self._pool(content), self._clock()
        return account.choose(pool, running, now, reserve=self._reserve)

    def take(self, session: str) -> Choice:
        """The account for a session, counted as its own until `give_back`. A session that has one
        gives it back by this, so that it may change accounts. See `account.choose`."""
        chosen: list[Choice] = []

        def edit(content: Content) -> Content:
            living = self._living(content, but=session)
            now, pool = self._clock(), self._pool(content)
            choice = account.choose(pool, self._running(living), now, reserve=self._reserve)
            chosen.append(choice)
            if isinstance(choice, Seat):
                pool = account.begun(pool, choice.name, now)
                mine = Holding(account=self._tokens[choice.name], process=self._me)
                living = {**living, session: mine}
            return replace(self._with(content, pool), sessions=living)

        self._change(edit)
        return chosen[0]

    def give_back(self, session: str) -> None:
        """The session has ended. One that is not known has nothing to give back."""
        self._change(lambda content: replace(content, sessions=self._living(content, but=session)))

    def limit(self, name: str, until: datetime | None, wait: Backoff) -> None:
        """A session met a usage or rate limit of the account that it used; `until` is UTC, None
        when the service did not say: then `wait` says how long."""
        self._fold(lambda pool, now: account.limited(pool, name, until, now, wait))

    def quota(self, name: str, windows: Mapping[str, Window]) -> None:
        """The service said how much of the account's windows is used."""
        self._fold(lambda pool, _: account.seen(pool, name, windows))

    def denied(self, name: str, why: str) -> None:
        """The service refuses the account; `why` is for people and must hold no token."""
        self._fold(lambda pool, _: account.refused(pool, name, why))

    def worked(self, name: str) -> None:
        """The service answered a session of the account."""
        self._fold(lambda pool, now: account.worked(pool, name, now))

    def clear(self, name: str) -> None:
        """A person says that the account can be used again."""
        self._fold(lambda pool, _: account.cleared(pool, name))

    def states(self) -> tuple[AccountState, ...]:
        """Every account of this run as it is now. Changes nothing on disk."""
        content = self._file.look()
        running, now = self._running(self._living(content)), self._clock()
        return tuple(
            AccountState(
                name=name, account=one, condition=one.condition(now), running=running.get(name, 0)
            )
            for name, one in self._pool(content).items()
        )

    def _change(self, edit: Callable[[Content], Content]) -> None:
        """Our own threads wait for each other here, which costs less than that each asks for the
        lock file again and again. Not for long: that file alone is what keeps order."""
        is_ours = self._ours.acquire(timeout=_POLITE_SECONDS)
        try:
            self._file.change(edit)
        finally:
            if is_ours:
                self._ours.release()

    def _fold(self, fold: Fold) -> None:
        self._change(lambda content: self._with(content, fold(self._pool(content), self._clock())))

    def _pool(self, content: Content) -> Pool:
        """The accounts of this run, by name."""
        known = content.accounts
        return {name: known.get(key, Account()) for name, key in self._tokens.items()}

    def _with(self, content: Content, pool: Pool) -> Content:
        ours = {self._tokens[name]: one for name, one in pool.items()}
        return replace(content, accounts={**content.accounts, **ours})

    def _living(self, content: Content, *, but: str = "") -> Mapping[str, Holding]:
        """The sessions whose processes live, without the session `but`."""
        processes = {one.process for one in content.sessions.values()}
        others = processes - {self._me}
        dead = {process for process in others if not self._is_alive(process)}
        return {
            session: one
            for session, one in content.sessions.items()
            if session != but and one.process not in dead
        }

    def _running(self, sessions: Mapping[str, Holding]) -> Mapping[str, int]:
        counts = Counter(one.account for one in sessions.values())
        return {name: counts[key] for name, key in self._tokens.items()}
