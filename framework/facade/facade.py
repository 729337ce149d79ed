"""The facade: one project's issues, on whatever tracker, as one agent or person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..clock import Clock, utcnow
from ..domain.activity import Activity
from ..domain.errors import NotAllowed, UsageError
from ..domain.frozen import dataclass, replace
from ..domain.identity import Identity
from ..domain.issue import UNCLOSED, WORKABLE, Change, Comment, Draft, Issue
from ..domain.query import Field, Match, Query, Search
from ..leases.base import LeaseStore
from ..trackers.base import (
    DAY,
    BacksUp,
    Catalogues,
    CreatesMany,
    Deletes,
    Indexes,
    Measures,
    Remembers,
    Tracker,
)
from .caller import session_of
from .claims import Claims
from .dependencies import Dependencies

if TYPE_CHECKING:
    from ..domain.entry import Entry
    from ..domain.readiness import Readiness
    from ..domain.statistics import Statistics
    from ..trackers.base import E
    from .messages import Messages

_ALL = Query()
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of the matching issues in order. `total` is how many match; `cursor` is where the
    next page starts, None on the last. What changes meanwhile may shift a page."""

    issues: Sequence[Issue]
    total: int
    cursor: int | None


class Facade:
    """Everything that can be done to a project's issues, by the one who opened it.

    Every write carries that one's name, and is refused with AlreadyClaimed while another session
    holds the issue; `force` goes over that, for people only, and is recorded. Used as a context
    manager it gives back what it opened.
    """

    def __init__(
        self,
        tracker: Tracker,
        leases: LeaseStore,
        identity: Identity,
        *,
        clock: Clock = utcnow,
    ) -> None:
        self.identity = identity
        self.clock = clock
        self._tracker = tracker
        self._leases = leases
        session = session_of(identity.session)
        self.claims = Claims(tracker, leases, identity, session, clock)
        self.dependencies = Dependencies(tracker, self.claims, identity.name)

    @cached_property
    def messages(self) -> Messages:
        from .messages import Messages

        return Messages(self._tracker, self.identity, self.clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tracker.close()
        self._leases.close()

    def in_session(self, name: str) -> Facade:
        """The same issues, as the session called `name`. Only the first facade is closed."""
        me = replace(self.identity, session=name)
        return Facade(self._tracker, self._leases, me, clock=self.clock)

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        return self._tracker.list(query)

    def get(self, id: str) -> Issue:
        return self._tracker.get(id)

    def comments(self, id: str) -> Sequence[Comment]:
        return self._tracker.comments(id)

    def parse(self, text: str) -> Search:
        """Read a text of the query language. Raises QueryError."""
        if not text.strip():
            return Search(query=_ALL)
        from ..domain.search import parse

        return parse(text, now=self.clock(), me=self.identity.name)

    def count(self, search: Search | Query = _ALL) -> int:
        return self._tracker.count(self._asked(search))

    def find(self, search: Search | Query, *, limit: int | None = 20, offset: int = 0) -> Page:
        """One page of what matches: `limit` and `offset` in place of the query's own."""
        query = self._asked(search)
        issues = self._tracker.list(replace(query, limit=limit, offset=offset))
        total = self._tracker.count(query)
        end = offset + len(issues)
        return Page(issues=issues, total=total, cursor=end if issues and end < total else None)

    def create(self, draft: Draft) -> Issue:
        return self._tracker.create(draft, author=self.identity.name)

    def back_up(self, *, every: timedelta = DAY) -> Path | None:
        """See `trackers.base.BacksUp`; None where the issues are kept by somebody else."""
        if not isinstance(self._tracker, BacksUp):
            return None
        return self._tracker.back_up(every=every)

    @property
    def creates_at_once(self) -> bool:
        """Whether `create_many` makes all or none."""
        return isinstance(self._tracker, CreatesMany) and self._tracker.whole

    def create_many(self, drafts: Sequence[Draft]) -> Sequence[Issue]:
        """In one step where the tracker can; else one after another."""
        if isinstance(self._tracker, CreatesMany):
            return self._tracker.create_many(drafts, author=self.identity.name)
        return [self.create(draft) for draft in drafts]

    def update(self, id: str, change: Change, *, force: bool = False) -> Issue:
        """Change the issue. Where it cannot be worked on any more (closed, blocked, in review),
        this session's claim on it ends."""
        forced = self.claims.admit(id, force=force)
        issue = self._tracker.update(id, change, actor=self.identity.name, forced=forced)
        if issue.state not in WORKABLE:
            self.claims.let_go(id)
        return issue

    def comment(
        self, id: str, text: str, *, key: str | None = None, force: bool = False
    ) -> Comment:
        forced = self.claims.admit(id, force=force)
        return self._tracker.comment(id, text, author=self.identity.name, key=key, forced=forced)

    def delete(self, id: str, *, force: bool = False) -> None:
        """Raises NotAllowed where the tracker cannot delete issues."""
        if not isinstance(self._tracker, Deletes):
            raise NotAllowed(
                f"Issues on {self._tracker.name} cannot be deleted. Close it: issue close {id}"
            )
        forced = self.claims.admit(id, force=force)
        self._tracker.delete(id, actor=self.identity.name, forced=forced)

    def ready(self, search: Search | Query = _ALL, *, limit: int | None = 20) -> Sequence[Issue]:
        """The issues that match and may be worked on now, best first. Raises UsageError for a
        search that asks for claimed issues or another order."""
        return tuple(islice(self.each_ready(search), limit))

    def each_ready(self, search: Search | Query = _ALL) -> Iterator[Issue]:
        """The same one after another, for whoever takes the first that suits."""
        query = _workable(search)
        return (issue for issue in self._ready() if query.matches(issue))

    def unready(self, search: Search | Query = _ALL) -> Iterator[Readiness]:
        """The unclosed issues that match and may not be worked on now, oldest first, each with
        all that stands in the way. Raises as `ready`."""
        from ..domain.readiness import readiness

        records, now, seen = self._leases.records(), self.clock(), 0
        query = _workable(search)
        query = replace(query, states=(query.states or UNCLOSED) & UNCLOSED)
        while page := self._tracker.list(replace(query, limit=_PAGE, offset=seen)):
            known = self.dependencies.known(page)
            found = (readiness(one, known, records.get(one.id), now) for one in page)
            yield from (one for one in found if not one.is_ready)
            seen += len(page)

    def readiness(self, id: str) -> Readiness:
        """Whether the issue may be worked on now, and if not, all that stands in the way."""
        from ..domain.readiness import readiness

        issue = self._tracker.get(id)
        known = self.dependencies.known([issue])
        return readiness(issue, known, self._leases.record(id), self.clock())

    def statistics(self, search: Search | Query = _ALL) -> Statistics:
        query = self._asked(search)
        if isinstance(self._tracker, Measures):
            return self._tracker.statistics(query, self.clock())
        from ..domain.statistics import statistics

        return statistics(self._tracker.list(query), self.clock())

    def activity(
        self,
        *,
        issue: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[Activity]:
        """Raises NotAllowed where the tracker keeps no log."""
        if not isinstance(self._tracker, Remembers):
            raise NotAllowed(
                f"{self._tracker.name} keeps no log of changes that can be asked. "
                "Look at the issue itself: issue show N"
            )
        return self._tracker.activity(
            issue=issue, actor=actor, since=since, after=after, limit=limit
        )

    def entries(self, kind: type[E]) -> Sequence[E]:
        """All labels, milestones or users, by name. This and the next two raise NotAllowed where
        the tracker keeps none."""
        return self._catalogue.entries(kind)

    def save(self, entry: Entry, *, was: str | None = None) -> None:
        """Make an entry, or change the one called `was`: see `trackers.base.Catalogues`."""
        self._catalogue.save(entry, was=was, actor=self.identity.name)

    def remove(self, kind: type[Entry], name: str) -> None:
        """Take an entry away, off all issues too. Raises EntryNotFound."""
        self._catalogue.remove(kind, name, actor=self.identity.name)

    @property
    def _catalogue(self) -> Catalogues:
        if not isinstance(self._tracker, Catalogues):
            raise NotAllowed(
                f"{self._tracker.name} keeps labels, milestones and users only on its issues. "
                "Change them there: issue edit N"
            )
        return self._tracker

    def _ready(self) -> Iterator[Issue]:
        records, now = self._leases.records(), self.clock()
        if not isinstance(self._tracker, Indexes):
            from ..domain.graph import ready

            yield from ready(self._tracker.list(), records, now)
            return
        given, limit = 0, 20
        while True:
            found = self._tracker.ready(records, now, limit)
            yield from found[given:]
            if len(found) < limit:
                return
            given, limit = limit, limit * 8

    def _asked(self, search: Search | Query) -> Query:
        if isinstance(search, Query):
            return search
        claimed = search.claimed
        return search.query if claimed is None else self._by_claim(search.query, claimed)

    def _by_claim(self, query: Query, claimed: bool) -> Query:
        """Leases are no matter of the tracker: it is told which issues they mean."""
        held = frozenset(lease.key for lease in self.claims.held())
        # No issue has an empty id, so that "one of none" matches nothing.
        one_of = Match(field=Field.ID, any_of=held or frozenset({""}), negated=not claimed)
        return replace(query, where=(*query.where, one_of))


def _workable(search: Search | Query) -> Query:
    """Which of the ready issues are meant."""
    if isinstance(search, Search):
        if search.claimed:
            raise UsageError(
                "What is claimed is never ready. List it: issue list --query is:claimed"
            )
        search = search.query
    if search.sort:
        raise UsageError(
            "What is ready comes in the order to work on it. Leave `sort:` out, or use issue list."
        )
    return search
