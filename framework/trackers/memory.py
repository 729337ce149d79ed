"""Issues in this process: for rehearsals and tests, gone with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from secrets import token_hex
from threading import RLock
from typing import TypeVar

from ..clock import Clock, utcnow
from ..domain.activity import Activity, FieldChange, Kind
from ..domain.entry import Entry, Label, Milestone, User
from ..domain.graph import ready
from ..domain.issue import Change, Comment, Draft, Issue
from ..domain.lease import Record
from ..domain.query import Query
from . import _catalogue, _rules
from ._activity import changes, entry_changes, kind_of
from ._query import as_stored
from ._rules import storable
from ._select import cut, matching
from .base import RUNNER

E = TypeVar("E", Label, Milestone, User)

_ALL = Query()


class MemoryTracker:
    """All that `Tracker`, `Deletes`, `CreatesMany`, `Catalogues`, `Remembers` and `Indexes`
    promise, for the threads of one process.

    Not promised: anything after the process has ended, or speed.
    """

    name = "memory"
    whole = True

    def __init__(self, clock: Clock = utcnow) -> None:
        self._clock = clock
        self._store = f"memory:{token_hex(4)}"
        self._lock = RLock()
        self._issues: dict[str, Issue] = {}
        self._comments: dict[str, list[Comment]] = {}
        self._keys: dict[str, str] = {}
        self._entries: dict[type[Entry], dict[str, Entry]] = {Label: {}, Milestone: {}, User: {}}
        self._activity: list[Activity] = []
        self._issues_made = 0
        self._comment_ids = count(1)

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        query = as_stored(query)
        with self._lock:
            return cut(matching(self._every(), query), query)

    def count(self, query: Query = _ALL) -> int:
        with self._lock:
            return len(matching(self._every(), as_stored(query)))

    def get(self, id: str) -> Issue:
        with self._lock:
            if id not in self._issues:
                raise _rules.not_found(id)
            return self._issues[id]

    def comments(self, id: str) -> Sequence[Comment]:
        with self._lock:
            self.get(id)
            return tuple(self._comments[id])

    def create(self, draft: Draft, *, author: str = RUNNER) -> Issue:
        return self.create_many((draft,), author=author)[0]

    def create_many(self, drafts: Sequence[Draft], *, author: str = RUNNER) -> Sequence[Issue]:
        with self._lock:
            answers, new = _rules.batch(
                drafts,
                first=self._issues_made + 1,
                store=self._store,
                author=author,
                now=self._clock(),
                known=self._known,
                require=self.get,
            )
            for issue in new:
                self._comments[issue.id] = []
                if issue.key is not None:
                    self._keys[issue.key] = issue.id
                self._keep(issue)
                self._note(Kind.CREATED, author, issue.id, changes(None, issue))
            self._issues_made += len(new)
            return tuple(answers)

    def update(
        self, id: str, change: Change, *, actor: str = RUNNER, forced: bool = False
    ) -> Issue:
        with self._lock:
            before = self.get(id)
            self._require(change.add_depends_on)
            after = _rules.edited(before, change, self._clock())
            if set(after.depends_on) - set(before.depends_on):
                _rules.refuse_cycle(after, {one.id: one.depends_on for one in self._every()})
            if after is not before:
                self._keep(after)
                self._note(kind_of(before, after), actor, id, changes(before, after), forced)
            return after

    def comment(
        self, id: str, text: str, *, author: str, key: str | None = None, forced: bool = False
    ) -> Comment:
        key = None if key is None else storable(key)
        with self._lock:
            for comment in self.comments(id):
                if key is not None and comment.key == key:
                    return comment
            comment = Comment(
                id=str(next(self._comment_ids)),
                issue=id,
                author=storable(author),
                text=storable(text),
                created_at=self._clock(),
                key=key,
            )
            self._comments[id].append(comment)
            said = FieldChange(field="comment", before=None, after=comment.id)
            self._note(Kind.COMMENTED, author, id, (said,), forced)
            return comment

    def delete(self, id: str, *, actor: str = RUNNER, forced: bool = False) -> None:
        with self._lock:
            gone = self.get(id)
            del self._issues[id], self._comments[id]
            self._note(Kind.DELETED, actor, id, changes(gone, None), forced)
            for one in [issue.id for issue in self._every() if id in issue.depends_on]:
                self.update(one, Change(remove_depends_on=frozenset({id})), actor=actor)

    def entries(self, kind: type[E]) -> Sequence[E]:
        with self._lock:
            entries = self._entries[kind]
            return tuple(one for _, one in sorted(entries.items()) if isinstance(one, kind))

    def save(self, entry: Entry, *, was: str | None = None, actor: str = RUNNER) -> None:
        entry = _catalogue.as_stored(entry)
        with self._lock:
            known = self._entries[type(entry)]
            before = None if was is None else self._entry(type(entry), storable(was))
            if entry.name in known and entry.name != (before and before.name):
                raise _catalogue.already_there(entry)
            if entry == before:
                return
            if before is not None:
                self._rename(type(entry), before.name, entry.name)
            known[entry.name] = entry
            self._note(Kind.LISTED, actor, None, entry_changes(before, entry))

    def remove(self, kind: type[Entry], name: str, *, actor: str = RUNNER) -> None:
        with self._lock:
            gone = self._entry(kind, storable(name))
            self._rename(kind, gone.name, None)
            self._note(Kind.UNLISTED, actor, None, entry_changes(gone, None))

    def activity(
        self,
        *,
        issue: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[Activity]:
        with self._lock:
            found = [
                one
                for one in self._activity[max(after, 0) :]
                if (issue is None or one.issue == issue)
                and (actor is None or one.actor == storable(actor))
                and (since is None or one.at >= since)
            ]
        return tuple(found if limit is None else found[max(len(found) - limit, 0) :])

    def ready(self, records: Mapping[str, Record], now: datetime, limit: int) -> Sequence[Issue]:
        return ready(self.list(), records, now)[:limit]

    def close(self) -> None:
        """Nothing is open."""

    def _every(self) -> tuple[Issue, ...]:
        return tuple(self._issues.values())

    def _keep(self, issue: Issue) -> None:
        self._issues[issue.id] = issue
        for entry in _catalogue.named(issue):
            self._entries[type(entry)].setdefault(entry.name, entry)

    def _rename(self, kind: type[Entry], was: str, now_called: str | None) -> None:
        del self._entries[kind][was]
        for issue in self._every():
            self._issues[issue.id] = _catalogue.renamed(issue, kind, was, now_called)

    def _entry(self, kind: type[Entry], name: str) -> Entry:
        if name not in self._entries[kind]:
            raise _catalogue.not_there(kind, name)
        return self._entries[kind][name]

    def _known(self, key: str) -> Issue | None:
        if key not in self._keys:
            return None
        id = self._keys[key]
        if id not in self._issues:
            raise _rules.deleted(id, key)
        return self._issues[id]

    def _require(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.get(id)

    def _note(
        self,
        kind: Kind,
        actor: str,
        issue: str | None,
        differences: tuple[FieldChange, ...],
        forced: bool = False,
    ) -> None:
        self._activity.append(
            Activity(
                id=len(self._activity) + 1,
                at=self._clock(),
                kind=kind,
                actor=storable(actor),
                issue=issue,
                changes=differences,
                forced=forced,
            )
        )
