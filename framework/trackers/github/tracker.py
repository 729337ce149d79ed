"""The issues of a GitHub repository, as a tracker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from ...domain.entry import Entry, Label, Milestone, User
from ...domain.errors import TrackerError, TrackerUnavailable
from ...domain.graph import ready
from ...domain.issue import Change, Comment, Draft, Issue, State
from ...domain.lease import Record
from ...domain.query import Query
from ...domain.transition import FOLLOWS
from ...forge.github import GitHub, Mutation, sure
from .. import _catalogue, _rules
from .._query import as_stored
from .._rules import storable
from .._select import cut, matching
from ..base import RUNNER, Clock, utcnow
from .board import Board
from .board_cards import Card, card_of
from .changing import FRESH, Changing
from .concluding import Concluding
from .making import number_of
from .mirror import Mirror
from .rooms import Rooms, furnished
from .seen import renamed_in
from .tidying import Tidying

E = TypeVar("E", Label, Milestone, User)

_ALL = Query()
_DELETED = "{ repository { id } }"
_POLL = timedelta(seconds=10)
_SHOWN = "shown on the board"
_BOARD = "board"
"""Who moves a card, where GitHub does not say."""


def ignore(_: str) -> None:
    """For `say`: nobody listens."""


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
        self._root = f"repos/{owner}/{repo}"
        self._home = f"{url.rstrip('/')}/{owner}/{repo}"
        self._fresh = fresh
        self._clock = clock
        self._sleep = sleep
        self._say = say
        self._api = api or GitHub(
            url=url, token=token, allowance=allowance, clock=clock, sleep=sleep, say=say
        )
        self._mirror = Mirror(directory)
        self._board: Board | None = None
        if board is not False:
            self._board = Board(
                self._api,
                owner=owner,
                repo=repo,
                path=directory / "board.db",
                title=f"{repo}: Nightshift",
                number=None if board is True else board,
                furnish=furnish,
                clock=clock,
                say=say,
            )
        self._moves: dict[int, State] = {}
        self._furnish: Callable[[], Rooms] = lambda: furnished(
            self._api,
            self._mirror,
            root=self._root,
            site=urlsplit(url).netloc,
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
        made = self._rooms.making.create(drafts, author) if drafts else ()
        self._show_changed()
        return made

    def update(
        self, id: str, change: Change, *, actor: str = RUNNER, forced: bool = False
    ) -> Issue:
        number = self._number(id)
        with self._mirror.turn():
            changed = self._changing.change(number, change, forced=forced)
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
        with self._mirror.turn():
            self._rooms.require(id)
            seen = self._rooms.shelf.kept(number).row.seen
            with self._rooms.noticing(number):
                return self._rooms.remarks.write(
                    seen, storable(text), author=storable(author), key=key
                )

    def conclude(self, id: str, change: Change, text: str, *, author: str, key: str) -> Issue:
        """In one request for an issue that is closed for the first time, else in two."""
        number = self._number(id)
        with self._mirror.turn():
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
        if not self._rooms.repository.is_admin:
            raise TrackerError(
                f"Only administrators of the repository can delete issues. Close issue {number} "
                f"instead, or ask one of them to delete it on {self._home}/issues/{number}."
            )
        with self._mirror.turn():
            self._rooms.ask(number)
            unneeded = Change(remove_depends_on=frozenset({id}))
            for one in self._rooms.shelf.dependants(number):
                self.update(str(one.row.seen.number), unneeded, actor=actor)
            node = self._rooms.shelf.kept(number).row.seen.node
            gone = Mutation(name="deleteIssue", input={"issueId": node}, select=_DELETED)
            sure(self._api.mutate([gone])[0])
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
        with self._mirror.turn():
            self._rooms.catalogue.save(entry, was)
            if was is not None and was != entry.name:
                self._rename(type(entry), was, entry.name)

    def remove(self, kind: type[Entry], name: str, *, actor: str = RUNNER) -> None:
        if kind is User:
            raise self._no_users()
        name = storable(name)
        with self._mirror.turn():
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
            self._api.close()

    @cached_property
    def _rooms(self) -> Rooms:
        return self._furnish()

    @cached_property
    def _changing(self) -> Changing:
        return Changing(
            self._api,
            self._mirror,
            self._rooms,
            root=self._root,
            home=self._home,
            clock=self._clock,
            sleep=self._sleep,
        )

    @cached_property
    def _concluding(self) -> Concluding:
        return Concluding(self._api, self._mirror, self._rooms, self._changing, self._clock)

    @cached_property
    def _tidying(self) -> Tidying:
        return Tidying(self._mirror, self._changing, self._rooms.house.store, self._say)

    def _young(self) -> timedelta:
        """Of what age an issue need not be asked for again."""
        return min(self._fresh, FRESH)

    def _found(self, query: Query) -> Sequence[Issue]:
        if not self._rooms.listing.is_younger(self._fresh):
            self._rooms.listing.refresh()
        self._tidying.look()
        if self._board is not None:
            self._heed_moves(self._board)
            self._show_changed()
            self._board.gather()
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

    def _heed_moves(self, board: Board) -> None:
        self._moves |= board.moves()
        if self._moves:
            self._rooms.listing.refresh()  # the person may have acted on the issue, too
        for number, state in list(self._moves.items()):
            try:
                self._move(str(number), state)
            except TrackerUnavailable:
                continue  # the card stays where the person put it, until GitHub can be told
            except TrackerError as error:
                self._say(f"A card was moved on the board, and issue {number} was not: {error}")
            self._moves.pop(number, None)
            row = self._mirror.row(number)
            if row is not None and not row.is_gone:  # it hears so also where nothing changed
                board.show([self._card(number, row.seen.node)])

    def _move(self, id: str, state: State) -> None:
        issue = self._rooms.issue(id)
        if state is issue.state:
            return
        if state not in FOLLOWS[issue.state]:
            self.update(id, Change(state=State.OPEN), actor=_BOARD)
        self.update(id, Change(state=state), actor=_BOARD)

    def _show_changed(self) -> None:
        """Tell the board of all that changed since it was last told, by anybody here."""
        if self._board is None:
            return
        after = int(self._mirror.fact(_SHOWN) or 0)
        rows = self._mirror.rows(after)
        if rows:
            living = [row.seen for row in rows if not row.is_gone]
            self._board.show(self._card(one.number, one.node) for one in living)
            self._mirror.keep_fact(_SHOWN, str(max(row.version for row in rows)))

    def _card(self, number: int, node: str) -> Card:
        agent = self._mirror.fact(f"agent {number}") or ""
        return card_of(self._rooms.issue(str(number)), node, agent)

    def _no_users(self) -> TrackerError:
        return TrackerError(
            "The users of a repository are GitHub's. Invite people, or part with them, on "
            f"{self._home}/settings/access."
        )
