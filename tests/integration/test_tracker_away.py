"""The tracker goes away in the middle of a run: the work goes on, and is told once and in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from framework.agents.base import Conversation
from framework.domain.event import AttemptEnded, TrackerBack, WorkLanded
from framework.domain.issue import State
from framework.domain.session import SessionEnd
from framework.leases.process import is_alive
from framework.rehearsal.outage import Outages
from framework.runner.run import run
from framework.trackers.outbox import Outbox
from tests.integration.test_runner import Stage, add, events, finish, opened, states

pytestmark = pytest.mark.anyio
ISSUES = 12


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_sessions_go_on_and_everything_is_told_once_and_in_order(tmp_path: Path) -> None:
    """Six sessions work when it goes; all six land without it, nothing new is begun, nothing
    counts as a failure, and the issues are closed with one proof each when it is back."""
    stage, away, landed = Stage(), anyio.Event(), anyio.Event()

    async def after_the_loss(conversation: Conversation) -> SessionEnd:
        if len(stage.turns) == 6:
            away.set()
        await away.wait()
        return await finish(conversation)

    stage.plays = {(number, 1): after_the_loss for number in range(1, ISSUES + 1)}
    async with opened(tmp_path, stage, slots=6) as parts:
        for number in range(ISSUES):
            add(parts, f"issue {number}")
        real = parts.tracker
        far = Outages(real, lambda: away.is_set() and not landed.is_set(), lambda *_: None)
        outbox = Outbox(
            far, tmp_path / "far.db", process=parts.process, is_alive=is_alive  # type: ignore[arg-type]
        )  # fmt: skip
        parts = replace(parts, tracker=outbox, outgoing=outbox)

        async def come_back() -> None:
            while outbox.backlog().count < 2 * 6:  # noqa: ASYNC110 - the queue is no event
                await anyio.sleep(0.01)
            assert len(events(parts, WorkLanded)) == 6
            assert len(stage.turns) == 6, "nothing new was begun meanwhile"
            assert states_of(real)[:6] == [State.IN_PROGRESS] * 6
            landed.set()

        async with anyio.create_task_group() as group:
            group.start_soon(come_back)
            ended = await run(parts)
        assert ended.code == 0, ended.why
        assert states(parts) == [State.CLOSED] * ISSUES
        told = Counter(len(real.comments(str(number))) for number in range(1, ISSUES + 1))
        assert told == {1: ISSUES}, "one proof each"
        assert {one.outcome for one in events(parts, AttemptEnded)} == {"Landed"}
        (back,) = events(parts, TrackerBack)
        assert back.sent == 2 * 6, "a proof and a state each"


def states_of(tracker: object) -> list[State]:
    return [one.state for one in tracker.list()]  # type: ignore[attr-defined]
