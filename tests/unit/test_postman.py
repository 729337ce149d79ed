"""The postman: tells the tracker what waited, as soon as it is back and at a run's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from framework.domain.event import Event, TellingRefused, TrackerBack, TrackerLost, Warned
from framework.domain.issue import Change, Draft, State
from framework.domain.story import describe
from framework.journals.memory import MemoryJournal
from framework.runner.postman import Postman
from framework.trackers.memory import MemoryTracker
from framework.trackers.outbox import Outbox
from tests.unit import outbox_line
from tests.unit.outbox_line import Line, before

pytestmark = pytest.mark.anyio
UP, DOWN = outbox_line.State.UP, outbox_line.State.DOWN
START = datetime(2026, 1, 1, 22, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Round:
    """An outbox, its line, a journal and a clock that stands still; all waits are the longest."""

    def __init__(self, directory: Path) -> None:
        self.now = START
        self.outbox: Outbox
        self.line: Line
        self.outbox, self.line = before(MemoryTracker(), directory, clock=lambda: self.now)
        self.journal = MemoryJournal(run="r")
        self.outbox.create(Draft(title="One"))
        self.outbox.list()

    def postman(self, last_seconds: float = 30.0) -> Postman:
        return Postman(
            self.outbox,
            self.journal,
            clock=lambda: self.now,
            chance=lambda: 1.0,
            last_seconds=last_seconds,
        )

    def events(self) -> list[Event]:
        return [one.event for one in self.journal.since()]

    def say(self, text: str) -> None:
        self.outbox.comment("1", text, author="ann")


@pytest.fixture
def play(tmp_path: Path) -> Round:
    return Round(tmp_path)


async def test_an_outage_is_told_once_and_waited_out_longer_and_longer(play: Round) -> None:
    """Rests grow threefold up to a minute; the return says how long it was and how much waited."""
    postman = play.postman()
    assert await postman.go() is None
    play.line.state = DOWN
    play.say("hello")
    assert [await postman.go() for _ in range(5)] == [3, 9, 27, 60, 60]
    play.now += timedelta(minutes=10)
    play.line.state = UP
    assert await postman.go() is None
    lost, back = play.events()
    assert isinstance(lost, TrackerLost)
    assert back == TrackerBack(seconds=600.0, sent=1)
    assert describe(back) == "the tracker was told what waited for 600 s: 1 change"
    play.line.state = DOWN
    play.say("again")
    assert await postman.go() == 3


async def test_a_refusal_is_news_with_its_issue_and_its_reason(play: Round) -> None:
    play.line.state = DOWN
    play.outbox.update("1", Change(state=State.BLOCKED))
    play.line.tracker.update("1", Change(state=State.CLOSED))
    play.line.state = UP
    assert await play.postman().go() is None
    (refused,) = play.events()
    assert isinstance(refused, TellingRefused)
    assert "state blocked: Issue 1 is closed" in refused.why


async def test_many_are_told_in_batches_without_a_rest_between(play: Round) -> None:
    """So that an interrupt need not wait for all of them."""
    play.line.state = DOWN
    for number in range(25):
        play.say(str(number))
    play.line.state = UP
    postman = play.postman()
    assert [await postman.go() for _ in range(3)] == [0.0, 0.0, None]
    assert len(play.line.tracker.comments("1")) == 25


async def test_while_another_run_tells_it_only_looks_again(play: Round, tmp_path: Path) -> None:
    other, _ = before(play.line.tracker, tmp_path, clock=lambda: play.now)
    play.line.state = DOWN
    play.say("hello")
    play.line.state = UP
    assert other._queue.take_turn(play.now)
    postman = play.postman()
    assert await postman.go() == 1
    other._queue.end_turn()
    assert other.flush().sent == 1
    assert await postman.go() is None
    assert play.events() == []


async def test_what_waits_is_told_while_it_is_on_duty(play: Round) -> None:
    """Without anybody calling it."""
    play.line.state = DOWN
    play.say("hello")
    play.line.state = UP
    with anyio.fail_after(30):
        async with play.postman().on_duty():
            while not play.line.tracker.comments("1"):
                await anyio.lowlevel.checkpoint()


async def test_at_the_end_all_is_told_that_can_be(play: Round) -> None:
    """What was kept in the block's last moment as well."""
    async with play.postman().on_duty():
        play.line.state = DOWN
        await to_thread.run_sync(play.say, "last")
        play.line.state = UP
    assert [one.text for one in play.line.tracker.comments("1")] == ["last"]


async def test_what_cannot_be_told_at_the_end_is_said_and_waits(play: Round) -> None:
    """The run ends all the same, and the next one tells it."""
    async with play.postman(last_seconds=0.0).on_duty():
        play.line.state = DOWN
        play.say("last")
    assert play.outbox.backlog().count == 1
    text = "the tracker was not told 1 change yet: the next run here tells it"
    assert Warned(text=text) in play.events()


async def test_a_queue_that_cannot_be_read_is_said_once(play: Round, tmp_path: Path) -> None:
    """And ends nothing."""
    play.outbox._queue.close()
    postman = play.postman()
    assert [await postman.go(), await postman.go()] == [3, 9]
    (warned,) = play.events()
    assert isinstance(warned, Warned)
    assert "outbox.db" in warned.text
