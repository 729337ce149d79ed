"""A GitHub with one repository and its board, and what people do to the board."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from framework.domain.issue import Priority, State
from framework.forge.github import GitHub
from framework.rehearsal.github.clock import Clock
from framework.rehearsal.github.schema import COMMAND, installed, place
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from framework.trackers.github.board import Card, ProjectsBoard

NEEDS_SCHEMA = pytest.mark.skipif(
    not installed(place(os.environ)), reason=f"GitHub's schema is not here: {COMMAND}"
)
START = datetime(2026, 1, 1, tzinfo=UTC)
TITLE = "shop · Nightshift"


@dataclass(kw_only=True)
class Stage:
    """A GitHub with the repository ada/shop, and what the board said."""

    double: Double
    path: Path
    said: list[str] = field(default_factory=list)
    token: str = "ghp_ada"
    owner: str = "ada"

    @property
    def store(self) -> Store:
        return self.double.store

    @contextmanager
    def board(self, number: int | None = None, *, furnish: bool = True) -> Iterator[ProjectsBoard]:
        """As a new process would have it."""
        clock = self.double.clock
        api = GitHub(url=self.double.url, token=self.token, clock=clock.now, sleep=clock.sleep)
        board = ProjectsBoard(
            api,
            owner=self.owner,
            repo="shop",
            path=self.path / "board.db",
            title=TITLE,
            number=number,
            furnish=furnish,
            clock=clock.now,
            say=self.said.append,
        )
        with closing(api), closing(board):
            yield board

    def cards(self, many: int, state: State = State.OPEN) -> list[Card]:
        repo = self.store.repo(self.owner, "shop")
        assert repo is not None
        while len(repo.issues) < many:
            self.store.add_issue(repo, "ada", f"issue {len(repo.issues) + 1}")
        return [self.card(number, state) for number in range(1, many + 1)]

    def card(self, number: int, state: State, **more: Any) -> Card:
        repo = self.store.repo(self.owner, "shop")
        assert repo is not None
        given = {"priority": Priority.MEDIUM, **more}
        return Card(number=number, node=repo.issues[number].node, state=state, **given)

    def set_up(self, many: int) -> None:
        with self.board() as board:
            board.show(self.cards(many))
            board.flush()

    @property
    def project(self) -> dict[str, Any]:
        (only,) = self.store.projects.values()
        return only

    def field(self, name: str) -> dict[str, Any]:
        return next(one for one in self.project["fields"] if one["name"] == name)

    def item(self, number: int) -> dict[str, Any]:
        node = self.card(number, State.OPEN).node
        (found,) = [one for one in self.project["items"] if one["content"] == node]
        return found

    def column(self, number: int, name: str = "Status") -> str:
        """The name of the option that a card shows, empty for none."""
        told = self.item(number)["values"].get(self.field(name)["id"], {})
        options = {one["id"]: one["name"] for one in self.field(name)["options"]}
        return options.get(told.get("singleSelectOptionId"), "")

    def move(self, number: int, column: str) -> None:
        """A person puts a card into a column, some time later."""
        self.double.clock.forward(60)
        (id_,) = [one["id"] for one in self.field("Status")["options"] if one["name"] == column]
        now = self.double.clock.second()
        item = self.item(number)
        item["values"][self.field("Status")["id"]] = {"singleSelectOptionId": id_, "at": now}
        item["updated_at"] = now

    def delete(self, number: int) -> None:
        """A person deletes a card."""
        gone = self.item(number)
        self.project["items"].remove(gone)
        del self.store.nodes[gone["id"]]

    def moves(self) -> Mapping[int, State]:
        """What a later process hears."""
        self.double.clock.forward(60)
        with self.board() as board:
            return board.moves()


@contextmanager
def staged(path: Path) -> Iterator[Stage]:
    """The repository ada/shop without issues; the double's clock stands until somebody waits."""
    store = Store(Clock(START))
    store.add_token("ghp_ada", "ada")
    store.add_repo("ada", "shop")
    with serve(store) as double:
        yield Stage(double=double, path=path)
