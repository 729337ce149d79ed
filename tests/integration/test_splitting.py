"""Splitting an issue: a scripted planner, a real board and real leases."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from framework import bootstrap
from framework.agents.base import Conversation, Report
from framework.agents.scripted import ScriptedAgent, call
from framework.config import settings as config
from framework.domain import graph
from framework.domain.brief import Brief, parse, render
from framework.domain.event import (
    AttemptEnded,
    IssuesCreated,
    PlanAccepted,
    PlanningStarted,
    Warned,
)
from framework.domain.issue import Change, Draft, Issue, Priority, State
from framework.domain.lease import Failure
from framework.domain.outcome import Deferred
from framework.domain.query import Query
from framework.domain.session import Completed, SessionEnd, Spending
from framework.runner.parts import Parts
from framework.runner.run import run
from framework.runner.splitting import split
from framework.trackers.base import Deletes
from tests.integration.test_runner import commit
from tests.theatre import planned

pytestmark = pytest.mark.anyio
TWO = [planned("small", checks=["test -f small.txt"]), planned("rest", depends_on=["small"])]
FAILURES = (
    Failure(at=datetime(2026, 1, 1, tzinfo=UTC), epoch=1, reason="3,000 lines", way="split"),
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Author:
    """Hands in a list of issues, and keeps what it was asked."""

    def __init__(self, *issues: dict[str, Any]) -> None:
        self.issues = list(issues)
        self.prompts: list[str] = []

    async def play(self, conversation: Conversation, report: Report) -> SessionEnd:
        self.prompts.append(conversation.prompt)
        if self.issues:
            await call(conversation, "submit_plan", summary="Smaller.", issues=self.issues)
        return Completed(spending=Spending(usd=0.25))


@asynccontextmanager
async def opened(root: Path, author: Author) -> AsyncIterator[Parts]:
    (root / "project").mkdir(exist_ok=True)
    variables = {"XDG_STATE_HOME": str(root / "state"), "PATH": os.environ["PATH"]}
    settings = config.load(project=root / "project", boxed=False, checks=(), variables=variables)
    async with bootstrap.open_parts(settings, agent=ScriptedAgent(author.play)) as parts:
        yield parts


def whole(parts: Parts, **fields: Any) -> Issue:
    fields = {"title": "Everything", "body": "All of it.", "priority": Priority.HIGH, **fields}
    return parts.tracker.create(Draft(**fields))


def pieces(parts: Parts, issue: Issue) -> list[Issue]:
    return list(parts.tracker.list(Query(key_prefix=f"split:{issue.id}:")))


def of(parts: Parts, kind: type) -> list[Any]:
    return [one.event for one in parts.journal.since() if isinstance(one.event, kind)]


async def test_an_issue_waits_for_its_parts(tmp_path: Path) -> None:
    """Two issues of its priority, one after the other, with checks of their own; the whole is
    left as it was but for what it waits for, and says so. Only the first part can be begun."""
    author = Author(*TWO)
    async with opened(tmp_path, author) as parts:
        issue = whole(parts)
        ended = await split(parts, issue, FAILURES)
        assert isinstance(ended, Deferred)
        assert ended.why == "split, it waits for #2, #3"
        first, second = pieces(parts, issue)
        assert [first.key, second.key] == ["split:1:1", "split:1:2"]
        assert (first.title, first.priority) == ("Write small", Priority.HIGH)
        assert "test -f small.txt" in first.body
        assert second.depends_on == (first.id,)
        now = parts.tracker.get(issue.id)
        assert (now.body, now.state) == (issue.body, State.OPEN)
        assert set(now.depends_on) == {first.id, second.id}
        (said,) = parts.tracker.comments(issue.id)
        assert "#2, #3" in said.text
        found = graph.ready(parts.tracker.list(Query()), {}, parts.clock())
        assert [one.id for one in found] == [first.id]


async def test_the_planner_is_told_of_the_issue_and_its_failures(tmp_path: Path) -> None:
    """As data, with how many parts there may be; the journal says what is planned and its cost."""
    author = Author(*TWO)
    async with opened(tmp_path, author) as parts:
        await split(parts, whole(parts), FAILURES)
        (text,) = author.prompts
        assert "Between 2 and 5 issues" in text
        assert text.index("specification") < text.index("All of it.") < text.index("3,000 lines")
        assert [one.spec for one in of(parts, PlanningStarted)] == ["issue #1"]
        assert [one.usd for one in of(parts, PlanAccepted)] == [0.25]
        assert [one.created for one in of(parts, IssuesCreated)] == [2]


@pytest.mark.parametrize(("named", "kept"), [(("kit",), ("kit/a.py",)), ((), ())])
async def test_a_part_may_touch_no_more_than_the_whole(
    tmp_path: Path, named: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    """Whoever names what judges work may change it, so a planner that was talked into it cannot
    name it for an issue that does not."""
    greedy = planned("a", paths=["kit/a.py", "Makefile", "tests/test_other.py"])
    async with opened(tmp_path, Author(greedy, planned("b"))) as parts:
        issue = whole(parts, body=render(Brief(description="All of it.", paths=named)))
        await split(parts, issue, FAILURES)
        assert parse(pieces(parts, issue)[0].body).paths == kept


async def test_it_is_done_once(tmp_path: Path) -> None:
    """A second time nothing is planned, made or said again, also in another run."""
    author = Author(*TWO)
    async with opened(tmp_path, author) as parts:
        issue = whole(parts)
        await split(parts, issue, FAILURES)
    async with opened(tmp_path, author) as parts:
        ended = await split(parts, issue, FAILURES)
        assert isinstance(ended, Deferred)
        assert len(author.prompts) == 1
        assert len(parts.tracker.list(Query())) == 3
        assert len(parts.tracker.comments(issue.id)) == 1


async def test_what_a_dead_run_has_begun_goes_on(tmp_path: Path) -> None:
    """The plan is on disk before the first part is made: the missing one is made from it, and the
    whole waits for both."""
    author = Author(*TWO)
    async with opened(tmp_path, author) as parts:
        issue, other = whole(parts), whole(parts, title="Another")
        await split(parts, issue, FAILURES)
        made = next(parts.scratch.glob("splits/*/plan.yaml"))
        place = made.parent.with_name(other.id)
        place.mkdir()
        (place / "plan.yaml").write_bytes(made.read_bytes())
        parts.tracker.create(Draft(title="Write small", key=f"split:{other.id}:1"))
        ended = await split(parts, other, FAILURES)
        assert isinstance(ended, Deferred)
        first, second = pieces(parts, other)
        assert second.depends_on == (first.id,)
        assert set(parts.tracker.get(other.id).depends_on) == {first.id, second.id}
        assert len(author.prompts) == 1


async def test_a_part_that_a_person_deleted_stays_so(tmp_path: Path) -> None:
    """It is neither made again nor waited for."""
    async with opened(tmp_path, Author(*TWO)) as parts:
        issue = whole(parts)
        await split(parts, issue, FAILURES)
        first, second = pieces(parts, issue)
        behind: Any = parts.outgoing.behind  # type: ignore[attr-defined]
        assert isinstance(behind, Deletes)
        behind.delete(first.id)
        ended = await split(parts, issue, FAILURES)
        assert isinstance(ended, Deferred)
        assert [one.id for one in pieces(parts, issue)] == [second.id]


async def test_when_its_parts_are_closed_it_is_tried_as_it_is(tmp_path: Path) -> None:
    """Its own checks say whether all of it is there."""
    author = Author(*TWO)
    async with opened(tmp_path, author) as parts:
        issue = whole(parts)
        await split(parts, issue, FAILURES)
        for one in pieces(parts, issue):
            parts.tracker.update(one.id, Change(state=State.CLOSED))
        assert await split(parts, issue, FAILURES) is None
        assert len(author.prompts) == 1


async def test_a_part_is_not_split(tmp_path: Path) -> None:
    """Else there would be no end of it."""
    author = Author(*TWO)
    async with opened(tmp_path, author) as parts:
        assert await split(parts, whole(parts, key="split:9:1"), FAILURES) is None
        assert author.prompts == []


@pytest.mark.parametrize("issues", [[], TWO[:1], [planned(f"p{n}") for n in range(6)]])
async def test_without_a_sound_plan_it_is_tried_as_it_is(
    tmp_path: Path, issues: list[dict[str, Any]]
) -> None:
    """No plan, one part alone, or six: nothing is made, and people are told why."""
    async with opened(tmp_path, Author(*issues)) as parts:
        issue = whole(parts)
        assert await split(parts, issue, FAILURES) is None
        assert [one.id for one in parts.tracker.list(Query())] == [issue.id]
        (told,) = of(parts, Warned)
        assert told.text.startswith("#1 is tried as it is, not split: ")


async def test_two_are_split_at_once(tmp_path: Path) -> None:
    """Each planning session has a place of its own."""
    async with opened(tmp_path, Author(*TWO)) as parts:
        one, other = whole(parts), whole(parts, title="Another")
        await split(replace(parts), one, FAILURES)
        await split(parts, other, FAILURES)
        assert len(pieces(parts, one)) == len(pieces(parts, other)) == 2
        assert len({path.parent for path in parts.scratch.glob("splits/*/plan.yaml")}) == 2


class Worker(Author):
    """Plans as its base does, and lands a file for whatever else it is asked."""

    async def play(self, conversation: Conversation, report: Report) -> SessionEnd:
        if conversation.prompt.startswith("# Plan"):
            return await super().play(conversation, report)
        name = conversation.prompt.splitlines()[0].split()[-1]
        await commit(conversation, f"{name}.txt")
        await call(conversation, "finished", summary="done", evidence="none")
        return Completed(spending=Spending(turns=1, usd=0.1))


async def test_a_run_splits_and_lands_all(tmp_path: Path) -> None:
    """The parts land one after the other, then the whole."""
    async with opened(tmp_path, Worker(*TWO)) as parts:
        issue = whole(parts)
        ttl = timedelta(seconds=60)
        lease = parts.leases.acquire(issue.id, "holder", ttl, process=parts.process)
        assert lease is not None
        parts.leases.release(lease, failure=FAILURES[0], not_before=None)
        policy = replace(parts.policy, poll=0.02, first_backoff=timedelta(milliseconds=1))
        assert (await run(replace(parts, policy=policy))).code == 0
        landed = [one.issue for one in of(parts, AttemptEnded) if one.outcome == "Landed"]
        assert landed == ["2", "3", issue.id]
