"""A tracker that goes on while the one behind it is away, and tells it everything afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock

from ..clock import Clock, utcnow
from ..domain.errors import ForgeRefused, TrackerError, TrackerUnavailable
from ..domain.frozen import replace
from ..domain.issue import Change, Comment, Draft, Issue
from ..domain.lease import Process
from ..domain.outgoing import Backlog, DeadLetter, Flushed
from ..domain.query import Query
from ..domain.trouble import Kind
from ..effect import effect
from ._overlay import as_comment, changed, remarks, told
from ._query import as_stored
from ._queue import Queue
from ._rules import storable
from ._select import cut, matching
from ._telling import Remark, Telling
from .base import RUNNER, Concludes, CreatesMany, Tracker

_ALL = Query()
_LOCKED_OUT = frozenset({Kind.AUTHENTICATION, Kind.BILLING})
_OURS = "outbox:"
"""How the keys begin that comments without one are given, so that none is made twice."""


class Outbox:
    """All that `Tracker` promises, over `tracker` and a queue in the file `path`.

    Changes and comments are kept while the tracker cannot be reached, and as long as something
    else waits for the same issue; the caller gets the issue as it will be. `flush` tells them:
    each issue's in order, all of them at least once, and none with a second effect: comments
    carry keys, and changes set what they name. That holds after any crash.

    Answers show what waits as if it had been told. With the tracker away `get` gives what was
    last seen of an issue, while `list`, `count`, `comments` and `create` raise
    TrackerUnavailable, and so does a change of an issue that was never seen. No optional protocol
    but `CreatesMany` is offered: an index of the tracker's knows nothing of what waits.

    Not promised: that a change waits for ever for what people do meanwhile (the last word is
    the one that the tracker hears last), or order when a process that was stopped for longer
    than its turn goes on in the middle of telling. `process` is the calling one, and `is_alive`
    says of another whether it may still be telling. Each tracker needs a file of its own. Titles
    and texts go through `clean` before anybody gets them.
    """

    def __init__(
        self,
        tracker: Tracker,
        path: Path,
        *,
        process: Process,
        is_alive: Callable[[Process], bool],
        clock: Clock = utcnow,
        clean: Callable[[str], str] = str,
    ) -> None:
        self.name = tracker.name
        self.whole = isinstance(tracker, CreatesMany) and tracker.whole
        self._clean = clean
        self._tracker = self.behind = tracker
        self._clock = clock
        self._queue = Queue(path, process, is_alive)
        self._flushing = Lock()
        self._listed: Sequence[Issue] = ()
        self._seen: dict[str, Issue] = {}

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        # What waits is read first: what is told meanwhile is then shown twice, which does not
        # harm, instead of not at all.
        if not (pending := self._queue.pending()):
            return self._note(query, self._tracker.list(query))
        every = self._note(_ALL, self._tracker.list(_ALL))
        query = as_stored(query)
        return cut(matching([told(one, pending.get(one.id, ())) for one in every], query), query)

    def count(self, query: Query = _ALL) -> int:
        if not self._queue.pending():
            return self._tracker.count(query)
        return len(self.list(replace(query, limit=None, offset=0)))

    def get(self, id: str) -> Issue:
        waiting = self._waiting(id)
        try:
            issue = self._keep(self._tracker.get(id))
        except TrackerError as error:
            if not _is_away(error) or (known := self._known(id)) is None:
                raise
            issue = known
        return told(issue, waiting)

    def comments(self, id: str) -> Sequence[Comment]:
        waiting = self._waiting(id)
        made = self._tracker.comments(id)
        return tuple(_shown(one) for one in (*made, *remarks(waiting, made)))

    def create(self, draft: Draft, *, author: str = RUNNER) -> Issue:
        return self.create_many((draft,), author=author)[0]

    def create_many(self, drafts: Sequence[Draft], *, author: str = RUNNER) -> Sequence[Issue]:
        """One after another where the tracker has nothing better."""
        drafts = [
            replace(one, title=self._clean(one.title), body=self._clean(one.body)) for one in drafts
        ]
        if isinstance(self._tracker, CreatesMany):
            made = self._tracker.create_many(drafts, author=author)
        else:
            made = [self._tracker.create(one, author=author) for one in drafts]
        return tuple(self._keep(one) for one in made)

    def update(
        self, id: str, change: Change, *, actor: str = RUNNER, forced: bool = False
    ) -> Issue:
        change = self._cleaned(change)
        if not self._waiting(id):
            try:
                return self._keep(self._tracker.update(id, change, actor=actor, forced=forced))
            except TrackerError as error:
                if not _is_away(error) or self._known(id) is None:
                    raise
        issue = self._known(id) or self._keep(self._tracker.get(id))
        after = changed(told(issue, self._waiting(id)), change, self._clock())
        self._postpone(id, change, actor, forced)
        return after

    def comment(
        self, id: str, text: str, *, author: str, key: str | None = None, forced: bool = False
    ) -> Comment:
        text = self._clean(text)
        key = f"{_OURS}{secrets.token_hex(16)}" if key is None else storable(key)
        remark = Remark(text=text, key=key)
        if not (waiting := self._waiting(id)):
            try:
                return _shown(
                    self._tracker.comment(id, text, author=author, key=key, forced=forced)
                )
            except TrackerError as error:
                if not _is_away(error):
                    raise
                waiting = self._waiting(id)
        for one in remarks(waiting):
            if one.key == key:
                return one
        return _shown(as_comment(self._postpone(id, remark, author, forced), remark))

    def conclude(self, id: str, change: Change, text: str, *, author: str, key: str) -> Issue:
        """As `comment` and then `update`, in one request where the tracker can do that."""
        if isinstance(self._tracker, Concludes) and not self._waiting(id):
            change, text = self._cleaned(change), self._clean(text)
            try:
                with effect("comment"), effect("state"):
                    done = self._tracker.conclude(id, change, text, author=author, key=key)
                return self._keep(done)
            except TrackerError as error:
                if not _is_away(error) or self._known(id) is None:
                    raise
        with effect("comment"):
            self.comment(id, text, author=author, key=key)
        with effect("state"):
            return self.update(id, change, actor=author)

    def flush(self, most: int | None = None) -> Flushed:
        """Tell what waits, at most `most` of it, and stop as soon as the tracker is away.

        What it refuses for good is put among the dead letters, and the rest goes on. Nothing is
        told while it is another process's turn.
        """
        with self._flushing:
            if not self._queue.pending() or not self._queue.take_turn(self._clock()):
                return Flushed(left=self.backlog().count)
            try:
                return self._tell(most)
            finally:
                self._queue.end_turn()

    def backlog(self) -> Backlog:
        """How much waits."""
        waiting = [one for tellings in self._queue.pending().values() for one in tellings]
        return Backlog(count=len(waiting), oldest=min((one.at for one in waiting), default=None))

    def refused(self) -> Sequence[DeadLetter]:
        """All that the tracker refused for good, in order, but for what people have retried or
        dropped."""
        return self._queue.refused()

    def retry(self, numbers: Iterable[int]) -> None:
        """Let these dead letters wait again, behind all others. Raises UsageError for an unknown
        number; none of them waits then. Nothing is told before the next `flush`."""
        self._queue.restore(numbers)

    def close(self) -> None:
        """Close the tracker too. What waits is told by whoever opens the file next."""
        try:
            self._queue.close()
        finally:
            self._tracker.close()

    def _tell(self, most: int | None) -> Flushed:
        sent, away = 0, None
        refused: tuple[DeadLetter, ...] = ()
        while most is None or sent + len(refused) < most:
            if (telling := self._queue.next(self._clock())) is None:
                break
            try:
                self._send(telling)
            except TrackerError as error:
                if _is_away(error):
                    away = str(error)
                    break
                refused += (self._queue.refuse(telling, str(error), self._clock()),)
            else:
                self._queue.done(telling)
                sent += 1
        left = self.backlog().count
        return Flushed(sent=sent, left=left, refused=refused, away=away)

    def _send(self, telling: Telling) -> None:
        issue, by, forced = telling.issue, telling.by, telling.forced
        match telling.what:
            case Change() as change:
                with effect("state"):
                    self._keep(self._tracker.update(issue, change, actor=by, forced=forced))
            case Remark(text=text, key=key):
                with effect("comment"):
                    self._tracker.comment(issue, text, author=by, key=key, forced=forced)

    def _postpone(self, id: str, what: Change | Remark, by: str, forced: bool) -> Telling:
        with effect("outbox"):
            return self._queue.add(id, what, by, forced, self._clock())

    def _cleaned(self, change: Change) -> Change:
        if change.title is not None:
            change = replace(change, title=self._clean(change.title))
        if change.body is not None:
            change = replace(change, body=self._clean(change.body))
        return change

    def _waiting(self, id: str) -> Sequence[Telling]:
        return self._queue.pending().get(id, ())

    def _note(self, query: Query, issues: Sequence[Issue]) -> Sequence[Issue]:
        if query == _ALL:
            self._listed = issues
        else:
            self._seen.update((one.id, one) for one in issues)
        return issues

    def _keep(self, issue: Issue) -> Issue:
        self._seen[issue.id] = issue
        return issue

    def _known(self, id: str) -> Issue | None:
        """What was last seen of it. Listings and single issues arrive from several threads, so
        the issue itself says which is newer."""
        seen = [self._seen[id]] if id in self._seen else []
        seen += [one for one in self._listed if one.id == id]
        return max(seen, key=lambda one: one.updated_at, default=None)


def _is_away(error: TrackerError) -> bool:
    """Whether it may hear later what it does not hear now: also from somebody whose token was
    taken away, once a person has given another."""
    if isinstance(error, ForgeRefused):
        return error.trouble.kind in _LOCKED_OUT
    return isinstance(error, TrackerUnavailable)


def _shown(comment: Comment) -> Comment:
    ours = comment.key is not None and comment.key.startswith(_OURS)
    return replace(comment, key=None) if ours else comment
