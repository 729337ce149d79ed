"""Claims: leases as commands take, keep and end them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from os import urandom

from ..clock import Clock
from ..domain.claimant import Claimant, claimant
from ..domain.errors import (
    AlreadyClaimed,
    IssueNotFound,
    LeaseLost,
    NotAllowed,
    NotClaimed,
    TransitionRefused,
    UsageError,
)
from ..domain.identity import PERSON, Identity
from ..domain.issue import WORKABLE, Change, Issue, State
from ..domain.lease import Lease
from ..domain.query import Query
from ..leases.base import LeaseStore
from ..trackers.base import Tracker

_LEAST = timedelta(seconds=1)
_MOST = timedelta(days=366)
_MOMENT = timedelta(minutes=1)
"""How long a change that holds an issue only for itself may take."""


class Claims:
    """The claims of one project, as one session sees them.

    Promised: of any callers, however many and whatever their names, one gets a claim; an expired
    one is free at once. A claim lives until it is released or expires, or its holder closes the
    issue, also when the command that made it has ended. Claiming an open issue puts it in
    progress, releasing it puts it back.
    Not promised: that a write is refused whose claim is lost in the very moment of writing.
    """

    def __init__(
        self,
        tracker: Tracker,
        leases: LeaseStore,
        identity: Identity,
        session: str,
        clock: Clock,
    ) -> None:
        self._tracker = tracker
        self._leases = leases
        self._identity = identity
        self._session = session
        self._clock = clock

    def claim(self, id: str, ttl: timedelta | None = None) -> Lease:
        """Claim the issue for `ttl`, else for the time that the identity has for claims. Raises
        AlreadyClaimed, IssueNotFound, TransitionRefused for a closed issue, NotAllowed for one
        that its tracker withholds, and UsageError for less than a second."""
        issue = self._tracker.get(id)
        if issue.withheld:
            raise NotAllowed(f"Issue {id} is withheld: {issue.withheld}. Claim another one.")
        lease = self._taken(id, self.time(ttl))
        if lease is None:
            raise self._refusal(id)
        try:
            self._put(issue, State.IN_PROGRESS, {State.OPEN, State.CLOSED})
        except BaseException:
            self._leases.release(lease)
            raise
        return lease

    def claim_first(
        self, candidates: Iterable[Issue], ttl: timedelta | None = None
    ) -> Lease | None:
        """As `claim`, of the first candidate that nobody holds; None when there is none."""
        for issue in candidates:
            try:
                return self.claim(issue.id, ttl)
            except (AlreadyClaimed, IssueNotFound, TransitionRefused):
                continue  # somebody was quicker, or closed or deleted it
        return None

    def release(self, id: str, *, force: bool = False) -> Lease:
        """End this session's claim, or with `force` anybody's. Returns it as it was."""
        lease = self._held(id, force=force)
        issue, forced = self._tracker.get(id), not self.is_mine(lease)
        if issue.state is State.IN_PROGRESS:
            self._put(issue, State.OPEN, {State.IN_PROGRESS}, forced=forced)
        elif forced:  # nothing else would tell of it
            text = f"Ended the claim of {holder_name(lease)}."
            self._tracker.comment(id, text, author=self._identity.name, forced=True)
        self._leases.release(lease)
        return lease

    def let_go(self, id: str) -> None:
        """End this session's claim, if it has one, and leave the issue's state as it is."""
        lease = self.check(id)
        if lease is not None and self.is_mine(lease):
            self._leases.release(lease)

    def is_settled(self, lease: Lease) -> bool:
        """Whether the claim has ended because the work has: the issue is closed, blocked or in
        review, and nobody else has taken it since."""
        record = self._leases.record(lease.key)
        if record is None or record.epoch != lease.epoch or record.lease is not None:
            return False
        return self._tracker.get(lease.key).state not in WORKABLE

    def extend(self, id: str, by: timedelta | None = None) -> Lease:
        """Let this session's claim live longer by `by`, else by the time of a claim. Raises
        NotClaimed, AlreadyClaimed."""
        lease, by = self._held(id), self.time(by)
        try:
            return self._leases.renew(lease, lease.expires_at - self._clock() + by)
        except LeaseLost as error:
            raise self._refusal(id) from error

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        """Let a claim live for `ttl` from now. Raises LeaseLost."""
        return self._leases.renew(lease, ttl)

    def check(self, id: str) -> Lease | None:
        """The live claim on the issue, whoever holds it."""
        record = self._leases.record(id)
        return record.lease if record else None

    def held(self) -> Sequence[Lease]:
        """All live claims on issues, soonest to expire first."""
        # A key with a colon is a turn that a run takes, such as `land:main`, not an issue.
        held = [lease for lease in self._leases.held() if ":" not in lease.key]
        return sorted(held, key=lambda lease: lease.expires_at)

    def cleanup(self) -> Sequence[Issue]:
        """Put issues back to open that are in progress although nobody holds them. Claiming does
        not need it: an expired claim is free at once."""
        left = self._tracker.list(Query(states=frozenset({State.IN_PROGRESS})))
        return [one for issue in left if (one := self._opened(issue.id)) is not None]

    def is_mine(self, lease: Lease) -> bool:
        """Whether this session took the claim."""
        who = claimant(lease.holder)
        return who is not None and who.session == self._session

    def admit(self, id: str, *, force: bool = False) -> bool:
        """Let this session write to the issue: nobody else may hold it. With `force`, which is
        for people, a claim is gone over, and the answer is True. Raises AlreadyClaimed,
        NotAllowed."""
        lease = self.check(id)
        if lease is None or self.is_mine(lease):
            return False
        if not force:
            raise AlreadyClaimed(
                f"{_told(lease)}, so others do not change it. Wait until it is free, or tell "
                f"its holder: issue message post {id} note --data '\"...\"'"
            )
        if self._identity.kind != PERSON:
            raise NotAllowed(
                f"{self._identity.name} is an agent, and going over a claim is for people. "
                f"Wait until {id} is free, or ask a person."
            )
        return True

    def time(self, given: timedelta | None) -> timedelta:
        """How long a claim is made for, when that was asked for. Raises UsageError."""
        ttl = self._identity.claim_timeout if given is None else given
        if not _LEAST <= ttl <= _MOST:
            raise UsageError(f"A claim of {ttl} cannot be kept. Ask for a second to a year.")
        return ttl

    def _opened(self, id: str) -> Issue | None:
        """Put the issue back to open, holding it meanwhile so that nobody's claim is undone; None
        when somebody holds it, or it is not in progress any more."""
        lease = self._taken(id, _MOMENT)
        if lease is None:
            return None
        try:
            if self._tracker.get(id).state is not State.IN_PROGRESS:
                return None
            change = Change(state=State.OPEN)
            return self._tracker.update(id, change, actor=self._identity.name)
        except IssueNotFound:
            return None  # deleted meanwhile
        finally:
            self._leases.release(lease)

    def _taken(self, id: str, ttl: timedelta) -> Lease | None:
        who = Claimant(session=self._session, nonce=urandom(4).hex(), name=self._identity.name)
        return self._leases.acquire(id, who.holder, ttl)

    def _held(self, id: str, *, force: bool = False) -> Lease:
        lease = self.check(id)
        if lease is None:
            raise NotClaimed(f"Nobody holds issue {id}. Claim it first: issue claim {id}")
        if not self.is_mine(lease):
            self.admit(id, force=force)
        return lease

    def _put(self, issue: Issue, state: State, when: set[State], *, forced: bool = False) -> None:
        if issue.state in when:
            self._tracker.update(
                issue.id, Change(state=state), actor=self._identity.name, forced=forced
            )

    def _refusal(self, id: str) -> AlreadyClaimed:
        lease = self.check(id)
        if lease is None:
            return AlreadyClaimed(f"Issue {id} was claimed a moment ago. Try again.")
        if self.is_mine(lease):
            return AlreadyClaimed(
                f"This session holds issue {id} already, {_until(lease)}. "
                f"To keep it longer: issue claim extend {id} --add-time 30m"
            )
        return AlreadyClaimed(f"{_told(lease)}. Take another one: issue claim next")


def holder_name(lease: Lease) -> str:
    """Who holds the lease, for people."""
    who = claimant(lease.holder)
    return who.name if who else "a run of Nightshift"


def _told(lease: Lease) -> str:
    return f"Issue {lease.key} is held by {holder_name(lease)} {_until(lease)}"


def _until(lease: Lease) -> str:
    return f"until {lease.expires_at:%Y-%m-%d %H:%M:%S} UTC"
