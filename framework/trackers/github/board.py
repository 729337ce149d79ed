"""The board of a repository on GitHub Projects v2: a card for each issue, in its state's column.

The issues are the record and the board is a picture of them, with one exception: where a person
moved a card, the person's word wins. What should be shown is kept on disk and written in batches,
so a run never waits for the board, and a killed one loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ...clock import Clock
from ...domain.errors import ForgeRefused, TrackerError, Unsure
from ...domain.issue import State
from ...domain.trouble import Kind
from ...forge.github import GitHub
from .board_cards import Card as Card
from .board_cards import shown
from .board_setup import Finder, Missing, Place
from .board_store import BoardStore
from .board_sync import Sync

_LOCKED_OUT = {Kind.AUTHENTICATION, Kind.FORBIDDEN}
"""What stays so until a person acts: asking again in this process is of no use."""
_EVERY = timedelta(seconds=15)
"""From the first change to the write in which it goes with others."""


class ProjectsBoard:
    """Keeps the cards of one repository. `path` is a file of its own, shared by all processes;
    `number` names a board that people have, None is ours, made when the first card is shown;
    without `furnish` it is kept where there is one, and not made.

    `say` hears, once in a process, why there is no board, what was mended on it, and where GitHub
    could not be asked or refused; without a board every method does nothing. None raises for that:
    the issues go on, and what is to be shown stays queued. Safe for threads; one process writes at
    a time, and it writes what the others queued as well.

    Not promised: the order of cards; a move that a person made in the seconds between our last look
    and our own write of the same card; that two machines that begin at the same moment share a
    board that neither finds; cards that people add are left alone.
    """

    def __init__(
        self,
        api: GitHub,
        *,
        owner: str,
        repo: str,
        path: Path,
        title: str,
        number: int | None,
        furnish: bool = True,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._say = say
        self._said: set[str] = set()
        self._store = BoardStore(path)
        place = Place(owner=owner, repo=repo, title=title, number=number, furnish=furnish)
        finder = Finder(api, self._store, place, self._say_once)
        self._sync = Sync(api, self._store, finder, clock=clock, say=self._say_once)
        self._clock = clock
        self._told: set[int] = set()
        self._is_off = False
        self._written: datetime | None = None
        self._waiting: datetime | None = None

    def show(self, cards: Iterable[Card]) -> None:
        """Queue what these cards should show. Asks nothing of GitHub."""
        wanted = {one.number: one for one in cards}
        if wanted and self._waiting is None:
            self._waiting = self._clock()
        with self._calmly():
            self._store.change(
                wanted,
                lambda number, row: shown(row, wanted[number], told=number in self._told),
            )
            self._told -= wanted.keys()

    def gather(self) -> None:
        """Write what is queued once it has waited for some seconds, so that what comes with it
        shares its request: an issue that is done, and the next one that is begun."""
        since = self._waiting or self._written
        if since is None or self._clock() - since >= _EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what is queued: find or make the board, add what is missing, write what changed.
        What GitHub refuses for one card is tried again by a later call, each time later."""
        self._written, self._waiting = self._clock(), None
        with self._calmly():
            progress = True
            while progress and not self._is_off and self._sync.due():
                with self._store.turn() as mine:
                    progress = mine and self._on(self._sync.round())

    def moves(self) -> Mapping[int, State]:
        """What people moved since this process last asked, by the numbers of issues.

        Looks at the board if the last look was a while ago. Answer each move by `show`, with the
        state that the issue has then: another one puts the card back.
        """
        with self._calmly():
            if not self._is_off and self._sync.is_look_due():
                with self._store.turn() as mine:
                    if mine:
                        self._on(self._sync.look())
        moved: dict[int, State] = {}
        with self._calmly():
            for number, row in self._store.moved().items():
                if row.moved is not None and number not in self._told:
                    moved[number] = row.moved
        self._told |= moved.keys()
        return moved

    def close(self) -> None:
        """Let go of the file. What is queued stays queued: `flush` before."""
        self._store.close()

    @contextmanager
    def _calmly(self) -> Iterator[None]:
        """Trouble with the board is said, and kept away from the issues."""
        try:
            yield
        except Unsure:
            pass  # the next look sees what was done
        except TrackerError as error:
            if isinstance(error, ForgeRefused) and error.trouble.kind in _LOCKED_OUT:
                self._off(f"{error} No board is kept until then.")
            else:
                self._say_once(f"The board is not up to date: {error}")

    def _off(self, why: str) -> None:
        self._is_off = True
        self._say_once(why)

    def _on(self, found: bool | Missing) -> bool:
        """What was found; without a board there is nothing more to do in this process."""
        if isinstance(found, Missing):
            self._off(found.why)
            return False
        return found

    def _say_once(self, text: str) -> None:
        if text and text not in self._said:
            self._said.add(text)
            self._say(text)
