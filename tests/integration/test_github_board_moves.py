"""The board on GitHub: what people move, and what looking and writing costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.domain.issue import State
from framework.rehearsal.github.graphql_automation import automate
from tests.integration.github_board_stage import NEEDS_SCHEMA, Stage, staged

pytestmark = NEEDS_SCHEMA


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def test_what_it_costs(stage: Stage) -> None:
    """200 changes are 10 requests, the set-up of 200 cards 35, and 300 idle cards 3 points."""
    stage.set_up(200)
    assert len(stage.double.log) == 35
    with stage.board() as board:
        assert board.moves() == {}
        stage.double.log.clear()
        board.show(stage.cards(200, State.BLOCKED))
        board.flush()
        assert len(stage.double.log) == 10
        board.flush()
        assert len(stage.double.log) == 10
    stage.set_up(300)
    stage.double.clock.forward(60)
    stage.double.log.clear()
    with stage.board() as board:
        assert board.moves() == {}
        assert board.moves() == {}
    assert (len(stage.double.log), stage.double.log.points()) == (3, 3)


def test_what_a_change_costs(stage: Stage) -> None:
    """One request of a process of its own, and one more when nobody has looked for a while."""
    stage.set_up(1)
    stage.double.log.clear()
    for state, agent, waited in ((State.BLOCKED, "", 0), (State.CLOSED, "agent 1", 3600)):
        stage.double.clock.forward(waited)
        with stage.board() as board:
            board.show([stage.card(1, state, agent=agent)])
            board.flush()
    assert len(stage.double.log) == 1 + 3, "an hour later also the fields are read again"
    assert stage.column(1) == "Done"


def test_a_move_that_nobody_saw_is_not_written_over(stage: Stage) -> None:
    """A command that comes much later looks first: the person's word wins, and is told."""
    stage.set_up(1)
    stage.move(1, "Blocked")
    with stage.board() as board:
        board.show([stage.card(1, State.IN_PROGRESS)])
        board.flush()
        assert board.moves() == {1: State.BLOCKED}
    assert stage.column(1) == "Blocked"


def test_a_move_is_told_once_and_stays(stage: Stage) -> None:
    """A person's word wins: the card is not put back, and agreeing with it writes nothing."""
    stage.set_up(2)
    stage.move(1, "Blocked")
    stage.double.clock.forward(60)
    with stage.board() as board:
        assert board.moves() == {1: State.BLOCKED}
        assert board.moves() == {}
        stage.double.log.clear()
        board.show([stage.card(1, State.BLOCKED)])
        board.flush()
        assert len(stage.double.log) == 0
    assert stage.moves() == {}
    assert stage.column(1) == "Blocked"


def test_a_move_survives_the_process_that_heard_of_it(stage: Stage) -> None:
    """Until `show` answers it, the next process hears of it again."""
    stage.set_up(1)
    stage.move(1, "Done")
    assert stage.moves() == {1: State.CLOSED}
    assert stage.moves() == {1: State.CLOSED}


def test_a_refused_move_is_taken_back(stage: Stage) -> None:
    """The answer with another state puts the card there."""
    stage.set_up(1)
    stage.move(1, "In Review")
    stage.double.clock.forward(60)
    with stage.board() as board:
        assert board.moves() == {1: State.NEEDS_REVIEW}
        board.show([stage.card(1, State.OPEN)])
        board.flush()
    assert stage.column(1) == "Todo"
    assert stage.moves() == {}


def test_a_large_board_is_read_without_what_is_done(stage: Stage) -> None:
    """Of 450 cards with 430 done a look costs one point, and every move is seen all the same:
    out of the column, into it, and beside it. A whole look comes once in an hour."""
    cards = stage.cards(450, State.CLOSED)
    with stage.board() as board:
        board.show([*cards[:430], *(stage.card(one, State.OPEN) for one in range(431, 451))])
        board.flush()
    assert stage.moves() == {}
    stage.double.log.clear()
    assert stage.moves() == {}
    assert stage.double.log.points() == 1
    stage.move(1, "Todo")
    stage.move(440, "Done")
    stage.move(441, "Blocked")
    assert stage.moves() == {1: State.OPEN, 440: State.CLOSED, 441: State.BLOCKED}
    stage.double.clock.forward(3600)
    stage.double.log.clear()
    assert stage.moves() != {}
    assert stage.double.log.points() == 6, "the fields, five pages"


def test_an_enterprise_server_has_no_filter(stage: Stage) -> None:
    """It is found out once, and everything is read."""
    stage.store.profile = "ghes"
    stage.set_up(310)
    stage.double.log.clear()
    assert stage.moves() == {}
    assert stage.moves() == {}
    assert len(stage.double.log) == 1 + 4 + 4


def test_github_s_own_workflow_is_no_person(stage: Stage) -> None:
    """Closing an issue lets GitHub put the card into Done before we do."""
    stage.set_up(1)
    automate(stage.store, stage.project["id"])
    repo = stage.store.repo("ada", "shop")
    assert repo is not None
    stage.double.clock.forward(60)
    repo.issues[1].state, repo.issues[1].closed_at = "closed", stage.double.clock.second()
    with stage.board() as board:
        board.show([stage.card(1, State.CLOSED)])
        stage.double.clock.forward(60)
        assert board.moves() == {}
        stage.double.log.clear()
        board.flush()
        assert len(stage.double.log) == 0
    assert stage.column(1) == "Done"
