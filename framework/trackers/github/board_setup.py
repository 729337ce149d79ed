"""Finds the repository's board or makes one, and gives it the fields that we need.

Ours is told by a line in its readme. One that we made and did not come to describe is told by its
title and its maker, so that a lost answer or a kill in between makes no second one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...domain.frozen import dataclass
from ...forge.github import GitHub, Mutation, sure
from .board_fields import Field, field_of
from .board_store import BoardStore
from .board_texts import (
    HOME_QUERY,
    LAYOUT_QUERY,
    NUMBERED_QUERY,
    create_project,
    describe_project,
    link_project,
)

_SHORT = "What Nightshift works on, and who is at it"
_README = """Nightshift keeps the cards on this board: it adds issues, moves them while they are
worked on and says who is at it. Move a card yourself, and your word counts. Cards, columns and
fields of your own are left alone; columns may be renamed.
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Whose board: the repository's, called `title` if it is to be made, which `furnish` allows.
    `number` is the one that a person named, None to find or to make one."""

    owner: str
    repo: str
    title: str
    number: int | None
    furnish: bool = True


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A board as it is: its id, where people see it, its fields. `blank`: made just now."""

    id: str
    number: int
    url: str
    closed: bool
    fields: tuple[Field, ...] = ()
    blank: bool = False


@dataclass(frozen=True, kw_only=True)
class Missing:
    """There is no board to write to; `why` says so to people, with the way out."""

    why: str


NONE_YET = Missing(why="")
"""There is none, which is no trouble: a run makes it."""


def layout_of(data: Mapping[str, Any], *, blank: bool = False) -> Layout:
    """From GitHub's answer. A field that this server knows and we do not comes empty."""
    nodes = (data.get("fields") or {}).get("nodes") or ()
    return Layout(
        id=data["id"],
        number=data["number"],
        url=data["url"],
        closed=bool(data["closed"]),
        fields=tuple(field_of(one) for one in nodes if one and "dataType" in one),
        blank=blank,
    )


def locked_out(api: GitHub) -> Missing | None:
    """Whether the token can be seen to allow no boards. One that names no scopes may do."""
    if api.scopes is None or "project" in api.scopes:
        return None
    return Missing(
        why="The token has no scope `project`, so no board is kept; issues are worked on all the "
        "same. Add the scope with `gh auth refresh -s project`, or on the token's page in "
        "GitHub's settings."
    )


def closed(layout: Layout) -> Missing:
    return Missing(
        why=f"The board {layout.url} is closed, so no cards are moved. Reopen it in its settings "
        "to have them moved again; until then issues are worked on all the same."
    )


class Finder:
    """Looks for one board; what is found is remembered in `store` before anything is done to it."""

    def __init__(
        self, api: GitHub, store: BoardStore, place: Place, say: Callable[[str], None]
    ) -> None:
        self._api = api
        self._store = store
        self._place = place
        self._say = say

    @property
    def may_make(self) -> bool:
        return self._place.furnish

    def is_meant(self, number: int) -> bool:
        """Whether the board with this number is the one that a person named, if any was."""
        return self._place.number in (None, number)

    def layout(self) -> Layout | Missing:
        """The board with its fields, made if need be; one that is remembered and gone is made
        again if we had made it. Raises TrackerUnavailable and ForgeRefused."""
        known = self._store.fact("board")
        if known and not self.is_meant(known["number"]):
            self._store.forget_board()
            known = None
        if known is None:
            return locked_out(self._api) or self._found()
        layout = self._read(known["id"])
        return layout if layout else self._gone(known)

    def _read(self, board: str) -> Layout | Missing | None:
        data = self._api.query(LAYOUT_QUERY, project=board).get("node")
        if not data:
            return None
        layout = layout_of(data)
        return closed(layout) if layout.closed else layout

    def _gone(self, known: Mapping[str, Any]) -> Layout | Missing:
        if not known["ours"]:
            return Missing(
                why=f"The board {known['url']} was deleted, or the token may not see it any more, "
                "so no cards are moved. Name another board by its number, or none to have one made."
            )
        if self._place.furnish:
            self._say(
                f"The board {known['url']} was deleted: another one is made. "
                "To have none, switch the tracker's board off."
            )
        self._store.forget_board()
        return locked_out(self._api) or self._found()

    def _found(self) -> Layout | Missing:
        place = self._place
        home = self._api.query(HOME_QUERY, owner=place.owner, name=place.repo).get("repository")
        if not home:
            return Missing(
                why=f"The repository {place.owner}/{place.repo} is not there, or the token may "
                "not see it, so no board is kept. See that the token may read it."
            )
        if self._api.scopes is None and home["owner"]["__typename"] == "User":
            return Missing(
                why="GitHub lets fine-grained tokens and apps reach boards of organisations only, "
                f"and {home['owner']['login']} is a person: no board is kept. To have one, use a "
                "classic token with the scopes `repo` and `project`."
            )
        linked = [one for one in home["projectsV2"]["nodes"] if one]
        if place.number is not None:
            return self._numbered(place.number, home, linked)
        ours = self._ours(home["id"], linked)
        if ours:
            return self._adopted(ours, home, linked, ours=True)
        return self._made(home) if place.furnish else NONE_YET

    def _numbered(self, number: int, home: Any, linked: list[Any]) -> Layout | Missing:
        owner = self._api.query(NUMBERED_QUERY, owner=home["owner"]["login"], number=number)
        board = (owner.get("repositoryOwner") or {}).get("projectV2")
        if not board:
            return Missing(
                why=f"{home['owner']['login']} has no board with the number {number}, or the token "
                "may not see it, so no board is kept. Take the number from the board's address."
            )
        return self._adopted(board, home, linked, ours=_marker(home["id"]) in _readme(board))

    def _adopted(self, board: Any, home: Any, linked: list[Any], *, ours: bool) -> Layout | Missing:
        self._remember(board, ours=ours)
        if board["closed"]:
            return closed(layout_of(board))
        wanted: list[Mutation] = []
        if board["id"] not in [one["id"] for one in linked]:
            wanted.append(link_project(board["id"], home["id"]))
        if ours and _marker(home["id"]) not in _readme(board):
            wanted.append(self._described(board["id"], home["id"]))
        for result in self._api.mutate(wanted) if wanted else ():
            sure(result)
        return self._read(board["id"]) or Missing(
            why=f"The board {board['url']} was deleted just now, so no cards are moved. "
            "The next run makes another one."
        )

    def _made(self, home: Any) -> Layout:
        create = create_project(home["owner"]["id"], home["id"], self._place.title)
        board = sure(self._api.mutate([create])[0])["projectV2"]
        self._remember(board, ours=True)
        sure(self._api.mutate([self._described(board["id"], home["id"])])[0])
        return layout_of(board, blank=True)

    def _described(self, board: str, repository: str) -> Mutation:
        return describe_project(board, _SHORT, f"{_README}\n{_marker(repository)}\n")

    def _ours(self, repository: str, linked: list[Any]) -> Any:
        """The first board with our line; else the first that we must have made."""
        by_number = sorted(linked, key=lambda one: int(one["number"]))
        marked = [one for one in by_number if _marker(repository) in _readme(one)]
        login = self._api.login
        made = [
            one
            for one in by_number
            if one["title"] == self._place.title
            and not one["closed"]
            and (one["creator"] or {}).get("login") == login
        ]
        return next(iter([*marked, *made]), None)

    def _remember(self, board: Any, *, ours: bool) -> None:
        self._store.keep(
            board={
                "id": board["id"],
                "number": board["number"],
                "url": board["url"],
                "ours": ours,
            }
        )


def _marker(repository: str) -> str:
    """By the repository's id, which a new name does not change."""
    return f"<!-- nightshift board of {repository} -->"


def _readme(board: Any) -> str:
    return str(board["readme"] or "")
