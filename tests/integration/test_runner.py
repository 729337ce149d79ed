"""The runner with a scripted agent: real stores, real git, real landing, no model."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from framework import bootstrap
from framework.agents.base import Conversation, Report
from framework.agents.scripted import ScriptedAgent, call
from framework.config import settings as config
from framework.domain.brief import Brief, render
from framework.domain.errors import TrackerUnavailable
from framework.domain.event import (
    AttemptEnded,
    AttemptPaused,
    AttemptResumed,
    AttemptStarted,
    Event,
    IssueSettled,
    Warned,
)
from framework.domain.issue import Change, Draft, Issue, Priority, State
from framework.domain.query import Query
from framework.domain.session import (
    CapReached,
    Completed,
    Limits,
    SessionEnd,
    Spending,
    ToolCalled,
    Troubled,
)
from framework.domain.trouble import Kind, Trouble
from framework.runner.parts import Parts
from framework.runner.run import Ending, run
from framework.runner.weather import Weather

pytestmark = pytest.mark.anyio
NONE = Spending()


def troubled(kind: Kind, why: str = "", until: datetime | None = None) -> Troubled:
    return Troubled(trouble=Trouble(kind=kind, why=why, until=until), spending=NONE)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Stage:
    """A play by issue number and attempt; what is not given writes, commits and finishes."""

    plays: dict[tuple[int, int], Callable[[Conversation], Any]] = field(default_factory=dict)
    seen: dict[int, list[str]] = field(default_factory=dict)
    turns: list[Conversation] = field(default_factory=list)

    async def play(self, conversation: Conversation, report: Report) -> SessionEnd:
        self.turns.append(conversation)
        sessions = self.seen.setdefault(number_of(conversation), [])
        if conversation.session not in sessions:
            sessions.append(conversation.session)
        key = (number_of(conversation), len(sessions))
        own = self.plays.get(key, finish)
        end: SessionEnd = await own(conversation)
        return end


_numbers: dict[str, int] = {}


def number_of(conversation: Conversation) -> int:
    """From the first prompt of the session; later turns are known by its id."""
    line = conversation.prompt.splitlines()[0]
    if line.startswith("# Issue "):
        _numbers[conversation.session] = int(line.partition(":")[0].removeprefix("# Issue "))
    return _numbers[conversation.session]


async def commit(conversation: Conversation, path: str, text: str = "x\n") -> None:
    def work() -> None:
        (conversation.directory / path).write_text(text)
        environment = {"PATH": os.environ["PATH"], **conversation.environment}
        for words in (("add", "-A"), ("commit", "-qm", path)):
            subprocess.run(("git", *words), cwd=conversation.directory, env=environment, check=True)

    await to_thread.run_sync(work)


async def finish(conversation: Conversation) -> SessionEnd:
    await commit(conversation, f"{number_of(conversation)}.txt")
    await call(conversation, "finished", summary="done", evidence="none")
    return Completed(spending=Spending(turns=1, usd=0.5))


@asynccontextmanager
async def opened(root: Path, stage: Stage, **policy: Any) -> AsyncIterator[Parts]:
    project = root / "project"
    project.mkdir(exist_ok=True)
    variables = {"XDG_STATE_HOME": str(root / "state"), "PATH": os.environ["PATH"]}
    settings = config.load(project=project, boxed=False, checks=(), variables=variables)
    async with bootstrap.open_parts(settings, agent=ScriptedAgent(stage.play)) as parts:
        usual = {"first_backoff": timedelta(milliseconds=1), "poll": 0.02, **policy}
        yield replace(parts, policy=replace(parts.policy, **usual))


def add(parts: Parts, title: str, **fields: Any) -> Issue:
    checks = fields.pop("checks", ())
    body = render(Brief(description=title, checks=checks))
    return parts.tracker.create(Draft(title=title, body=body, **fields))


def events(parts: Parts, kind: type[Event]) -> list[Any]:
    return [one.event for one in parts.journal.since() if isinstance(one.event, kind)]


def outcomes(parts: Parts) -> list[str]:
    return [one.outcome for one in events(parts, AttemptEnded)]


def states(parts: Parts) -> list[State]:
    return [one.state for one in parts.tracker.list(Query())]


async def test_a_finished_issue_lands_is_closed_and_costs_what_the_session_said(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Stage()) as parts:
        add(parts, "one")
        assert await run(parts) == Ending(code=0, why="nothing is left to do")
        assert states(parts) == [State.CLOSED]
        (ended,) = events(parts, AttemptEnded)
        assert (ended.outcome, ended.usd, ended.counted) == ("Landed", 0.5, False)
        assert "Landed" in parts.tracker.comments("1")[0].text
        assert "1" not in {one.key for one in parts.leases.held()}


def ending(end: SessionEnd) -> Callable[[Conversation], Any]:
    async def play(conversation: Conversation) -> SessionEnd:
        return end

    return play


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (Completed(spending=NONE), "Unfinished"),
        (troubled(Kind.CRASHED, "signal 9"), "Failed"),
        (CapReached(what="usd", spending=NONE), "OutOfBudget"),
    ],
)
async def test_a_failed_attempt_is_counted_and_tried_again(
    tmp_path: Path, end: SessionEnd, outcome: str
) -> None:
    """With the reason in the next prompt; the issue lands at the second attempt."""
    stage = Stage(plays={(1, 1): ending(end)})
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        assert (await run(parts)).code == 0
        assert outcomes(parts) == [outcome, "Landed"]
        record = parts.leases.record("1")
        assert record is not None
        assert [one.reason for one in record.failures] == [events(parts, AttemptEnded)[0].why]
        assert "Earlier attempts" in stage.turns[-1].prompt


async def test_after_the_last_failure_the_issue_is_blocked_with_the_reason_on_it(
    tmp_path: Path,
) -> None:
    crash = ending(troubled(Kind.CRASHED, "signal 11"))
    stage = Stage(plays={(1, attempt): crash for attempt in range(1, 9)})
    async with opened(tmp_path, stage, max_failures=3) as parts:
        add(parts, "one")
        add(parts, "two", depends_on=("1",))
        ended = await run(parts)
        assert ended == Ending(code=1, why="2 of 2 issues are left: #1, #2")
        assert outcomes(parts) == ["Failed"] * 3
        assert states(parts) == [State.BLOCKED, State.OPEN]
        assert "signal 11" in parts.tracker.comments("1")[-1].text


async def test_rejected_work_is_shown_to_the_next_attempt_with_what_the_check_said(
    tmp_path: Path,
) -> None:
    async def second(conversation: Conversation) -> SessionEnd:
        await commit(conversation, "wanted.txt")
        return await finish(conversation)

    stage = Stage(plays={(1, 2): second})
    async with opened(tmp_path, stage) as parts:
        add(parts, "one", checks=("cat wanted.txt || { echo LOOK-HERE; exit 3; }",))
        assert (await run(parts)).code == 0
        assert outcomes(parts) == ["Rejected", "Landed"]
        assert "LOOK-HERE" in stage.turns[-1].prompt
        assert "failed with exit code 3" in stage.turns[-1].prompt
        assert "git merge" in stage.turns[-1].prompt


async def test_a_usage_limit_pauses_and_the_same_conversation_goes_on(tmp_path: Path) -> None:
    stage = Stage()

    async def limited(conversation: Conversation) -> SessionEnd:
        if conversation.resume:
            return await finish(conversation)
        soon = datetime.now(UTC) + timedelta(seconds=0.2)
        return troubled(Kind.USAGE_LIMIT, until=soon)

    stage.plays[1, 1] = limited
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        assert (await run(parts)).code == 0
        assert outcomes(parts) == ["Landed"]
        assert len(events(parts, AttemptPaused)) == len(events(parts, AttemptResumed)) == 1
        assert len({one.session for one in stage.turns}) == 1


async def test_a_refused_token_stops_the_run_and_counts_against_nobody(tmp_path: Path) -> None:
    stage = Stage(plays={(1, 1): ending(troubled(Kind.AUTHENTICATION, "revoked"))})
    async with opened(tmp_path, stage, slots=1) as parts:
        add(parts, "one")
        add(parts, "two")
        ended = await run(parts)
        assert ended.code == 1
        assert "authentication" in ended.why
        assert outcomes(parts) == ["Deferred"]
        record = parts.leases.record("1")
        assert record is not None
        assert not record.failures


async def test_silence_is_a_stall_but_a_running_tool_has_its_own_limit(tmp_path: Path) -> None:
    async def silent(conversation: Conversation) -> SessionEnd:
        await anyio.sleep(30)
        raise AssertionError("it should have been stopped")

    stage = Stage(plays={(1, 1): silent})

    async def play(conversation: Conversation, report: Report) -> SessionEnd:
        if number_of(conversation) == 2:
            report(ToolCalled(call="x", tool="Bash", summary="make"))
            await anyio.sleep(0.5)
        return await stage.play(conversation, report)

    limits = Limits(silence=0.25, tool_seconds=20)
    async with opened(tmp_path, stage, limits=limits, max_failures=1) as parts:
        parts = replace(parts, agent=ScriptedAgent(play))
        add(parts, "one")
        add(parts, "two")
        assert (await run(parts)).code == 1
        ended = {one.issue: one.outcome for one in events(parts, AttemptEnded)}
        assert ended == {"1": "Stalled", "2": "Landed"}


async def test_a_conflict_goes_back_to_its_author_once(tmp_path: Path) -> None:
    """Both change one file; the second resolves it in the same session and lands."""
    both, begun = anyio.Event(), anyio.Event()

    async def first(conversation: Conversation) -> SessionEnd:
        await commit(conversation, "shared.txt", "first\n")
        await begun.wait()
        return await finish(conversation)

    async def second(conversation: Conversation) -> SessionEnd:
        if conversation.resume:
            await to_thread.run_sync(merge, conversation)
            await call(conversation, "finished", summary="resolved", evidence="looked")
            both.set()
            return Completed(spending=NONE)
        await commit(conversation, "shared.txt", "second\n")
        begun.set()
        while not outcomes(parts):  # noqa: ASYNC110 - the journal tells nobody
            await anyio.sleep(0.02)
        return await finish(conversation)

    def merge(conversation: Conversation) -> None:
        environment = {"PATH": os.environ["PATH"], **conversation.environment}
        script = (
            'git fetch -q "$NIGHTSHIFT_HUB" "$NIGHTSHIFT_TARGET"; git merge FETCH_HEAD;'
            "printf 'first\\nsecond\\n' > shared.txt; git commit -qam resolved"
        )
        subprocess.run(script, shell=True, cwd=conversation.directory, env=environment, check=True)

    stage = Stage(plays={(1, 1): first, (2, 1): second})
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        add(parts, "two")
        assert (await run(parts)).code == 0
        assert outcomes(parts) == ["Landed", "Landed"]
        assert both.is_set()
        assert await parts.lander.read("shared.txt") == "first\nsecond\n"


async def test_a_freed_slot_is_filled_at_once(tmp_path: Path) -> None:
    """With a poll of a minute, six issues on two slots do not wait for it."""
    async with opened(tmp_path, Stage(), slots=2, poll=60) as parts:
        for number in range(6):
            add(parts, f"issue {number}")
        with anyio.move_on_after(30):  # only the idle ticks at the end wait for the poll
            with anyio.CancelScope() as scope:

                async def stop_when_done() -> None:
                    while len(events(parts, AttemptEnded)) < 6:  # noqa: ASYNC110
                        await anyio.sleep(0.02)
                    scope.cancel()

                async with anyio.create_task_group() as group:
                    group.start_soon(stop_when_done)
                    await run(parts)
        assert outcomes(parts) == ["Landed"] * 6


async def test_the_critical_path_goes_before_priority(tmp_path: Path) -> None:
    async with opened(tmp_path, Stage(), slots=1) as parts:
        add(parts, "urgent", priority=Priority.URGENT)
        add(parts, "ground", priority=Priority.LOW)
        add(parts, "upon it", depends_on=("2",))
        assert (await run(parts)).code == 0
        assert [one.issue for one in events(parts, AttemptStarted)] == ["2", "1", "3"]


async def test_a_tracker_that_cannot_be_asked_never_ends_a_run(tmp_path: Path) -> None:
    """The outage is said once, running work goes on, and afterwards everything lands."""
    async with opened(tmp_path, Stage()) as parts:
        add(parts, "one")
        tracker = Flaky(parts.tracker, down=12)
        assert (await run(replace(parts, tracker=tracker))).code == 0
        assert states(parts) == [State.CLOSED]
        said = [one.text for one in events(parts, Warned) if "unplugged" in one.text]
        assert len(said) == 1


class Flaky:
    """A tracker that is away for a number of listings; the rest is the real one's."""

    def __init__(self, tracker: Any, down: int) -> None:
        self._tracker = tracker
        self.down = down

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)

    def list(self, query: Query = Query()) -> Sequence[Issue]:  # noqa: B008
        if query == Query() and self.down > 0:
            self.down -= 1
            raise TrackerUnavailable("unplugged")
        found: Sequence[Issue] = self._tracker.list(query)
        return found


async def test_a_bug_in_one_attempt_leaves_its_siblings_alone(tmp_path: Path) -> None:
    async def bug(conversation: Conversation) -> SessionEnd:
        raise ZeroDivisionError("oops")

    stage = Stage(plays={(1, 1): bug})
    async with opened(tmp_path, stage, attempts=2) as parts:
        add(parts, "one")
        add(parts, "two")
        assert (await run(parts)).code == 1
        ended = {one.issue: one for one in events(parts, AttemptEnded)}
        assert (ended["1"].outcome, ended["1"].counted) == ("Failed", False)
        assert ended["2"].outcome == "Landed"
        assert any("ZeroDivisionError" in one.text for one in events(parts, Warned))


async def test_an_outage_of_the_model_is_waited_out(tmp_path: Path) -> None:
    stage = Stage()

    async def away(conversation: Conversation) -> SessionEnd:
        if conversation.resume:
            return await finish(conversation)
        return troubled(Kind.NETWORK, "ECONNREFUSED")

    stage.plays[1, 1] = away
    async with opened(tmp_path, stage) as parts:
        soon = Weather(parts.clock, longest=timedelta(milliseconds=50))
        parts = replace(parts, service=replace(parts.service, weather=soon))
        add(parts, "one")
        assert (await run(parts)).code == 0
        assert [one.why for one in events(parts, AttemptPaused)] == ["network"]
        assert outcomes(parts) == ["Landed"]


def project_with_notes(root: Path) -> None:
    project = root / "project"
    project.mkdir()
    (project / "CLAUDE.md").write_text("Indent with tabs.\n")
    who = ("-c", "user.name=P", "-c", "user.email=p@example.invalid")
    for words in (("init", "-qb", "main"), ("add", "-A"), (*who, "commit", "-qm", "notes")):
        subprocess.run(("git", *words), cwd=project, check=True)
    (project / "CLAUDE.md").write_text("Not committed.\n")


async def test_the_projects_own_notes_are_given_from_the_target_as_data(tmp_path: Path) -> None:
    project_with_notes(tmp_path)
    stage = Stage()
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        assert (await run(parts)).code == 0
        assert "notes begins\nIndent with tabs." in stage.turns[0].prompt
        assert "Not committed" not in stage.turns[0].prompt


class Deaf:
    """A tracker that fails a number of times when it is told to close an issue."""

    def __init__(self, tracker: Any, times: int) -> None:
        self._tracker = tracker
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)

    def update(self, id: str, change: Change) -> Issue:
        if change.state is State.CLOSED and self.times > 0:
            self.times -= 1
            raise TrackerUnavailable("unplugged")
        issue: Issue = self._tracker.update(id, change)
        return issue

    def conclude(self, id: str, change: Change, text: str, *, author: str, key: str) -> Issue:
        self.comment(id, text, author=author, key=key)
        return self.update(id, change)


async def test_a_landing_that_the_tracker_did_not_hear_of_is_told_again_not_worked_on_again(
    tmp_path: Path,
) -> None:
    stage = Stage()
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        deaf: Any = Deaf(parts.tracker, times=2)
        assert (await run(replace(parts, tracker=deaf, outgoing=deaf))).code == 0
        assert states(parts) == [State.CLOSED]
        assert len(stage.turns) == 1
        assert outcomes(parts) == ["Deferred", "Deferred", "Landed"]
        comments = parts.tracker.comments("1")
        assert len([one for one in comments if one.text.startswith("**Landed**")]) == 1


def closing(parts: Parts, then: Callable[[Conversation], Any]) -> Callable[[Conversation], Any]:
    """A person closes the issue while its session works."""

    async def play(conversation: Conversation) -> SessionEnd:
        parts.tracker.update(str(number_of(conversation)), Change(state=State.CLOSED))
        end: SessionEnd = await then(conversation)
        return end

    return play


async def test_what_a_person_closes_meanwhile_stays_closed(tmp_path: Path) -> None:
    """Work that lands needs no review any more; work that fails is not asked for again, and
    nobody is told that it is blocked."""
    stage = Stage()
    async with opened(tmp_path, stage, max_failures=1) as parts:
        add(parts, "one", checks=("manual: look at it",))
        add(parts, "two")
        stage.plays[1, 1] = closing(parts, finish)
        stage.plays[2, 1] = closing(parts, ending(troubled(Kind.CRASHED, "signal 9")))
        assert (await run(parts)).code == 0
        assert states(parts) == [State.CLOSED, State.CLOSED]
        assert sorted(outcomes(parts)) == ["Failed", "Landed"]
        assert [one.state for one in events(parts, IssueSettled)] == ["closed"]
        assert not parts.tracker.comments("2")


class Quicker:
    """A tracker on which a person closes each issue just before it is marked as in progress."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)

    def update(self, id: str, change: Change) -> Issue:
        if change.state is State.IN_PROGRESS:
            self._tracker.update(id, Change(state=State.CLOSED))
        issue: Issue = self._tracker.update(id, change)
        return issue


async def test_what_a_person_closes_before_the_work_begins_is_left_alone(tmp_path: Path) -> None:
    """No session starts, nothing counts as a failure, and the run goes on to its end."""
    stage = Stage()
    async with opened(tmp_path, stage) as parts:
        for title in "abcdef":
            add(parts, title)
        assert (await run(replace(parts, tracker=Quicker(parts.tracker)))).code == 0
        assert set(states(parts)) == {State.CLOSED}
        assert outcomes(parts) == ["Deferred"] * 6
        assert not stage.turns


async def test_what_a_person_takes_up_again_is_worked_on_again(tmp_path: Path) -> None:
    """A landed issue that was sent back lands a second time, with its own record."""
    stage = Stage()

    async def more(conversation: Conversation) -> SessionEnd:
        await commit(conversation, "more.txt")
        await call(conversation, "finished", summary="more", evidence="none")
        return Completed(spending=NONE)

    async with opened(tmp_path, stage) as parts:
        add(parts, "one", checks=("manual: look at it",))
        assert (await run(parts)).code == 0
        assert states(parts) == [State.NEEDS_REVIEW]
        parts.tracker.comment("1", "More, please.", author="person")
        parts.tracker.update("1", Change(state=State.OPEN))
        stage.plays[1, 2] = more
        assert (await run(parts)).code == 0
        assert outcomes(parts) == ["Landed", "Landed"]
        assert "person commented: More, please." in stage.turns[-1].prompt


async def test_a_machine_that_keeps_failing_stops_the_run(tmp_path: Path) -> None:
    """Uncounted against the issue, but not for ever."""

    async def bug(conversation: Conversation) -> SessionEnd:
        raise OSError("no space left on device")

    stage = Stage(plays={(1, attempt): bug for attempt in range(1, 20)})
    async with opened(tmp_path, stage) as parts:
        add(parts, "one")
        ended = await run(parts)
        assert ended.code == 1
        assert "no space left" in ended.why
        record = parts.leases.record("1")
        assert record is not None
        assert not record.failures


async def test_the_turns_of_a_session_share_its_time(tmp_path: Path) -> None:
    async def slow(conversation: Conversation) -> SessionEnd:
        await anyio.sleep(1.8)
        return Completed(spending=NONE)

    stage = Stage(plays={(1, 1): slow})
    limits = Limits(seconds=3)
    async with opened(tmp_path, stage, limits=limits, max_failures=1) as parts:
        add(parts, "one")
        assert (await run(parts)).code == 1
        assert outcomes(parts) == ["OutOfBudget"]
        assert len(stage.turns) == 2


async def test_issues_of_a_plan_that_is_gone_are_not_planned_again(tmp_path: Path) -> None:
    async with opened(tmp_path, Stage()) as parts:
        (parts.project / "app_spec.txt").write_text("Build it.")
        add(parts, "[META] Progress", labels=frozenset({"meta"}))
        add(parts, "two")
        assert (await run(parts)).code == 0
        assert any("plan.yaml is gone" in one.text for one in events(parts, Warned))
        assert outcomes(parts) == ["Landed"]
