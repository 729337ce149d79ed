"""The screens: text snapshots of the board and of the summary, and what must never go wrong.

The snapshots are in `snapshots/`. To renew them after a change that is meant, run
`RENEW_SNAPSHOTS=1 python -m pytest tests/unit/test_terminal.py` and read the difference.
"""

from __future__ import annotations

import io
import json
import os
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from framework.dashboard import summary, terminal
from framework.dashboard.document import to_json
from framework.dashboard.picture import Picture, allot
from framework.dashboard.wording import clock, duration
from framework.domain.board import Board, fold
from framework.domain.errors import TrackerUnavailable
from framework.domain.event import (
    AccountParked,
    AttemptPaused,
    PlanningStarted,
    RunEnded,
    SessionProgress,
    Warned,
)
from framework.domain.issue import State
from framework.domain.legible import clean, clean_lines
from tests.unit.nights import (
    Night,
    at,
    dead,
    ended,
    finished,
    going,
    half_way,
    issue,
    issues_half_way,
    run_started,
    started,
    whole,
)

SNAPSHOTS = Path(__file__).parent / "snapshots"
EVIL = "\x1b[31mred\x1b[0m\x07\x1b]0;title\x07\nnext\u202egnp.exe\x9b2J [bold]\ud800"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Screens show the reader's time of day; here the reader lives in UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def drawn(draw: Callable[[Console], None], width: int) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    draw(console)
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def pictured(board: Board, width: int, height: int | None = None) -> str:
    return drawn(lambda console: console.print(Picture(board=board, height=height)), width)


def planning() -> Board:
    night = Night()
    night.tell(0, run_started(boxed=False), PlanningStarted(spec="app_spec.txt", session="s"))
    return fold(night.entries, [], {}, now=at(12), alive=True)


def nothing() -> Board:
    return fold([], [issue(1, "Alone")], {}, now=at(0), alive=False)


def summed(board: Board, width: int) -> str:
    return drawn(lambda console: summary.render(board, Path("my projects/pocket"), console), width)


def streamed() -> str:
    lines = (summary.one_line(entry) for entry in whole().entries)
    return "".join(f"{line}\n" for line in lines if line)


SCREENS: dict[str, Callable[[], str]] = {
    "going_100": lambda: pictured(going(), 100),
    "going_80x24": lambda: pictured(going(), 80, 24),
    "going_120x40": lambda: pictured(going(), 120, 40),
    "finished_100": lambda: pictured(finished(), 100),
    "dead_80": lambda: pictured(dead(), 80),
    "planning_80": lambda: pictured(planning(), 80),
    "nothing_80": lambda: pictured(nothing(), 80),
    "summary_100": lambda: summed(finished(), 100),
    "summary_80": lambda: summed(finished(), 80),
    "streamed": streamed,
    "document": lambda: json.dumps(to_json(going()), indent=2) + "\n",
}


@pytest.mark.parametrize("name", SCREENS)
def test_screens_look_as_they_did(name: str) -> None:
    """Every screen is as its snapshot, to the character."""
    path, screen = SNAPSHOTS / f"{name}.txt", SCREENS[name]()
    if os.environ.get("RENEW_SNAPSHOTS"):
        path.write_text(screen, "utf-8")
    assert screen == path.read_text("utf-8")


@pytest.mark.parametrize("width", [20, 40, 79, 200])
@pytest.mark.parametrize("height", [5, 12, 24, 60])
def test_nothing_is_wider_or_higher_than_the_terminal(width: int, height: int) -> None:
    """At any size every line fits, with wide characters too, and so do the lines together."""
    wide = [issue(number, "日本語の題名 " * 9) for number in range(2, 60)]
    night = half_way()
    night.tell(38, started(50, "日本語の題名 " * 9, 1, 2))
    board = fold(night.entries, [*issues_half_way(), *wide], {}, now=at(42), alive=True)
    lines = pictured(board, width, height).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) <= height


def test_a_foreign_text_cannot_touch_the_terminal() -> None:
    """Titles, notes and warnings with escape sequences, line breaks, bidirectional overrides,
    markup or lone surrogates come out as plain text on one line, on every screen."""
    night = Night()
    night.tell(0, run_started(project=EVIL), Warned(text=EVIL), started(2, EVIL, 1, 1))
    night.tell(1, SessionProgress(issue="2", epoch=1, note=EVIL, tools=1, usd=0.1))
    board = fold(night.entries, [issue(2, EVIL), issue(3, EVIL)], {}, now=at(2), alive=True)
    lines = "".join(summary.one_line(entry) or "" for entry in night.entries)
    for screen in (pictured(board, 200), summed(board, 200), lines):
        assert "[bold]" in screen
        shown = screen.replace("\n", "")
        assert {unicodedata.category(one) for one in shown}.isdisjoint({"Cc", "Cf", "Cs"})
        screen.encode("utf-8")


def test_clean_leaves_what_people_write() -> None:
    """Plain text is untouched, emoji that are joined too; only breaks become spaces."""
    for text in ("Parse amounts", "naïve café", "👩\u200d💻 works", "日本語"):
        assert clean(text) == text
    assert clean("one\r\n\ttwo\x00") == "one two"
    assert clean_lines("a\tb\n\x1b[1mc") == "a    b\nc"


def test_colours_appear_only_where_the_console_has_them() -> None:
    """A terminal gets colours; a file gets the same text without them."""
    coloured = Console(width=100, file=io.StringIO(), force_terminal=True, color_system="standard")
    terminal.render(going(), coloured)
    assert isinstance(coloured.file, io.StringIO)
    assert "\x1b[" in coloured.file.getvalue()
    assert "\x1b" not in pictured(going(), 100)


def test_allot_serves_the_important_first() -> None:
    """Sections that do not fit are left out from the end; what is left is dealt out evenly."""
    assert allot(30, [3, 11, 10, 3], [8, 4, 4, 3]) == [3, 10, 10, 3]
    assert allot(12, [3, 11, 10, 3], [8, 4, 4, 3]) == [3, 7, 0, 0]
    assert allot(14, [3, 11, 10, 3], [8, 4, 4, 3]) == [3, 4, 4, 0]
    assert allot(0, [3, 11], [8, 4]) == [0, 0]
    assert allot(20, [0, 2], [8, 4]) == [0, 2]


def test_live_draws_each_board_and_leaves_the_last_one() -> None:
    """Live redraws at every interval on a screen of its own; Ctrl-C gives the terminal back with
    the last board on it."""
    console = Console(width=80, height=24, file=io.StringIO(), force_terminal=True)
    boards = iter([planning(), going(), finished()])
    with pytest.raises(KeyboardInterrupt):
        terminal.live(lambda: next(boards), 0.5, console, sleep=_three_times(0.5))
    assert isinstance(console.file, io.StringIO)
    own, left = console.file.getvalue().split("\x1b[?1049l")
    assert own.count("\x1b[?1049h") == 1
    assert "Planning from app_spec.txt" in own
    assert "7 of 10 issues closed" in own
    assert "7 of 10 issues closed" in left


def test_live_outlives_a_tracker_that_is_away() -> None:
    """A read that fails later leaves the board as it was and says so."""
    console = Console(width=100, height=30, file=io.StringIO(), force_terminal=True)
    reads: list[Board] = [going()]

    def read() -> Board:
        if not reads:
            raise TrackerUnavailable("the forge does not answer")
        return reads.pop()

    with pytest.raises(KeyboardInterrupt):
        terminal.live(read, 1, console, sleep=_three_times(1))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("! not up to date: the forge does not answer") == 3
    with pytest.raises(TrackerUnavailable):
        terminal.live(read, 1, console, sleep=_three_times(1))


def test_live_without_a_terminal_prints_what_changed() -> None:
    """Into a file or a pipe the board is printed again only when something has happened."""
    console = Console(width=100, file=io.StringIO())
    boards = iter([planning(), planning(), going(), going()])
    with pytest.raises(KeyboardInterrupt):
        terminal.live(lambda: next(boards), 1, console, sleep=_three_times(1, times=4))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.count("Planning from app_spec.txt, ") == 1
    assert text.count("2 of 10 issues closed") == 1
    assert "\x1b" not in text


def test_the_summary_names_every_undone_issue() -> None:
    """What is left undone is complete, however much it is; a finished board has no such part."""
    many = [issue(number, f"Number {number}") for number in range(1, 41)]
    board = fold(whole().entries, many, {}, now=at(200), alive=False)
    assert summed(board, 100).count("not tried yet") == 34
    closed = fold(whole().entries, [issue(2, "Two", State.CLOSED)], {}, now=at(200), alive=False)
    assert "Left undone" not in summed(closed, 100)


def test_the_summary_can_be_copied_from() -> None:
    """Paths are quoted for the shell and never wrapped."""
    assert "git -C 'my projects/pocket' log --graph --oneline main\n" in summed(finished(), 30)


def test_times_are_the_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of day is shown in the reader's zone; lengths of time need none."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert clock(at(0), at(9)) == "16:31:00"
    assert [duration(one) for one in (0, 61, 3600 * 27 + 1)] == ["0:00", "1:01", "27:00:01"]


def test_the_document_is_plain_and_versioned() -> None:
    """Programs get a version, snake_case names and UTC times; warnings and texts as they are."""
    document = to_json(replace(going(), warnings=(EVIL,)))
    assert document["version"] == 1
    assert document["at"] == "2025-11-21T07:31:42.000Z"
    assert json.loads(json.dumps(document)) == document
    assert document["warnings"] == [EVIL]
    assert document["counts"]["needs_review"] == 1


def _three_times(interval: float, *, times: int = 3) -> Callable[[float], None]:
    """A sleep that takes no time and is interrupted the third time."""
    calls: list[float] = []

    def sleep(seconds: float) -> None:
        assert seconds == interval
        calls.append(seconds)
        if len(calls) == times:
            raise KeyboardInterrupt

    return sleep


@pytest.mark.parametrize(("days", "told"), [(0.5, "04:31:00"), (10, "2025-12-01 16:31")])
def test_what_is_far_away_has_its_date(
    monkeypatch: pytest.MonkeyPatch, days: float, told: str
) -> None:
    """News, pauses and warnings alike, in the reader's zone: a limit of ten days is not taken for
    one that ends today. Programs get the date and UTC in any case."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    until, why = (at(0) + timedelta(days=days)).isoformat(), "usage limit"
    night = Night()
    night.tell(0, run_started(), started(2, "Two", 1, 1))
    night.tell(1, AttemptPaused(issue="2", epoch=1, until=until, why=why))
    night.tell(1, AccountParked(account="ONE", until=until, why=why))
    board = fold(night.entries, [issue(2, "Two")], {}, now=at(2), alive=True)
    lines = [summary.one_line(entry) or "" for entry in night.entries]
    assert lines[-2].endswith(f"paused until {told}: usage limit")
    assert lines[-1].endswith(f"token ONE: usage limit until {told}")
    screen = pictured(board, 160)
    assert f"! token ONE: usage limit until {told}" in screen
    assert f"paused until {told}: usage limit" in screen
    assert f"  token ONE: usage limit until {told}\n" in summed(board, 160)
    (warned,) = to_json(board)["warnings"]
    assert (
        warned
        == f"token ONE: usage limit until {at(0) + timedelta(days=days):%Y-%m-%d %H:%M:%S} UTC"
    )


def test_the_headline_has_one_full_stop() -> None:
    """Whether or not the reason for the end brings its own."""
    for why in ("Start again.", "Start again"):
        night = Night()
        night.tell(0, run_started(), RunEnded(code=1, why=why))
        board = fold(night.entries, [issue(2, "Two")], {}, now=at(2), alive=False)
        assert summed(board, 160).splitlines()[0].startswith("pocket: Start again. 0 of 1 issue")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("parallel_agent.py", ".venv/bin/python monitor.py '/p q'"),
        ("../my tools/autonomous_agent.py", ".venv/bin/python '../my tools/monitor.py' '/p q'"),
        ("/opt/bin/nightshift", "/opt/bin/nightshift monitor '/p q'"),
    ],
)
def test_the_board_is_shown_by_what_lies_beside_the_program(program: str, told: str) -> None:
    """The command can be pasted where the run was started, whatever directory that is."""
    text = drawn(
        lambda console: summary.render(
            finished(), Path("/p q"), console, python=".venv/bin/python", program=program
        ),
        100,
    )
    assert f"  board    {told}\n" in text


def test_where_the_tracker_is_gone_no_command_is_named_that_asks_it() -> None:
    """As after a rehearsal on a GitHub of its own: what happened is told, and all of it."""
    night = Night()
    night.tell(0, run_started())
    for epoch in range(1, 15):
        blocked = ended(2, epoch, 1, "Blocked", "which of the two?", seconds=1, usd=0)
        night.tell(epoch, started(2, "Two", epoch, 1), blocked)
    night.tell(20, RunEnded(code=1, why="blocked"))
    two = issue(2, "Two", State.BLOCKED)
    board = fold(night.entries, [two], {}, now=at(21), alive=False)
    where = Path("/p q")
    known = drawn(lambda console: summary.render(board, where, console), 160)
    gone = drawn(lambda console: summary.render(board, where, console, gone=True), 160)
    for name in ("monitor.py", "issue reopen", "the board has them all"):
        assert name in known
        assert name not in gone
    assert "14 × blocked (#2): which of the two?\n" in gone
    assert "git -C '/p q' log --graph --oneline --all\n" in gone
