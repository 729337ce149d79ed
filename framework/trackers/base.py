"""The door to issues, wherever they live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from ..domain.activity import Activity
from ..domain.entry import Entry, Label, Milestone, User
from ..domain.finding import Finding
from ..domain.issue import Change, Comment, Draft, Issue
from ..domain.lease import Record
from ..domain.query import Query

if TYPE_CHECKING:
    from ..domain.statistics import Statistics

E = TypeVar("E", Label, Milestone, User)

DAY = timedelta(days=1)

RUNNER = "nightshift"
"""Who changes issues when nobody is named."""


class Tracker(Protocol):
    """Where issues live. Synchronous; may be called from several threads and processes."""

    name: str

    def list(self, query: Query = ...) -> Sequence[Issue]:
        """The matching issues, sorted as the query says. Raises TrackerUnavailable when it could
        not ask: an empty list always means that there are none."""

    def count(self, query: Query = ...) -> int:
        """How many issues match, whatever the query's `limit` and `offset`."""

    def get(self, id: str) -> Issue:
        """One issue. Raises IssueNotFound."""

    def comments(self, id: str) -> Sequence[Comment]:
        """The comments of an issue, oldest first. Raises IssueNotFound."""

    def create(self, draft: Draft, *, author: str = RUNNER) -> Issue:
        """Make an issue, once.

        With a `key`: if an issue with it exists, that one is returned unchanged; if a person
        deleted it, IssueDeleted is raised. Both hold after any crash. Dependencies must exist
        (IssueNotFound).
        """

    def update(
        self, id: str, change: Change, *, actor: str = RUNNER, forced: bool = False
    ) -> Issue:
        """Change an issue in one step and return it. Leaving the states of `DONE` counts as a
        reopening. `forced` is noted down with the change.
        Raises IssueNotFound, TransitionRefused, and TrackerError for a dependency that would
        close a cycle. A change that changes nothing does not touch `updated_at`."""

    def comment(
        self, id: str, text: str, *, author: str, key: str | None = None, forced: bool = False
    ) -> Comment:
        """Add a comment. With a `key`, at most one of that key per issue: a second call returns
        the first comment. Raises IssueNotFound."""

    def close(self) -> None:
        """Give back what is open. The tracker must not be used afterwards."""


@runtime_checkable
class Deletes(Protocol):
    """Trackers on which an issue can be deleted. Its key stays taken, and other issues no
    longer depend on it."""

    def delete(self, id: str, *, actor: str = RUNNER, forced: bool = False) -> None:
        """Raises IssueNotFound."""


@runtime_checkable
class CreatesMany(Protocol):
    """Trackers that make many issues in one step, or in few."""

    whole: bool
    """Whether it is all or none. Where not, what was made before an error stays, and whoever
    comes again with the same keys gets it."""

    def create_many(self, drafts: Sequence[Draft], *, author: str = RUNNER) -> Sequence[Issue]:
        """As `create` for each in turn. A draft may depend on an earlier one of the
        same step by that one's `key`, written `key:NAME`."""


@runtime_checkable
class Concludes(Protocol):
    """Trackers that take a comment and a change in one request."""

    def conclude(self, id: str, change: Change, text: str, *, author: str, key: str) -> Issue:
        """As `comment` with the key and then `update`, in one request where that can be. After an
        error either, both or none may have been done, the change without the comment as well, and
        all of it can be repeated. An issue that others closed meanwhile stays closed and gets the
        comment."""


@runtime_checkable
class Catalogues(Protocol):
    """Trackers that keep labels, milestones and users as things of their own.

    What an issue names is an entry too, without further say, and stays one. Changes of entries
    do not touch the `updated_at` of issues.
    """

    def entries(self, kind: type[E]) -> Sequence[E]:
        """All entries of the kind, by name."""

    def save(self, entry: Entry, *, was: str | None = None, actor: str = RUNNER) -> None:
        """Make an entry, or change the one called `was`; a new name is changed on all issues
        too. Raises AlreadyThere when the new name is taken, EntryNotFound when `was` is not
        there, TrackerError for an empty name."""

    def remove(self, kind: type[Entry], name: str, *, actor: str = RUNNER) -> None:
        """Take the entry away, off all issues too. Raises EntryNotFound."""


@runtime_checkable
class Remembers(Protocol):
    """Trackers that keep a log of all changes, each written in the change's own transaction."""

    def activity(
        self,
        *,
        issue: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[Activity]:
        """The entries with an id above `after`, oldest first; the last `limit` of them.

        The activity of a deleted issue stays. What changes nothing leaves none."""


@runtime_checkable
class Indexes(Protocol):
    """Trackers that know the ready issues without reading all."""

    def ready(self, records: Mapping[str, Record], now: datetime, limit: int) -> Sequence[Issue]:
        """The first `limit` of `domain.graph.ready` over all issues, exactly."""


@runtime_checkable
class Measures(Protocol):
    """Trackers that count without giving the issues away."""

    def statistics(self, query: Query, now: datetime) -> Statistics:
        """As `domain.statistics.statistics` of what `list` gives; medians to a millisecond."""


@runtime_checkable
class BacksUp(Protocol):
    """Trackers whose issues are in a file on this machine, which nobody else keeps safe."""

    def back_up(self, *, every: timedelta = DAY) -> Path | None:
        """A backup that is not older than `every` and lacks less than half of the issues: one
        that is made now where there is none. None while there are no issues. A few of the last
        are kept. Raises TrackerError where what would be copied is damaged, and
        TrackerUnavailable where no copy can be written."""


@runtime_checkable
class Checks(Protocol):
    """Trackers that can look through what they hold for damage."""

    def check(self, *, repair: bool) -> Sequence[Finding]:
        """All that was looked at, sound or not. With `repair`, what is kept beside the facts is
        made anew from them where it is wrong; the facts are never changed. Without it, nothing
        is changed."""
