"""The board on GitHub through kills, lost answers, limits and crowds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
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

pytestmark = pytest.mark.skipif(
    not installed(place(os.environ)), reason=f"GitHub's schema is not here: {COMMAND}"
)
ROOT = Path(__file__).parents[2]
NAMES = {
    State.OPEN: "Todo",
    State.IN_PROGRESS: "In Progress",
    State.BLOCKED: "Blocked",
    State.NEEDS_REVIEW: "In Review",
    State.CLOSED: "Done",
}
CHILD = """
import json, os, signal, sys
from datetime import datetime
from pathlib import Path
from framework.domain.issue import Priority, State
from framework.forge.github import GitHub
from framework.rehearsal.github.clock import Clock
from framework.trackers.github.board import ProjectsBoard, Card

url, path, nodes, at, fatal = sys.argv[1:]
clock = Clock(datetime.fromisoformat(at))
api = GitHub(url=url, token="ghp_ada", clock=clock.now, sleep=clock.sleep)
exchange, sent = api._wire.exchange, 0

def counted(call):
    global sent
    sent += 1
    if sent == int(fatal):
        os.kill(os.getpid(), signal.SIGKILL)
    answer = exchange(call)
    if -sent == int(fatal):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

api._wire.exchange = counted
board = ProjectsBoard(api, owner="ada", repo="shop", path=Path(path), title="shop", number=None,
              clock=clock.now, say=print)
board.show([Card(number=number, node=node, state=State.BLOCKED, priority=Priority.LOW, agent="a")
            for number, node in enumerate(json.loads(nodes), 1)])
board.flush()
"""


@pytest.fixture
def double() -> Iterator[Double]:
    store = Store(Clock(datetime(2026, 1, 1, tzinfo=UTC)))
    store.add_token("ghp_ada", "ada")
    store.add_repo("ada", "shop")
    with serve(store) as double:
        yield double


def opened(
    double: Double, path: Path, said: list[str] | None = None
) -> tuple[GitHub, ProjectsBoard]:
    clock = double.clock
    api = GitHub(
        url=double.url, token="ghp_ada", clock=clock.now, sleep=clock.sleep, patience=300.0
    )
    board = ProjectsBoard(
        api,
        owner="ada",
        repo="shop",
        path=path,
        title="shop",
        number=None,
        clock=clock.now,
        say=(said if said is not None else []).append,
    )
    return api, board


def nodes(double: Double, many: int) -> list[str]:
    repo = double.store.repo("ada", "shop")
    assert repo is not None
    while len(repo.issues) < many:
        double.store.add_issue(repo, "ada", "an issue")
    return [repo.issues[number].node for number in range(1, many + 1)]


def columns(double: Double) -> dict[str, str]:
    """The column of each card, by its issue's node; there is one board, and one card of each."""
    (project,) = double.store.projects.values()
    (status,) = [one for one in project["fields"] if one["name"] == "Status"]
    names = {one["id"]: one["name"] for one in status["options"]}
    shown = [
        (
            one["content"],
            names.get(one["values"].get(status["id"], {}).get("singleSelectOptionId"), ""),
        )
        for one in project["items"]
    ]
    assert len(dict(shown)) == len(shown), "no card twice"
    return dict(shown)


def card(number: int, node: str, state: State) -> Card:
    return Card(number=number, node=node, state=state, priority=Priority.LOW)


@pytest.mark.parametrize("fatal", [3, -3, -4, 5, -5, -6, -7, 7])
def test_killed_at_any_request(double: Double, tmp_path: Path, fatal: int) -> None:
    """SIGKILL just before a request goes out, or just after its answer came (the negative ones):
    the next process ends with one board and every card in its place."""
    many = nodes(double, 5)
    at = double.clock.now().isoformat()
    run = [sys.executable, "-c", CHILD, double.url, str(tmp_path / "b.db"), json.dumps(many), at]
    died = subprocess.run([*run, str(fatal)], cwd=ROOT, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    again = subprocess.run([*run, "0"], cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert again.stdout == "", "nothing to say about it"
    assert columns(double) == dict.fromkeys(many, "Blocked")


@pytest.mark.parametrize("seed", range(12))
def test_faults_by_chance(double: Double, tmp_path: Path, seed: int) -> None:
    """One request in five fails, before or after it was done, while cards change and people move
    others: in the end every card is where the last word put it."""
    dice, said = random.Random(seed), list[str]()
    many = nodes(double, 25)
    last = dict.fromkeys(range(1, 26), State.OPEN)
    double.faults.seeded(seed, 0.2)
    api, board = opened(double, tmp_path / "b.db", said)
    with closing(api), closing(board):
        board.show(card(number, node, State.OPEN) for number, node in enumerate(many, 1))
        for step in range(12):
            if step == 11:
                double.faults.clear()
            for number in dice.sample(sorted(last), 4):
                last[number] = dice.choice(list(State))
                board.show([card(number, many[number - 1], last[number])])
            double.clock.forward(120)
            moved = people_move(double, many, dice, sorted(last)) if step < 11 else {}
            double.clock.forward(120)
            told = attempt(board)
            last |= {**moved, **told}
    assert columns(double) == {many[one - 1]: NAMES[state] for one, state in last.items()}
    assert double.faults.happened
    assert [one for one in said if not one.startswith("The board is not up to date")] == []


def people_move(
    double: Double, many: list[str], dice: random.Random, numbers: list[int]
) -> dict[int, State]:
    """A person puts two cards, if they are there, into columns where they were not."""
    moved = {}
    for project in double.store.projects.values():
        (status,) = [one for one in project["fields"] if one["name"] == "Status"]
        options = {one["name"]: one["id"] for one in status["options"]}
        for number in dice.sample(numbers, 2):
            state, node = dice.choice(list(State)), many[number - 1]
            item = next((one for one in project["items"] if one["content"] == node), None)
            shown = columns(double).get(node)
            if item and shown and shown != NAMES[state]:
                at = double.clock.second()
                item["values"][status["id"]] = {
                    "singleSelectOptionId": options[NAMES[state]],
                    "at": at,
                }
                moved[number] = state
    return moved


def attempt(board: ProjectsBoard) -> dict[int, State]:
    """What a tracker does now and then; GitHub may be away."""
    board.flush()
    return dict(board.moves())


def test_a_rate_limit_in_the_middle(double: Double, tmp_path: Path) -> None:
    """Some cards are written, the others stay queued, and a later flush goes on there."""
    many = nodes(double, 60)
    api, board = opened(double, tmp_path / "b.db")
    with closing(api), closing(board):
        board.show(card(number, node, State.OPEN) for number, node in enumerate(many, 1))
        board.flush()
        double.clock.forward(3600)
        double.faults.add("", "limit 429", first=2, times=50)
        board.show(card(number, node, State.CLOSED) for number, node in enumerate(many, 1))
        board.flush()
        assert list(columns(double).values()).count("Done") < 60
        double.faults.clear()
        double.clock.forward(3600)
        board.flush()
    assert set(columns(double).values()) == {"Done"}


def test_five_thousand_cards(double: Double, tmp_path: Path) -> None:
    """The loss of our file costs 50 pages once; then one change is one request and an idle look
    at a board that is mostly done a few points."""
    many = nodes(double, 5000)
    api, board = opened(double, tmp_path / "a.db")
    with closing(api), closing(board):
        board.show([card(1, many[0], State.CLOSED)])
        board.flush()
        fill(double, many)
    api, board = opened(double, tmp_path / "b.db")
    with closing(api), closing(board):
        board.show(card(number, node, State.CLOSED) for number, node in enumerate(many, 1))
        double.log.clear()
        board.flush()
        assert len(double.log) == 3 + 50
        double.log.clear()
        board.show([card(7, many[6], State.OPEN)])
        board.flush()
        assert len(double.log) == 1
        double.clock.forward(599)
        double.log.clear()
        assert board.moves() == {}
        assert len(double.log) == 1 + 1, "whether it can be filtered, and one page"


def fill(double: Double, many: list[str]) -> None:
    """Cards of all issues like the first one, without asking for each."""
    (project,) = double.store.projects.values()
    (first,) = project["items"]
    for node in many[1:]:
        number, item = double.store.mint("item")
        made: dict[str, Any] = {
            **first,
            "id": item,
            "database_id": number,
            "content": node,
            "values": dict(first["values"]),
        }
        project["items"].append(made)
        double.store.keep(item, made)


def test_threads_share_a_board(double: Double, tmp_path: Path) -> None:
    """Sessions of one run show and flush at the same time: nothing is lost, nothing is double."""
    many = nodes(double, 24)
    api, board = opened(double, tmp_path / "b.db")

    def work(part: int) -> None:
        for number in range(part, 25, 4):
            board.show([card(number, many[number - 1], State.IN_PROGRESS)])
            board.flush()
            board.show([card(number, many[number - 1], State.CLOSED)])
            board.flush()

    with closing(api), closing(board):
        threads = [threading.Thread(target=work, args=(part,)) for part in range(1, 5)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        board.flush()
    assert columns(double) == dict.fromkeys(many, "Done")
