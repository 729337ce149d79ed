"""`nightshift health`: from the journal, or from a transcript and the hub, as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import claude_agent_sdk as sdk
import pytest

from framework.agents import transcript
from framework.agents.replay import replay
from framework.domain.event import AttemptEnded, AttemptStarted, Event, WorkLanded
from framework.domain.facts import Facts, Work
from framework.domain.health import assess, scored
from framework.domain.merge import Merged
from framework.domain.session import ToolCalled, ToolEnded, Used
from framework.journals.sqlite import SqliteJournal
from framework.workspaces.measure import measure
from tests.integration.hubs import NOBODY, House, commit, make_issue, write
from tests.unit.nights import run_started

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
PROGRAM = "from framework.cli.nightshift import main; raise SystemExit(main())"
LOOPER, WORKER, SCORED = "10ab1e00-0000", "20ab1e00-0000", "30ab1e00-0000"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def health(project: Path, *words: str, code: int = 0) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "health", *words],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project.parent), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stderr if code else ran.stdout


def items(project: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(health(project, "--json", *words))["items"]
    return found


def answer(number: int, tool: str, arguments: dict[str, str]) -> sdk.AssistantMessage:
    return sdk.AssistantMessage(
        content=[
            sdk.TextBlock(text="error error error: all is finished"),
            sdk.ToolUseBlock(id=f"t{number}", name=tool, input=arguments),
        ],
        model="m",
        usage={"input_tokens": 10, "cache_read_input_tokens": 90_000, "output_tokens": 5},
        message_id=f"m{number}",
    )


def ended(number: int, *, failed: bool = False) -> sdk.UserMessage:
    block = sdk.ToolResultBlock(tool_use_id=f"t{number}", content="x", is_error=failed)
    return sdk.UserMessage(content=[block])


def result() -> sdk.ResultMessage:
    return sdk.ResultMessage(
        subtype="success",
        duration_ms=1,
        duration_api_ms=1,
        is_error=False,
        num_turns=1,
        session_id="s",
        total_cost_usd=0.5,
        usage={"input_tokens": 10, "output_tokens": 5},
        model_usage={"m": {"contextWindow": 100_000}},  # type: ignore[typeddict-item]
    )


def record(path: Path, *messages: Any) -> None:
    with transcript.opened(path) as log:
        for message in messages:
            transcript.write(log, message)


def looping() -> list[Any]:
    messages: list[Any] = [sdk.SystemMessage(subtype="init", data={"session_id": "s"})]
    for number in range(12):
        messages += [answer(number, "Bash", {"command": "make"}), ended(number, failed=True)]
    return [*messages, result()]


def log_of(project: Path, session: str) -> Path:
    return project / ".nightshift" / "logs" / f"session_{session}.jsonl"


def tell(project: Path, *events: Event) -> None:
    journal = SqliteJournal(project / ".nightshift" / "journal.db", run="r1")
    with closing(journal):
        for event in events:
            journal.append(event)


def started(issue: str, epoch: int, session: str) -> AttemptStarted:
    return AttemptStarted(issue=issue, title="T", epoch=epoch, slot=1, session=session)


def over(issue: str, epoch: int, outcome: str) -> AttemptEnded:
    return AttemptEnded(
        issue=issue,
        epoch=epoch,
        slot=1,
        outcome=outcome,
        why="",
        counted=outcome != "Landed",
        seconds=1,
        usd=0,
        turns=1,
        tools=1,
    )


@pytest.fixture
async def house(tmp_path: Path) -> House:
    """One issue that landed, one that looped, and one that was scored when it ended."""
    house = House(tmp_path, start={"a": "one\n"})
    house.lander = house.open_lander(checks=())
    async with house.workspaces.open(make_issue("1"), 1) as workspace:
        commit(workspace.directory, {"b": "1\n2\n3\n", "c d": "4\n"})
        commit(workspace.directory, {"a": "two\n"})
        landing = await house.lander.land(workspace, make_issue("1"), NOBODY)
    assert isinstance(landing, Merged)
    async with house.workspaces.open(make_issue("2"), 2) as workspace:
        write(workspace.directory, {"b": "uncommitted\n"})
    kept = assess(Facts(commits=1, files=1, lines=3, tools=9, reverted=4), closed=1)
    tell(
        house.project,
        run_started(),
        started("1", 1, WORKER),
        WorkLanded(issue="1", epoch=1, commit=landing.proof.commit, tree="t", checks=0),
        over("1", 1, "Landed"),
        started("2", 2, LOOPER),
        over("2", 2, "Unfinished"),
        started("3", 3, SCORED),
        scored(kept, issue="3", epoch=3, session=SCORED),
        over("3", 3, "Landed"),
    )
    record(log_of(house.project, LOOPER), *looping())
    call = answer(1, "Edit", {"file_path": "a", "old_string": "one", "new_string": "two"})
    record(log_of(house.project, WORKER), call, ended(1), result())
    return house


async def test_the_worst_of_the_last_run_comes_first(house: House) -> None:
    """Without an argument every session of the last run is in the table, and the looper on top."""
    lines = health(house.project).splitlines()
    assert [line.split()[1] for line in lines[1:4]] == ["#2", "#3", "#1"]
    assert "nothing is committed" in lines[1] or "repeats" in lines[1]
    assert health(house.root, str(house.project)).splitlines() == lines


async def test_a_transcript_and_the_hub_give_the_health_of_a_session_without_a_score(
    house: House,
) -> None:
    """Commits are the host's count; calls, failures, context and money those of the transcript."""
    (one,) = items(house.project, "1")
    assert (one["from"], one["outcome"]) == ("transcript", "Landed")
    facts = one["facts"]
    assert (facts["commits"], facts["files"], facts["lines"]) == (2, 3, 6)
    assert one["productivity"] == 11
    (two,) = items(house.project, LOOPER)
    facts = two["facts"]
    assert (facts["commits"], facts["repeated"], facts["failed"], facts["tools"]) == (0, 11, 12, 12)
    assert (facts["context"], facts["usd"], facts["red"]) == (0.9, 0.5, 1)
    assert two["score"] == 0


async def test_each_contribution_is_printed_and_they_add_up(house: House) -> None:
    """The lines from 50 to the score, with the fact that each comes from."""
    (item,) = items(house.project, "#3")
    told = health(house.project, "30ab")
    points = [int(line.split()[0]) for line in told.splitlines()[1:-2]]
    assert sum(points) == item["score"]
    assert "4 edits put back" in told
    assert item["from"] == "journal"


async def test_a_lost_transcript_is_said_and_is_no_error(house: House) -> None:
    """A session of which nothing is known has no score, in words and in JSON."""
    log_of(house.project, LOOPER).unlink()
    assert "transcript is not there" in health(house.project, LOOPER)
    assert items(house.project, "2")[0]["score"] is None


async def test_an_unknown_session_says_what_to_do(house: House) -> None:
    """And a project without a run, too."""
    assert "nightshift health" in health(house.project, "nosuch", code=2)
    elsewhere = house.root / "elsewhere"
    elsewhere.mkdir()
    assert "parallel_agent.py" in health(elsewhere, code=2)


def test_a_transcript_reads_back_as_what_the_session_reported(tmp_path: Path) -> None:
    """Calls with digests and edits, refusals apart from failures; a cut line is skipped."""
    path = tmp_path / "session_x.jsonl"
    denied = sdk.SystemMessage(subtype="permission_denied", data={"tool_use_id": "t2"})
    edit = answer(1, "Edit", {"file_path": "a", "old_string": "x", "new_string": "y"})
    push = answer(2, "Bash", {"command": "git push"})
    record(path, edit, ended(1), push, denied, ended(2, failed=True), result())
    with path.open("a") as log:
        log.write('{"at": "2026-01-01T00:00:00+00:00", "kind": "Assist\nnull\n[]\n')
    events = [event for _, event in replay(path)]
    calls = [one for one in events if isinstance(one, ToolCalled)]
    assert [one.edit is not None for one in calls] == [True, False]
    assert all(one.digest for one in calls)
    assert [one.refused for one in events if isinstance(one, ToolEnded)] == [False, True]
    assert events[-1] is None
    last = [one for one in events if isinstance(one, Used)][-1]
    assert (last.context, last.window, last.spending.turns) == (90_010, 100_000, 2)


async def test_only_what_an_attempt_committed_is_measured(house: House) -> None:
    """Nothing of an unknown attempt, of uncommitted edits alone, or without a hub."""
    hub = house.project / ".nightshift" / "hub.git"
    assert measure(hub, "9", 9) == Work()
    assert measure(hub, "2", 2) == Work()
    assert measure(house.root / "none.git", "1", 1) == Work()
    async with house.workspaces.open(make_issue("4"), 5) as workspace:
        commit(workspace.directory, {"new": "1\n2\n", "x\ty\nz": "3\n"})
    assert measure(hub, "4", 5) == Work(commits=1, files=2, lines=3)
