"""Caps in whole attempts: told at four fifths, stopped at the whole, continued by a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from framework.agents.base import Conversation, Report
from framework.cli import extend
from framework.domain.event import AttemptEnded, CapNear
from framework.domain.issue import State
from framework.domain.ledger import Amount, Caps
from framework.domain.outcome import OutOfBudget
from framework.domain.session import Completed, SessionEnd, Used
from framework.runner.run import run
from tests.integration.test_runner import (
    Stage,
    add,
    commit,
    events,
    finish,
    number_of,
    opened,
    outcomes,
    states,
)

pytestmark = pytest.mark.anyio
INF = float("inf")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Spender(Stage):
    """Every session spends a dollar for each answer, and answers as often as it may."""

    answers = 10

    def __init__(self) -> None:
        super().__init__()
        self.hints: list[str] = []
        self.on_report: Callable[[], None] = lambda: None

    async def play(self, conversation: Conversation, report: Report) -> SessionEnd:
        await commit(conversation, f"draft-{number_of(conversation)}.txt")
        spent = conversation.spent
        for _ in range(self.answers):
            spent = replace(spent, turns=spent.turns + 1, usd=spent.usd + 1)
            report(Used(spending=spent))
            self.on_report()
            if hint := conversation.hint():
                self.hints.append(hint)
            await anyio.lowlevel.checkpoint()
        end: SessionEnd = await finish(conversation)
        return Completed(spending=spent) if isinstance(end, Completed) else end


def usd(amount: float) -> Amount:
    return Amount(turns=INF, seconds=INF, usd=amount)


def capped(parts: Any, **caps: Amount) -> Any:
    return replace(parts, purse=replace(parts.purse, caps=Caps(**caps)))


async def test_an_issue_is_told_stopped_and_blocked_with_its_work_kept(tmp_path: Path) -> None:
    """At four fifths agent and people hear it once; at the whole the turn ends, nothing counts
    as a failure, and what was committed is under refs/rescue."""
    stage = Spender()
    async with opened(tmp_path, stage) as parts:
        parts = capped(parts, issue=usd(5))
        add(parts, "one")
        ended = await run(parts)
        assert ended.code == 1
        assert states(parts) == [State.BLOCKED]
        assert outcomes(parts) == [OutOfBudget.__name__]
        (end,) = events(parts, AttemptEnded)
        assert (end.counted, end.usd) == (False, 5)
        assert end.why.startswith("used up the issue's usd: $5.00 of the issue's $5.00")
        assert [one.use for one in events(parts, CapNear)] == ["$4.00 of the issue's $5.00"]
        assert len(stage.hints) == 1
        assert "$4.00 of the issue's $5.00" in stage.hints[0]
        assert "nightshift extend 1 --usd" in parts.tracker.comments("1")[-1].text
        assert (await parts.workspaces.rescued(parts.tracker.get("1"))) is not None


async def test_extend_opens_the_issue_and_the_next_run_finishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Spender()
    async with opened(tmp_path, stage) as parts:
        parts = capped(parts, issue=usd(5))
        add(parts, "one")
        await run(parts)
        monkeypatch.setenv("NIGHTSHIFT_ISSUE_USD", "5")
        where = ("--project-dir", str(tmp_path / "project"))
        assert extend.main(["1", "--usd", "12", "--json", *where]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["reopened"] is True
        assert said["caps"] == [{"what": "usd", "used": 5.0, "cap": 17.0}]
        assert (await run(parts)).code == 0
        assert states(parts) == [State.CLOSED]


@pytest.mark.parametrize("scope", ["run", "day"])
async def test_the_cap_of_a_run_or_a_day_ends_the_run_and_blames_no_issue(
    tmp_path: Path, scope: str
) -> None:
    stage = Spender()
    async with opened(tmp_path, stage, slots=1) as parts:
        parts = capped(parts, **{scope: usd(12)})
        add(parts, "one")
        add(parts, "two")
        ended = await run(parts)
        assert ended.code == 1
        assert (
            "nightshift extend day --usd" if scope == "day" else "a run with a cap of its own"
        ) in ended.why
        assert states(parts) == [State.CLOSED, State.OPEN]
        record = parts.leases.record("2")
        assert record is not None
        assert not record.failures


async def test_a_killed_session_has_spent_what_it_reported(tmp_path: Path) -> None:
    """The journal has its last report; the next run of the day begins with that much less."""
    stage = Spender()
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        ended = anyio.Event()

        async def stop_when_it_spends(group: anyio.abc.TaskGroup) -> None:
            await ended.wait()
            group.cancel_scope.cancel()

        stage.on_report = ended.set
        async with anyio.create_task_group() as group:
            group.start_soon(stop_when_it_spends, group)
            group.start_soon(run, parts)
        later = capped(parts, day=usd(0.5)).purse
        use = later.over("1")
        assert use is not None
        assert use.used >= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1"], "Say how much more"),
        (["1", "--usd", "0"], "is no number above 0"),
        (["99", "--usd", "1"], "99"),
        (["run", "--usd", "1", "--project-dir", "nowhere"], "nowhere"),
        (["run", "--usd", "1"], "No run goes on here"),
        (["1", "--turns", "0.5"], "is no whole number"),
    ],
)
async def test_extend_refuses_what_it_cannot_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    async with opened(tmp_path, Stage()) as parts:
        add(parts, "one")
        await run(parts)
    monkeypatch.chdir(tmp_path / "project")
    try:
        code = extend.main(words)
    except SystemExit as ended:
        code = int(str(ended.code))
    assert code in (1, 2)
    assert said in capsys.readouterr().err
