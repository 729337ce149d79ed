"""Pull requests that wait, as the screens show them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from framework.dashboard import summary
from framework.dashboard.picture import Picture
from framework.domain.board import Board, fold
from framework.domain.event import RunEnded
from framework.domain.issue import State
from framework.domain.pull import PullWaits
from tests.unit.nights import Night, at, ended, issue, run_started, started

URL = "https://forge.test/o/r/pull/7"
WAITS = f"{URL} waits for a person: it is ready to be merged"
STOP = f"1 pull request waits for a person: {URL} (it is ready to be merged)"


def board() -> Board:
    """One issue in review, whose run has ended."""
    night = Night()
    night.tell(0, run_started())
    night.tell(1, started(1, "One", 1, 1))
    night.tell(9, ended(1, 1, 1, "PullRequested", f"waits in {URL}", seconds=8, usd=0.1))
    night.tell(
        10,
        PullWaits(issue="1", url=URL, why="its checks are running", person=False),
        PullWaits(issue="1", url=URL, why="it is ready to be merged", person=True),
        RunEnded(code=1, why=STOP),
    )
    issues = [issue(1, "One", State.NEEDS_REVIEW)]
    return fold(night.entries, issues, {}, now=at(11), alive=False)


def text(*, of_monitor: bool) -> str:
    console = Console(file=StringIO(), width=200)
    if of_monitor:
        console.print(Picture(board=board()))
    else:
        summary.render(board(), Path("/home/ada/pocket"), console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_summary_says_where_it_waits_and_why() -> None:
    """In a section of its own: it has not landed, and nothing went wrong on the way."""
    shown = text(of_monitor=False)
    _, _, section = shown.partition("Waits in pull requests\n")
    assert section.startswith(f"  #1 One: {WAITS}\n")
    assert "Landed, and waits" not in shown
    assert "On the way" not in shown


def test_the_monitor_says_where_it_waits_and_why() -> None:
    """Beside the issue, and among the events."""
    assert text(of_monitor=True).count(WAITS) == 2
