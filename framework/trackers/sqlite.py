"""Issues in one SQLite file: the default, no account needed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..clock import Clock, utcnow
from ..domain.activity import Activity, FieldChange, Kind
from ..domain.entry import Entry, Label, Milestone, User
from ..domain.finding import Finding
from ..domain.issue import Change, Comment, Draft, Issue
from ..domain.lease import Record
from ..domain.query import Query
from . import _chains, _entries, _log, _rows, _rules
from ._activity import changes, entry_changes, kind_of
from ._catalogue import as_stored
from ._clauses import ID
from ._database import Database
from ._ready import ready
from ._rules import storable
from ._where import number, page
from .base import DAY, RUNNER

if TYPE_CHECKING:
    from ..domain.statistics import Statistics

E = TypeVar("E", Label, Milestone, User)

_ALL = Query()
_BEHIND = """
    WITH RECURSIVE behind (id) AS (
        SELECT value FROM json_each(?)
        UNION SELECT needs FROM behind JOIN dependencies ON issue = id
    )
"""
_IS_BEHIND = f"{_BEHIND} SELECT 1 FROM behind WHERE id = ? LIMIT 1"  # noqa: S608
_EDGES_BEHIND = f"{_BEHIND} SELECT issue, needs FROM behind JOIN dependencies ON issue = id"  # noqa: S608


class SqliteTracker:
    """All that `Tracker` and the optional protocols beside it promise, for threads and for
    processes on one machine.

    Promised besides: what a call returned from survives a crash of the machine. Not promised:
    a file on a network file system, or use of one object on both sides of a fork. `patience` is
    how many seconds to wait for another process's write before TrackerUnavailable.
    """

    name = "sqlite"
    whole = True

    def __init__(self, path: Path, clock: Clock = utcnow, *, patience: float = 10.0) -> None:
        self._clock = clock
        self._database = Database(path, patience, clock())

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        with self._database.reading() as connection:
            ids = [row[0] for row in connection.execute(*page(connection, query))]
            return self._load(connection, ids)

    def count(self, query: Query = _ALL) -> int:
        with self._database.reading() as connection:
            (found,) = connection.execute(*number(connection, query)).fetchone()
        return int(found)

    def get(self, id: str) -> Issue:
        with self._database.reading() as connection:
            return self._get(connection, id)

    def comments(self, id: str) -> Sequence[Comment]:
        with self._database.reading() as connection:
            _require(connection, id)
            rows = connection.execute("SELECT * FROM comments WHERE issue = ? ORDER BY id", (id,))
            return _rows.comments(rows)

    def create(self, draft: Draft, *, author: str = RUNNER) -> Issue:
        return self.create_many((draft,), author=author)[0]

    def create_many(self, drafts: Sequence[Draft], *, author: str = RUNNER) -> Sequence[Issue]:
        with self._database.writing() as connection:
            now = self._clock()
            answers, new = _rules.batch(
                drafts,
                first=_next_id(connection),
                store=self._database.store,
                author=author,
                now=now,
                known=lambda key: self._known(connection, key),
                require=lambda id: _require(connection, id),
            )
            _entries.enter(connection, new)
            _rows.insert(connection, new)
            _chains.added(connection, new)
            made = ((issue.id, changes(None, issue)) for issue in new)
            _log.note(connection, now, Kind.CREATED, storable(author), made)
            return tuple(answers)

    def update(
        self, id: str, change: Change, *, actor: str = RUNNER, forced: bool = False
    ) -> Issue:
        with self._database.writing() as connection:
            before = self._get(connection, id)
            for one in change.add_depends_on:
                _require(connection, one)
            after = _rules.edited(before, change, now := self._clock())
            _refuse_cycle(connection, before, after)
            if after is not before:
                self._write(connection, before, after, now, actor, forced)
            return after

    def comment(
        self, id: str, text: str, *, author: str, key: str | None = None, forced: bool = False
    ) -> Comment:
        key = None if key is None else storable(key)
        with self._database.writing() as connection:
            _require(connection, id)
            known = connection.execute(
                "SELECT * FROM comments WHERE issue = ? AND key = ?", (id, key)
            ).fetchall()
            if known:
                return _rows.comments(known)[0]
            now = self._clock()
            values = (id, storable(author), storable(text), _rows.stamp(now), key)
            made_as = connection.execute(
                "INSERT INTO comments (issue, author, text, created_at, key)"
                " VALUES (?, ?, ?, ?, ?)",
                values,
            ).lastrowid
            said = FieldChange(field="comment", before=None, after=str(made_as))
            _log.note(connection, now, Kind.COMMENTED, storable(author), [(id, (said,))], forced)
            return _rows.comment_of((made_as, *values))

    def delete(self, id: str, *, actor: str = RUNNER, forced: bool = False) -> None:
        with self._database.writing() as connection:
            now, gone = self._clock(), self._get(connection, id)
            _log.note(
                connection, now, Kind.DELETED, storable(actor), [(id, changes(gone, None))], forced
            )
            unneeded = Change(remove_depends_on=frozenset({id}))
            for one in self._load(connection, _dependants(connection, id)):
                self._write(connection, one, _rules.edited(one, unneeded, now), now, actor)
            connection.execute("DELETE FROM issues WHERE id = ?", (id,))
            _chains.shortened(connection, gone.depends_on)

    def entries(self, kind: type[E]) -> Sequence[E]:
        with self._database.reading() as connection:
            return _entries.every(connection, kind)

    def save(self, entry: Entry, *, was: str | None = None, actor: str = RUNNER) -> None:
        entry = as_stored(entry)
        with self._database.writing() as connection:
            before = None
            if was is not None:
                before = _entries.find(connection, type(entry), storable(was))
            if entry != before:
                _entries.put(connection, before, entry)
                self._note_entry(connection, Kind.LISTED, actor, before, entry)

    def remove(self, kind: type[Entry], name: str, *, actor: str = RUNNER) -> None:
        with self._database.writing() as connection:
            gone = _entries.find(connection, kind, storable(name))
            _entries.remove(connection, gone)
            self._note_entry(connection, Kind.UNLISTED, actor, gone, None)

    def activity(
        self,
        *,
        issue: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[Activity]:
        if issue is not None and not ID.fullmatch(issue):
            return ()
        actor = None if actor is None else storable(actor)
        with self._database.reading() as connection:
            return _log.read(
                connection, issue=issue, actor=actor, since=since, after=after, limit=limit
            )

    def ready(self, records: Mapping[str, Record], now: datetime, limit: int) -> Sequence[Issue]:
        with self._database.reading() as connection:
            return self._load(connection, ready(connection, records, now, limit))

    def statistics(self, query: Query, now: datetime) -> Statistics:
        from ._statistics import statistics  # what only `issue stats` needs

        with self._database.reading() as connection:
            return statistics(connection, query, now)

    def check(self, *, repair: bool) -> Sequence[Finding]:
        from ._check import check  # what only a doctor needs

        return check(self._database, self._clock(), repair=repair)

    def back_up(self, *, every: timedelta = DAY) -> Path | None:
        return self._database.back_up(self._clock(), every)

    def close(self) -> None:
        self._database.close()

    def _get(self, connection: sqlite3.Connection, id: str) -> Issue:
        _require(connection, id)
        return self._load(connection, (int(id),))[0]

    def _load(self, connection: sqlite3.Connection, ids: Sequence[int]) -> tuple[Issue, ...]:
        return _rows.load(connection, ids, self._database.store)

    def _known(self, connection: sqlite3.Connection, key: str) -> Issue | None:
        row = connection.execute(
            "SELECT k.issue, i.id FROM keys k LEFT JOIN issues i ON i.id = k.issue WHERE key = ?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        if row[1] is None:
            raise _rules.deleted(str(row[0]), key)
        return self._load(connection, row[1:])[0]

    def _write(
        self,
        connection: sqlite3.Connection,
        before: Issue,
        after: Issue,
        now: datetime,
        actor: str,
        forced: bool = False,
    ) -> None:
        _entries.enter(connection, (after,))
        _rows.write(connection, before, after)
        _chains.changed(connection, before, after)
        differences = [(after.id, changes(before, after))]
        _log.note(connection, now, kind_of(before, after), storable(actor), differences, forced)

    def _note_entry(
        self,
        connection: sqlite3.Connection,
        kind: Kind,
        actor: str,
        before: Entry | None,
        after: Entry | None,
    ) -> None:
        differences = [(None, entry_changes(before, after))]
        _log.note(connection, self._clock(), kind, storable(actor), differences)


def _require(connection: sqlite3.Connection, id: str) -> None:
    if not ID.fullmatch(id):
        raise _rules.not_found(id)
    if connection.execute("SELECT 1 FROM issues WHERE id = ?", (id,)).fetchone() is None:
        raise _rules.not_found(id)


def _next_id(connection: sqlite3.Connection) -> int:
    """One more than the highest that ever was."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'issues'").fetchone()
    return row[0] + 1 if row else 1


def _dependants(connection: sqlite3.Connection, id: str) -> list[int]:
    rows = connection.execute(
        "SELECT issue FROM dependencies WHERE needs = ? ORDER BY issue", (id,)
    )
    return [row[0] for row in rows]


def _refuse_cycle(connection: sqlite3.Connection, before: Issue, after: Issue) -> None:
    """Raises TrackerError if what is newly waited for waits, in the end, for the issue itself."""
    new = [int(one) for one in set(after.depends_on) - set(before.depends_on)]
    if not new:
        return
    start, id = json.dumps(new), int(after.id)
    if connection.execute(_IS_BEHIND, (start, id)).fetchone() is not None:
        edges: dict[str, list[str]] = {}
        for issue, needs in connection.execute(_EDGES_BEHIND, (start,)):
            edges.setdefault(str(issue), []).append(str(needs))
        _rules.refuse_cycle(after, edges)
