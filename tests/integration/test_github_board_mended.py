"""The board on GitHub after people changed it: columns, cards, the board itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.domain.issue import Priority, State
from tests.integration.github_board_stage import NEEDS_SCHEMA, Stage, staged

pytestmark = NEEDS_SCHEMA


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def test_people_s_names_of_columns_stay(stage: Stage) -> None:
    """A renamed column or field is written to as before; a column of theirs is left alone."""
    stage.set_up(2)
    stage.field("Status")["options"][0]["name"] = "Backlog"
    stage.field("Status")["options"].insert(
        1, {"id": "later", "name": "Later", "color": "GRAY", "description": "x"}
    )
    stage.field("Status")["name"] = "Stage"
    stage.double.clock.forward(3600)
    with stage.board() as board:
        assert board.moves() == {}
        board.show(stage.cards(2, State.IN_PROGRESS))
        board.flush()
        board.show([stage.card(1, State.OPEN)])
        board.flush()
    assert [stage.column(1, "Stage"), stage.column(2, "Stage")] == ["Backlog", "In Progress"]
    assert len(stage.field("Stage")["options"]) == 6
    assert stage.said == []


def test_a_deleted_column_is_put_back(stage: Stage) -> None:
    """It is said, the other columns keep their cards, and those that lost theirs get it again."""
    stage.set_up(2)
    with stage.board() as board:
        board.show([stage.card(1, State.BLOCKED)])
        board.flush()
    options = stage.field("Status")["options"]
    options.remove(next(one for one in options if one["name"] == "Blocked"))
    stage.item(1)["values"].pop(stage.field("Status")["id"])
    kept = [one["id"] for one in options]
    stage.double.clock.forward(60)
    with stage.board() as board:
        assert board.moves() == {}
        board.flush()
    assert [stage.column(1), stage.column(2)] == ["Blocked", "Todo"]
    assert [one["id"] for one in stage.field("Status")["options"] if one["name"] != "Blocked"] == (
        kept
    )
    assert len(stage.said) == 1
    assert "lacked Blocked: put back" in stage.said[0]


def test_a_column_deleted_under_a_write(stage: Stage) -> None:
    """The refused write is found out about, and done by a later flush."""
    stage.set_up(1)
    options = stage.field("Status")["options"]
    options.remove(next(one for one in options if one["name"] == "In Progress"))
    with stage.board() as board:
        board.show([stage.card(1, State.IN_PROGRESS)])
        board.flush()
        stage.double.clock.forward(60)
        board.flush()
    assert stage.column(1) == "In Progress"


def test_our_deleted_board_is_made_again(stage: Stage) -> None:
    """With a word about it; all cards are on the new one."""
    stage.set_up(3)
    old = stage.project["id"]
    for thing in (stage.project, *stage.project["fields"], *stage.project["items"]):
        del stage.store.nodes[thing["id"]]
    del stage.store.projects[old]
    stage.double.clock.forward(60)
    with stage.board() as board:
        assert board.moves() == {}
        board.flush()
    assert stage.project["id"] != old
    assert [stage.column(number) for number in (1, 2, 3)] == ["Todo"] * 3
    assert len(stage.said) == 1
    assert "was deleted: another one is made" in stage.said[0]


def test_a_closed_board_rests(stage: Stage) -> None:
    """It is said once, and nothing is written until it is opened again."""
    stage.set_up(1)
    stage.project["closed"] = True
    stage.double.clock.forward(3600)
    with stage.board() as board:
        board.show([stage.card(1, State.BLOCKED)])
        board.flush()
        board.flush()
        assert board.moves() == {}
    assert stage.column(1) == "Todo"
    assert len(stage.said) == 1
    assert "is closed" in stage.said[0]
    stage.project["closed"] = False
    stage.double.clock.forward(3600)
    with stage.board() as board:
        board.flush()
    assert stage.column(1) == "Blocked"


def test_a_card_taken_away_stays_away(stage: Stage) -> None:
    """Deleted or archived by a person, until the state of its issue changes."""
    stage.set_up(3)
    stage.delete(1)
    stage.item(2)["archived"] = True
    assert stage.moves() == {}
    with stage.board() as board:
        board.show([stage.card(number, State.OPEN, priority=Priority.LOW) for number in (1, 2, 3)])
        board.flush()
        assert len(stage.project["items"]) == 2
        assert stage.item(2)["archived"]
        board.show([stage.card(number, State.CLOSED) for number in (1, 2)])
        board.flush()
    assert [stage.column(number) for number in (1, 2)] == ["Done", "Done"]
    assert not stage.item(2)["archived"]


def test_a_card_deleted_under_a_write(stage: Stage) -> None:
    """One of a batch fails alone; it was taken away and is left so."""
    stage.set_up(5)
    stage.delete(3)
    with stage.board() as board:
        board.show(stage.cards(5, State.CLOSED))
        board.flush()
        stage.double.clock.forward(60)
        board.flush()
    assert [stage.column(number) for number in (1, 2, 4, 5)] == ["Done"] * 4
    assert len(stage.project["items"]) == 4
    assert stage.said == []


def test_a_server_without_option_ids_loses_no_card(stage: Stage) -> None:
    """GitHub Enterprise: all options are new after an edit, so every card is put back, also those
    of issues that are not ours."""
    stage.set_up(4)
    status = stage.field("Status")
    with stage.board() as board:
        board.show([stage.card(2, State.IN_PROGRESS), stage.card(3, State.CLOSED)])
        board.flush()
    status["options"] = [one for one in status["options"] if one["name"] != "In Review"]
    stage.store.profile = "ghes"
    before = [stage.column(number) for number in (1, 2, 3, 4)]
    ids = {one["id"] for one in status["options"]}
    stage.double.clock.forward(3600)
    with stage.board() as board:
        assert board.moves() == {}
        board.flush()
    assert not ids & {one["id"] for one in stage.field("Status")["options"]}
    assert [stage.column(number) for number in (1, 2, 3, 4)] == before
    assert stage.moves() == {}


@pytest.mark.parametrize("nth", range(1, 9))
def test_an_overwrite_of_columns_survives_a_lost_answer(stage: Stage, nth: int) -> None:
    """What every card showed is on disk before the columns are replaced, and is put back later."""
    stage.set_up(3)
    with stage.board() as board:
        board.show([stage.card(2, State.IN_PROGRESS), stage.card(3, State.CLOSED)])
        board.flush()
    status = stage.field("Status")
    status["options"] = [one for one in status["options"] if one["name"] != "In Review"]
    stage.store.profile = "ghes"
    stage.double.faults.add("", "reset after", first=nth)
    for _ in range(3):
        stage.moves()
    with stage.board() as board:
        board.flush()
        assert board.moves() == {}
    assert [stage.column(number) for number in (1, 2, 3)] == ["Todo", "In Progress", "Done"]
    assert len(stage.field("Status")["options"]) == 5
