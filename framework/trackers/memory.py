"""Issues in this process: for rehearsals and tests, gone with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from secrets import token_hex
from threading import RLock

from ..domain.errors import IssueDeleted
from ..domain.issue import Change, Comment, Draft, Issue
from ..domain.query import Query
from ._rules import as_stored, edited, made, not_found, refuse_cycle, storable
from .base import Clock, utcnow

_ALL = Query()


class MemoryTracker:
    """All that `Tracker` and `Deletes` promise, for the threads of one process.

    Not promised: anything after the process has ended.
    """

    name = "memory"

    def __init__(self, clock: Clock = utcnow) -> None:
        self._clock = clock
        self._store = token_hex(4)
        self._lock = RLock()
        self._issues: dict[str, Issue] = {}
        self._comments: dict[str, list[Comment]] = {}
        self._keys: dict[str, str] = {}
        self._issues_made = 0
        self._comments_made = 0

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        query = as_stored(query)
        with self._lock:
            matching = (issue for issue in self._issues.values() if query.matches(issue))
            return tuple(islice(matching, query.limit))

    def get(self, id: str) -> Issue:
        with self._lock:
            if id not in self._issues:
                raise not_found(id)
            return self._issues[id]

    def comments(self, id: str) -> Sequence[Comment]:
        with self._lock:
            self.get(id)
            return tuple(self._comments[id])

    def create(self, draft: Draft) -> Issue:
        key = None if draft.key is None else storable(draft.key)
        with self._lock:
            if key is not None and key in self._keys:
                return self._known(key)
            self._require(draft.depends_on)
            id = str(self._issues_made + 1)
            uid = f"memory:{self._store}/{id}"
            issue = made(draft, id=id, uid=uid, key=key, now=self._clock())
            self._issues_made += 1
            self._issues[id] = issue
            self._comments[id] = []
            if key is not None:
                self._keys[key] = id
            return issue

    def update(self, id: str, change: Change) -> Issue:
        with self._lock:
            before = self.get(id)
            self._require(change.add_depends_on)
            after = edited(before, change, self._clock())
            if set(after.depends_on) - set(before.depends_on):
                refuse_cycle(after, {one.id: one.depends_on for one in self._issues.values()})
            self._issues[id] = after
            return after

    def comment(self, id: str, text: str, *, author: str, key: str | None = None) -> Comment:
        key = None if key is None else storable(key)
        with self._lock:
            for comment in self.comments(id):
                if key is not None and comment.key == key:
                    return comment
            self._comments_made += 1
            comment = Comment(
                id=str(self._comments_made),
                issue=id,
                author=storable(author),
                text=storable(text),
                created_at=self._clock(),
                key=key,
            )
            self._comments[id].append(comment)
            return comment

    def delete(self, id: str) -> None:
        with self._lock:
            self.get(id)
            del self._issues[id], self._comments[id]
            unneeded = Change(remove_depends_on=frozenset({id}))
            now = self._clock()
            self._issues = {
                one: edited(issue, unneeded, now) for one, issue in self._issues.items()
            }

    def close(self) -> None:
        """Nothing is open."""

    def _known(self, key: str) -> Issue:
        id = self._keys[key]
        if id not in self._issues:
            raise IssueDeleted(
                f"Issue {id}, made with the key {key!r}, was deleted and is not made again. "
                "Use another key to make a new one."
            )
        return self._issues[id]

    def _require(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.get(id)
