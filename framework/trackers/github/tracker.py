"""The issues of a GitHub repository, as a tracker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from ...clock import Clock, utcnow
from ...domain.entry import Entry, Label, Milestone, User
from ...domain.errors import ForgeRefused, TrackerError, TrackerUnavailable
from ...domain.graph import ready
from ...domain.issue import Change, Comment, Draft, Issue, State
from ...domain.lease import Record
from ...domain.query import Query
from ...domain.trouble import Kind
from ...forge.github import GitHub, Mutation, ignore, sure
from .. import _catalogue, _rules
from .._query import as_stored
from .._rules import storable
from .._select import cut, matching
from ..base import RUNNER
from .board import ProjectsBoard
from .changing import FRESH, Changing
from .concluding import Concluding
from .making import number_of
from .mirror import Mirror
from .repository import Repository, reached
from .rooms import Rooms, furnished
from .seen import renamed_in
from .showing import Showing
from .tidying import Tidying

E = TypeVar("E", Label, Milestone, User)

_ALL = Query()
_DELETED = "{ repository { id } }"
_POLL = timedelta(seconds=10)


class GitHubTracker:
    """All that `Tracker`, `CreatesMany`, `Concludes`, `Catalogues`, `Deletes` and `Indexes`
    promise, for the issues of `owner`/`repo` on the server that people open at `url`, as the
    holder of `token`.

    `directory` is for what is remembered between runs; processes of this machine that share it
    take turns at writing. `store` is the short id of the store that holds the leases: with it a
    claim is shown to people, and another's claim is respected. `board`: False for none, True for
    one of our own, which is made only with `furnish`, or the number of one that is there. `api` is
    a client to be shared, closed with the tracker; without one it is made of `url`, `token` and
    `allowance`. A list asks GitHub if the last one that did was `fresh` ago, or is the first; until
    then it has our own changes only, and so has a single issue. `say` hears what people should
    know.

    Promised besides: people's edits win over ours where they are seen, which is when they are at
    least ten seconds old. Not promised: a step all of which is done or nothing, when the machine
    or GitHub dies in the middle of it; the same `create` again then finishes it. That a deleted
    issue's key stays taken on machines that never saw the issue. That nothing was changed where
    GitHub refuses no more than the comment of `conclude`. Users: they are GitHub's.

    A write in a repository that is archived raises TrackerUnavailable, as it can be told once it
    is not, and the next list raises the ForgeRefused that says so to whoever works there.
    """

    name = "github"
    whole = False

    def __init__(
        self,
        *,
        url: str = "https://github.com",
        owner: str,
        repo: str,
        token: str,
        directory: Path,
        store: str,
        board: bool | int = True,
        furnish: bool = True,
        api: GitHub | None = None,
        allowance: Path | None = None,
        fresh: timedelta = _POLL,
        clock: Clock = utcnow,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = ignore,
    ) -> None:
        self._fresh = fresh
        self._clock = clock
        self.api = api or GitHub(
            url=url, token=token, allowance=allowance, clock=clock, sleep=sleep, say=say
        )
        self._mirror = Mirror(directory)
        self._board: ProjectsBoard | None = None
        if board is not False:
            self._board = ProjectsBoard(
                self.api,
                owner=owner,
                repo=repo,
                path=directory / "board.db",
                title=f"{repo}: Nightshift",
                number=None if board is True else board,
                furnish=furnish,
                clock=clock,
                say=say,
            )
        self._archived: ForgeRefused | None = None
        self._reach: Callable[[], Repository] = lambda: reached(
            self.api,
            self._mirror,
            root=f"repos/{owner}/{repo}",
            home=f"{url.rstrip('/')}/{owner}/{repo}",
            token=token,
            store=store,
            clock=clock,
            sleep=sleep,
            say=say,
        )

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        return cut(self._found(query), query)

    def count(self, query: Query = _ALL) -> int:
        return len(self._found(query))

    def get(self, id: str) -> Issue:
        number = self._number(id)
        if not self._rooms.listing.knows(number, self._young()):
            self._rooms.ask(number)
        return self._rooms.issue(id)

    def comments(self, id: str) -> Sequence[Comment]:
        number = self._number(id)
        row = self._mirror.row(number)
        if row and not row.seen.comments and self._rooms.listing.knows(number, self._young()):
            return ()
        with self._rooms.noticing(number):
            return self._rooms.remarks.every(number)

    def create(self, draft: Draft, *, author: str = RUNNER) -> Issue:
        return self.create_many((draft,), author=author)[0]

    def create_many(self, drafts: Sequence[Draft], *, author: str = RUNNER) -> Sequence[Issue]:
        if not drafts:
            return ()
        with self._turn():
            made = self._rooms.making.create(drafts, author)
        self._show_changed()
        return made

    def update(
        self, id: str, change: Change, *, actor: str = RUNNER, forced: bool = False
    ) -> Issue:
        number = self._number(id)
        with self._turn():
            changed = self._changing.change(number, change, forced=forced)
            self._rooms.kin.mend()
            issue = self._rooms.issue(id)
            if changed and issue.state is State.IN_PROGRESS:
                self._mirror.keep_fact(f"agent {number}", storable(actor))
        if changed:
            self._show_changed()
        return issue

    def comment(
        self, id: str, text: str, *, author: str, key: str | None = None, forced: bool = False
    ) -> Comment:
        number = self._number(id)
        key = None if key is None else storable(key)
        with self._turn():
            self._rooms.require(id)
            seen = self._rooms.shelf.kept(number).row.seen
            with self._rooms.noticing(number):
                return self._rooms.remarks.write(
                    seen, storable(text), author=storable(author), key=key
                )

    def conclude(self, id: str, change: Change, text: str, *, author: str, key: str) -> Issue:
        """In one request for an issue that is closed for the first time, else in two."""
        number = self._number(id)
        with self._turn():
            self._rooms.require(id)
            by, name = storable(author), storable(key)
            if not self._concluding.conclude(number, change, storable(text), author=by, key=name):
                self.comment(id, text, author=author, key=key)
                return self.update(id, change, actor=author)
            issue = self._rooms.issue(id)
        self._show_changed()
        return issue

    def delete(self, id: str, *, actor: str = RUNNER, forced: bool = False) -> None:
        number = self._number(id)
        if not (at := self._rooms.at).is_admin:
            raise TrackerError(
                f"Only administrators of the repository can delete issues. Close issue {number} "
                f"instead, or ask one of them to delete it on {at.home}/issues/{number}."
            )
        with self._turn():
            self._rooms.ask(number)
            unneeded = Change(remove_depends_on=frozenset({id}))
            for one in self._rooms.shelf.dependants(number):
                self.update(str(one.row.seen.number), unneeded, actor=actor)
            node = self._rooms.shelf.kept(number).row.seen.node
            gone = Mutation(name="deleteIssue", input={"issueId": node}, select=_DELETED)
            sure(self.api.mutate([gone])[0])
            self._mirror.lose(number)

    def entries(self, kind: type[E]) -> Sequence[E]:
        catalogue, people = self._rooms.catalogue, self._rooms.people
        every: Sequence[Entry]
        if kind is Label:
            every = catalogue.labels()
        elif kind is Milestone:
            every = catalogue.milestones()
        else:
            every = [User(name=one) for one in people.logins()]
        return tuple(one for one in every if isinstance(one, kind))

    def save(self, entry: Entry, *, was: str | None = None, actor: str = RUNNER) -> None:
        entry = _catalogue.as_stored(entry)
        if isinstance(entry, User):
            raise self._no_users()
        was = None if was is None else storable(was)
        with self._turn():
            self._rooms.catalogue.save(entry, was)
            if was is not None and was != entry.name:
                self._rename(type(entry), was, entry.name)

    def remove(self, kind: type[Entry], name: str, *, actor: str = RUNNER) -> None:
        if kind is User:
            raise self._no_users()
        name = storable(name)
        with self._turn():
            self._rooms.catalogue.remove(Label if kind is Label else Milestone, name)
            self._rename(kind, name, None)

    def ready(self, records: Mapping[str, Record], now: datetime, limit: int) -> Sequence[Issue]:
        return ready(self.list(), records, now)[:limit]

    def close(self) -> None:
        """The board gets what it lacks, as far as that can be."""
        try:
            if self._board is not None:
                self._board.flush()
                self._board.close()
        finally:
            self._mirror.close()
            self.api.close()

    @cached_property
    def _rooms(self) -> Rooms:
        return furnished(self._reach())

    @cached_property
    def _changing(self) -> Changing:
        return Changing(self._rooms)

    @cached_property
    def _concluding(self) -> Concluding:
        return Concluding(self._rooms, self._changing)

    @cached_property
    def _tidying(self) -> Tidying:
        return Tidying(self._rooms.at, self._changing)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Ours to write, as `Mirror.turn`. In a repository that was archived meanwhile: not now."""
        with self._mirror.turn():
            try:
                yield
            except ForgeRefused as error:
                if error.trouble.kind is not Kind.FORBIDDEN or not self._is_archived():
                    raise
                why = (
                    "The repository is archived, so nothing in it can be changed. Unarchive it on "
                    f"{self._rooms.at.home}/settings and try again: what waits is told then."
                )
                self._archived = ForgeRefused(why, error.trouble, status=error.status)
                raise TrackerUnavailable(why) from error

    def _is_archived(self) -> bool:
        return bool(self.api.get(self._rooms.at.root).get("archived"))

    def _refuse_archived(self) -> None:
        """Who was refused a write hears why from each list, while the repository stays so."""
        if self._archived is not None:
            if self._is_archived():
                was = self._archived
                raise ForgeRefused(str(was), was.trouble, status=was.status)
            self._archived = None

    @cached_property
    def _showing(self) -> Showing | None:
        return None if self._board is None else Showing(self._rooms, self._board, self.update)

    def _young(self) -> timedelta:
        """Of what age an issue need not be asked for again."""
        return min(self._fresh, FRESH)

    def _found(self, query: Query) -> Sequence[Issue]:
        self._refuse_archived()
        if not self._rooms.listing.is_younger(self._fresh):
            self._rooms.listing.refresh()
        self._tidying.look()
        if self._showing is not None:
            self._showing.heed_moves()
            self._showing.tell()
            self._showing.board.gather()
        return matching(self._rooms.shelf.every(), as_stored(query))

    def _number(self, id: str) -> int:
        number = number_of(id)
        if number is None:
            raise _rules.not_found(id)
        return number

    def _rename(self, kind: type[Entry], was: str, now_called: str | None) -> None:
        """GitHub does so on all issues by itself, and does not list them as changed."""
        rows = [row for row in self._mirror.rows() if not row.is_gone]
        renamed = [(row.seen, renamed_in(row.seen, kind, was, now_called)) for row in rows]
        changed = [new for old, new in renamed if new != old]
        self._mirror.keep(changed, self._clock(), ours=True)

    def _show_changed(self) -> None:
        if self._showing is not None:
            self._showing.tell()

    def _no_users(self) -> TrackerError:
        return TrackerError(
            "The users of a repository are GitHub's. Invite people, or part with them, on "
            f"{self._rooms.at.home}/settings/access."
        )
