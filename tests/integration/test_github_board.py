"""The board on GitHub: made, found, adopted, or done without; over HTTP and GitHub's schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framework.domain.issue import Priority, State
from tests.integration.github_board_stage import NEEDS_SCHEMA, TITLE, Stage, staged

pytestmark = NEEDS_SCHEMA


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def test_a_board_is_made_with_its_columns(stage: Stage) -> None:
    """Linked, described, with five columns in order, and each card where it belongs."""
    with stage.board() as board:
        board.show(
            [
                *stage.cards(2),
                stage.card(2, State.IN_PROGRESS, priority=Priority.URGENT, agent="agent 1"),
            ]
        )
        board.flush()
    assert stage.project["title"] == TITLE
    assert stage.project["repositories"] == [stage.store.repo("ada", "shop").node]
    assert "nightshift board of" in stage.project["readme"]
    names = [one["name"] for one in stage.field("Status")["options"]]
    assert names == ["Todo", "In Progress", "Blocked", "In Review", "Done"]
    assert [stage.column(1), stage.column(2)] == ["Todo", "In Progress"]
    assert [stage.column(1, "Priority"), stage.column(2, "Priority")] == ["Medium", "Urgent"]
    assert stage.item(2)["values"][stage.field("Agent")["id"]]["text"] == "agent 1"
    assert stage.said == []


def test_nothing_to_show_makes_no_board(stage: Stage) -> None:
    """A project without issues gets none, and a flush without news asks nothing."""
    with stage.board() as board:
        board.show([])
        board.flush()
        assert board.moves() == {}
    assert not stage.store.projects
    assert len(stage.double.log) == 0


def test_another_process_finds_the_board_without_the_file(stage: Stage) -> None:
    """The loss of the file costs one look, and makes neither a board nor a write."""
    stage.set_up(120)
    (stage.path / "board.db").unlink()
    stage.double.log.clear()
    stage.set_up(120)
    assert len(stage.store.projects) == 1
    assert len(stage.double.log) == 5, "who am I, the repository, the fields, two pages"
    assert stage.said == []


@pytest.mark.parametrize("kind", ["502 after", "reset after"])
@pytest.mark.parametrize("nth", range(1, 8))
def test_no_second_board_after_a_lost_answer(stage: Stage, kind: Any, nth: int) -> None:
    """Whatever request of the set-up has no answer: one board, each field once."""
    stage.double.faults.add("", kind, first=nth)
    for _ in range(3):
        stage.double.clock.forward(60)
        stage.set_up(3)
    assert stage.double.faults.happened
    names = [one["name"] for one in stage.project["fields"]]
    assert len(set(names)) == len(names)
    assert [stage.column(number) for number in (1, 2, 3)] == ["Todo"] * 3
    assert len(stage.project["items"]) == 3


def test_without_the_scope_it_is_said_once(stage: Stage) -> None:
    """And the rest goes on: no error, no request beyond the one that told."""
    stage.store.add_token("ghp_bare", "ada", scopes=frozenset({"repo"}))
    stage.token = "ghp_bare"
    with stage.board() as board:
        for _ in range(2):
            board.show(stage.cards(1))
            board.flush()
            assert board.moves() == {}
    assert len(stage.double.log) == 1
    assert len(stage.said) == 1
    assert "gh auth refresh -s project" in stage.said[0]


def test_a_scope_that_is_taken_away_is_said(stage: Stage) -> None:
    """The board is known, and the token may not write to it any more: said once, then at rest."""
    stage.set_up(1)
    stage.store.tokens["ghp_ada"].scopes = frozenset({"repo", "read:project"})
    with stage.board() as board:
        for state in (State.BLOCKED, State.CLOSED):
            board.show([stage.card(1, state)])
            board.flush()
        assert board.moves() == {}
    assert stage.column(1) == "Todo"
    assert len(stage.said) == 1
    assert "project" in stage.said[0]
    stage.store.tokens["ghp_ada"].scopes = frozenset({"repo", "project"})
    with stage.board() as board:
        board.flush()
    assert stage.column(1) == "Done"


def test_a_fine_grained_token_reaches_no_board_of_a_person(stage: Stage) -> None:
    """GitHub does not say so itself: it would answer as if there were none."""
    stage.store.add_token("github_pat_x", "ada", scopes=None, permissions={"issues": "write"})
    stage.token = "github_pat_x"
    with stage.board() as board:
        board.show(stage.cards(1))
        board.flush()
        board.flush()
    assert not stage.store.projects
    assert len(stage.said) == 1
    assert "classic token" in stage.said[0]


def test_a_board_of_people_is_adopted_by_its_number(stage: Stage) -> None:
    """It gets our columns and keeps theirs with all cards; its readme is not ours to write."""
    stage.set_up(3)
    theirs = stage.project
    theirs["readme"], theirs["title"], theirs["repositories"] = "Hands off", "Plan", []
    status = stage.field("Status")
    first = status["options"][0]
    status["options"] = [first, {**first, "id": "zzz", "name": "Ideas", "color": "PINK"}]
    for number in (1, 2, 3):
        stage.item(number)["values"] = {status["id"]: {"singleSelectOptionId": "zzz"}}
    (stage.path / "board.db").unlink()
    with stage.board(number=theirs["number"]) as board:
        board.show([*stage.cards(2), stage.card(3, State.IN_PROGRESS)])
        board.flush()
    assert (stage.project["readme"], stage.project["title"]) == ("Hands off", "Plan")
    assert stage.project["repositories"], "linked"
    assert [one["name"] for one in status["options"]] == [
        "Todo",
        "In Progress",
        "Blocked",
        "In Review",
        "Done",
        "Ideas",
    ]
    assert [stage.column(number) for number in (1, 2, 3)] == ["Ideas", "Ideas", "In Progress"]


def test_two_processes_make_one_board(stage: Stage) -> None:
    """While one has its turn the other queues; the one with the turn writes for both."""
    cards = stage.cards(2)
    with stage.board() as one, stage.board() as other:
        one.show(cards[:1])
        other.show(cards[1:])
        one.flush()
        stage.double.log.clear()
        other.flush()
        assert len(stage.double.log) == 0
    assert len(stage.project["items"]) == 2


def test_cards_of_fresh_issues_are_tried_again(stage: Stage) -> None:
    """GitHub may not know a new issue for some seconds: the others are not held up."""
    cards = stage.cards(3)
    node = cards[1].node
    issue = stage.store.nodes.pop(node)
    with stage.board() as board:
        board.show(cards)
        board.flush()
        assert len(stage.project["items"]) == 2
        stage.store.keep(node, issue)
        stage.double.clock.forward(10)
        board.flush()
    assert [stage.column(number) for number in (1, 2, 3)] == ["Todo"] * 3
    assert stage.said == []


def test_an_organisation_s_board(stage: Stage) -> None:
    """The owner may be an organisation."""
    stage.store.add_user("acme", "Organization")
    stage.store.add_repo("acme", "shop", permissions={"ada": "admin"})
    stage.owner = "acme"
    stage.set_up(1)
    assert stage.project["owner"] == "acme"
    assert stage.column(1) == "Todo"


def test_without_leave_no_board_is_made(stage: Stage) -> None:
    """Nor is a word said, and for ten minutes it is not asked for again; what should be shown is
    there when a run makes the board, and from then on everybody keeps it."""
    with stage.board(furnish=False) as board:
        board.show(stage.cards(1))
        board.flush()
    stage.double.log.clear()
    with stage.board(furnish=False) as board:
        board.flush()
    assert len(stage.double.log) == 0
    assert (dict(stage.store.projects), stage.said) == ({}, [])
    with stage.board() as board:
        board.flush()
    assert stage.column(1) == "Todo"
    with stage.board(furnish=False) as board:
        board.show([stage.card(1, State.CLOSED)])
        board.flush()
    assert stage.column(1) == "Done"


def test_without_leave_a_board_that_is_there_is_kept(stage: Stage) -> None:
    """Also by a machine that has not seen it yet; one that was deleted is not made again."""
    stage.set_up(1)
    (stage.path / "board.db").unlink()
    with stage.board(furnish=False) as board:
        board.show([stage.card(1, State.BLOCKED)])
        board.flush()
    assert stage.column(1) == "Blocked"
    del stage.store.nodes[stage.project["id"]]
    stage.store.projects.clear()
    stage.double.clock.forward(700)
    with stage.board(furnish=False) as board:
        board.show([stage.card(1, State.OPEN)])
        board.flush()
    assert (dict(stage.store.projects), stage.said) == ({}, [])
