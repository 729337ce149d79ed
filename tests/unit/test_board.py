"""The board is a pure fold of entries, issues and lease records."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain import event as events
from framework.domain.board import RECENT, Board, fold
from framework.domain.chronicle import DIED, RunState, Stage
from framework.domain.event import (
    AttemptStarted,
    Event,
    IssuesCreated,
    PlanAccepted,
    PlanningStarted,
    RunEnded,
    RunStarted,
    SessionProgress,
    Warned,
)
from framework.domain.issue import Issue, State
from framework.domain.lease import Lease, Record
from framework.domain.story import describe
from tests.unit.nights import (
    Night,
    at,
    dead,
    ended,
    finished,
    going,
    half_way,
    issue,
    landed,
    records,
    run_started,
    started,
    whole,
)


def board_of(*nights: Night, issues: tuple[Issue, ...] = (), alive: bool = True) -> Board:
    entries = [entry for night in nights for entry in night.entries]
    return fold(entries, issues, {}, now=at(1000), alive=alive)


def standings(board: Board) -> dict[str, str]:
    return {row.id: row.standing.value for row in board.issues}


def test_an_empty_journal_gives_a_board_without_a_run() -> None:
    """Before the first run the issues are shown and nothing else is claimed."""
    board = fold([], [issue(1, "One")], {}, now=at(0), alive=False)
    assert board.run.state is RunState.NONE
    assert (board.slots, board.attempts, board.recent) == ((), (), ())
    assert board.of_project.elapsed == 0
    assert standings(board) == {"1": "ready"}


def test_slots_show_what_each_attempt_is_doing() -> None:
    """A slot carries its attempt with title, note, spending and pause; times count on."""
    first, second, third = going().slots
    assert [slot.number for slot in (first, second, third)] == [1, 2, 3]
    assert first.attempt is not None
    assert second.attempt is not None
    assert third.attempt is not None
    assert first.attempt.conflicts == ("pocket/cli.py", "README.md")
    assert (second.attempt.issue, second.attempt.epoch, second.attempt.tools) == ("3", 2, 6)
    assert (second.attempt.usd, second.attempt.seconds) == (0.05, 14.0)
    assert third.attempt.paused_until == at(95)


def test_a_slot_is_idle_between_attempts() -> None:
    """What has ended holds no slot, and slots that were never used are there too."""
    night = Night()
    night.tell(0, run_started(slots=2), started(4, "Four", 1, 2))
    assert [slot.attempt is None for slot in board_of(night).slots] == [True, False]
    landed(night, 9, 4, 1, 2, 0.1)
    assert [slot.attempt is None for slot in board_of(night).slots] == [True, True]


def test_a_report_after_a_pause_ends_the_pause() -> None:
    """The same attempt goes on when its limit is over, and it is remembered that it waited."""
    night = half_way()
    night.tell(96, SessionProgress(issue="7", epoch=1, note="on again", tools=5, usd=0.02))
    attempt = board_of(night).slots[2].attempt
    assert attempt is not None
    assert attempt.pauses == ("usage limit",)
    assert attempt.paused_until is None
    assert attempt.note == "on again"


def test_every_standing_is_derived() -> None:
    """Running, ready, waiting, held and delayed come from the facts around an issue."""
    delayed = {"5": Record(key="5", epoch=1, not_before=at(2000))}
    entries = half_way().entries
    open_ones = [
        issue(3, "Three", State.IN_PROGRESS),
        issue(4, "Four", depends_on=("3",)),
        issue(5, "Five"),
        issue(8, "Eight"),
        issue(11, "Eleven"),
        issue(12, "Twelve", State.BLOCKED, depends_on=("3",)),
        issue(13, "Thirteen", labels=frozenset({"meta"})),
    ]
    board = fold(entries, open_ones, {**records(), **delayed}, now=at(100), alive=True)
    assert standings(board) == {
        "3": "running",
        "4": "waiting",
        "5": "delayed",
        "8": "ready",
        "11": "held",
        "12": "blocked",
        "13": "meta",
    }
    assert board.issues[2].until == at(2000)
    assert board.issues[4].until == at(1800)


def test_an_expired_claim_holds_nothing() -> None:
    """A lease that is over leaves its issue ready."""
    lease = Lease(key="1", holder="h", epoch=1, expires_at=at(10))
    record = {"1": Record(key="1", epoch=1, lease=lease)}
    board = fold([], [issue(1, "One")], record, now=at(10), alive=False)
    assert standings(board) == {"1": "ready"}


def test_meta_is_shown_and_not_counted() -> None:
    """The META issue has a row; counts and `work` are about the others."""
    board = going()
    assert "1" in standings(board)
    assert sum(board.counts.values()) == len(board.work) == len(board.issues) - 1


def test_a_row_tells_the_history_of_its_issue() -> None:
    """Outcomes are in order; money and time are those of all attempts, going ones included."""
    row = next(row for row in going().issues if row.id == "3")
    assert row.outcomes == ("Rejected",)
    assert row.why == "make test ended with 1"
    assert row.failures == 1
    assert row.usd == pytest.approx(0.09)
    row = next(row for row in finished().issues if row.id == "3")
    assert row.outcomes == ("Rejected", "Landed")
    assert row.commit.startswith("32c0ffee32")


def test_a_dead_run_takes_its_attempts_with_it() -> None:
    """No end and no process: the run is dead at its last sign of life, its slots are empty and
    its attempts ended with it, at what they were last known to have spent."""
    board = dead()
    assert board.run.state is RunState.DEAD
    assert board.run.ended == at(37)
    assert board.run.elapsed(board.at) == 37
    assert all(slot.attempt is None for slot in board.slots)
    lost = [(one.issue, one.epoch, one.usd, one.counted) for one in board.attempts[3:]]
    assert lost == [("7", 1, 0.0, False), ("3", 2, 0.05, False), ("6", 1, 0.06, False)]
    assert {one.outcome for one in board.attempts[3:]} == {DIED}
    assert standings(board)["6"] == "ready"


def test_a_run_that_lives_is_going_and_one_that_ended_is_finished() -> None:
    """Whether the process exists matters only for a run that has not ended."""
    assert going().run.state is RunState.GOING
    for alive in (True, False):
        board = board_of(whole(), alive=alive)
        assert board.run.state is RunState.FINISHED
        assert (board.run.code, board.run.ended) == (1, at(105))


def test_runs_follow_each_other() -> None:
    """Slots and warnings are the last run's; an earlier run that never ended died; the project's
    totals hold both."""
    again = Night(run="r2")
    again.tell(200, run_started(slots=1), Warned(text="again"), started(3, "Three", 3, 1))
    board = board_of(half_way(), again)
    assert [slot.number for slot in board.slots] == [1]
    assert board.slots[0].attempt is not None
    assert board.warnings == ("again",)
    assert [one.outcome for one in board.attempts[3:]] == [DIED, DIED, DIED, ""]
    assert board.of_run.attempts == 1
    assert board.of_project.attempts == 7
    assert board.of_project.elapsed == 37 + 800
    assert board.of_project.usd == pytest.approx(0.021 + 0.031 + 0.04 + 0.029 + 0.05 + 0.06)
    assert board.of_run.usd == 0


def test_a_run_that_ends_leaves_nothing_going() -> None:
    """Attempts that their run forgot to end are not shown as going for ever."""
    night = Night()
    night.tell(0, run_started(), started(4, "Four", 1, 1))
    night.tell(5, RunEnded(code=130, why="interrupted"))
    (attempt,) = board_of(night).attempts
    assert (attempt.outcome, attempt.seconds) == (DIED, 5.0)


def test_planning_is_followed_and_survives_into_later_runs() -> None:
    """The stage moves with the events; an unfinished plan of an earlier run is forgotten, a
    finished one stays."""
    first, second, third = Night(run="r1"), Night(run="r2"), Night(run="r3")
    first.tell(0, run_started(), PlanningStarted(spec="a.txt", session="s"))
    assert board_of(first).planning.stage is Stage.PLANNING
    second.tell(10, run_started())
    assert board_of(first, second).planning.stage is Stage.NONE
    second.tell(11, PlanAccepted(plan="p", issues=3, usd=0.5))
    assert board_of(first, second).planning.stage is Stage.ACCEPTED
    second.tell(12, IssuesCreated(plan="p", created=3, existing=0, deleted=0))
    third.tell(20, run_started())
    board = board_of(first, second, third)
    assert (board.planning.stage, board.planning.plan) == (Stage.CREATED, "p")
    assert (board.of_run.usd, board.of_project.usd) == (0, 0.5)


def test_recent_holds_news_only_and_is_bounded() -> None:
    """Progress reports are no news, and the board does not grow with the journal."""
    night = Night()
    night.tell(0, run_started(), *(Warned(text=str(number)) for number in range(RECENT)))
    night.tell(1, *(SessionProgress(issue="1", epoch=1, note="", tools=1, usd=0) for _ in range(9)))
    recent = board_of(night).recent
    assert len(recent) == RECENT
    assert recent[-1].event == Warned(text=str(RECENT - 1))


def test_the_baseline_warns_of_what_was_red() -> None:
    """A project that is red before anyone worked says so on the board."""
    assert "red before anyone worked: make lint" in going().warnings


def test_a_hundred_thousand_reports_fold_in_under_a_second() -> None:
    """The fold is linear and light, so that a monitor may repeat it every second."""
    reports = [
        SessionProgress(issue=str(number % 50), epoch=1, note="n", tools=number, usd=0.1)
        for number in range(100_000)
    ]
    night = Night()
    night.tell(0, run_started(slots=50))
    night.tell(0, *(started(number, "T", 1, number + 1) for number in range(50)), *reports)
    before = time.process_time()
    board = board_of(night)
    assert time.process_time() - before < 1
    assert board.of_run.tools == sum(range(99_950, 100_000))


_TEXT = st.text(max_size=8)
_VALUES = {
    "str": _TEXT,
    "int": st.integers(0, 3),
    "float": st.floats(0, 10),
    "bool": st.booleans(),
    "tuple[str, ...]": st.lists(_TEXT, max_size=2).map(tuple),
}


def _any(kind: type[Event]) -> st.SearchStrategy[Event]:
    known = {"issue": st.sampled_from(["1", "2"]), "until": st.sampled_from(["", "soon", "2025"])}
    values = {one.name: known.get(one.name, _VALUES[str(one.type)]) for one in fields(kind)}
    return st.builds(kind, **values)


@given(st.lists(st.one_of(*(_any(kind) for kind in events.Event.__args__)), max_size=25))
def test_any_events_in_any_order_fold(told: list[Event]) -> None:
    """A journal that makes no sense still gives a board, whose slots hold only what goes on."""
    night = Night()
    night.tell(0, *told)
    board = board_of(night, issues=(issue(1, "One"), issue(2, "Two", depends_on=("1",))))
    assert all(slot.attempt is None or slot.attempt.is_going for slot in board.slots)
    assert sum(board.counts.values()) == 2
    if not any(isinstance(one, RunEnded) for one in told):
        is_begun = any(isinstance(one, RunStarted) for one in told)
        assert board.run.state is (RunState.GOING if is_begun else RunState.NONE)


@pytest.mark.parametrize("kind", events.Event.__args__, ids=lambda kind: kind.__name__)
def test_every_event_has_words_except_progress(kind: type[Event]) -> None:
    """`describe` says one line for each kind of event and nothing for progress reports."""
    told = describe(_filled(kind))
    if kind is SessionProgress:
        assert told is None
    else:
        assert told
        assert "\n" not in told


def test_times_are_told_by_the_readers_clock() -> None:
    """Without a clock of the reader's the zone is named; an unreadable time is left out."""
    zone = timezone(timedelta(hours=2))
    pause = events.AttemptPaused(issue="7", epoch=1, until="2025-11-21T09:30:00+02:00", why="limit")
    assert describe(pause) == "#7 attempt e1 paused until 2025-11-21 07:30:00 UTC: limit"
    told = describe(pause, clock=lambda moment: f"{moment.astimezone(zone):%H:%M}")
    assert told == "#7 attempt e1 paused until 09:30: limit"
    vague = events.AttemptPaused(issue="A-7", epoch=1, until="", why="limit")
    assert describe(vague) == "A-7 attempt e1 paused: limit"


def test_an_attempt_is_told_with_its_outcome() -> None:
    """The outcome's word, its reason, time and money are in the line."""
    told = describe(ended(3, 2, 1, "Rejected", "make test ended with 1", seconds=9.4, usd=0.04))
    assert told == "#3 attempt e2 Rejected: make test ended with 1 (9 s, $0.04)"
    assert describe(started(3, "Parse", 2, 1)) == "#3 attempt e2 started (slot 1): Parse"


def _filled(kind: type[Event]) -> Event:
    values = {"str": "x", "int": 1, "float": 1.0, "bool": True, "tuple[str, ...]": ("x",)}
    return kind(**{one.name: values[str(one.type)] for one in fields(kind)})


def test_an_end_without_a_beginning_is_still_an_attempt() -> None:
    """A journal that lost its start shows the attempt with what its end knows."""
    night = Night()
    night.tell(0, run_started(), ended(4, 1, 2, "Failed", "no start", seconds=3, usd=0.2))
    (attempt,) = board_of(night).attempts
    assert (attempt.issue, attempt.outcome, attempt.usd) == ("4", "Failed", 0.2)


def test_totals_add_up() -> None:
    """Attempts, landings, failures, turns and tools are counted once each."""
    total = finished().of_run
    assert (total.attempts, total.landed, total.failures) == (7, 5, 2)
    assert (total.turns, total.tools) == (49, 84)
    assert total.worked == 57
    assert total.elapsed == 105


def test_the_fold_takes_any_zone() -> None:
    """`now` may come in another zone: lengths of time are the same."""
    now = datetime(2025, 11, 21, 9, 31, 42, tzinfo=timezone(timedelta(hours=2)))
    board = fold(half_way().entries, [], {}, now=now, alive=True)
    assert board.of_run.elapsed == 42
    assert now.astimezone(UTC) == at(42)


def test_a_resumed_attempt_stays_one_attempt() -> None:
    """The same epoch told as started twice is one attempt, from its first start on."""
    night = Night()
    night.tell(0, run_started(), started(4, "Four", 1, 1))
    again = AttemptStarted(issue="4", title="Four", epoch=1, slot=2, session="s")
    night.tell(30, again)
    board = board_of(night)
    assert len(board.attempts) == 1
    assert [slot.attempt is None for slot in board.slots] == [True, False, True]
    assert board.attempts[0].since == at(0)
