"""What a run asks of GitHub: the real runner works off a plan, and the requests are counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

import pytest

from framework.agents.base import Conversation
from framework.domain.brief import Brief, render
from framework.domain.issue import META_LABEL, Draft, State
from framework.domain.query import Query
from framework.domain.session import SessionEnd
from framework.forge.github import GitHub
from framework.rehearsal.forge import told
from framework.rehearsal.github import deeds
from framework.rehearsal.github.log import Entry, Log
from framework.rehearsal.github.serve import Double, serve
from framework.runner.parts import Parts
from framework.runner.run import run
from framework.trackers.github import GitHubTracker, words
from framework.trackers.outbox import Outbox
from tests.contracts.tracker_github import Bench, opened, stage
from tests.integration import test_runner as runner

pytestmark = pytest.mark.anyio
ISSUES = 12
SESSION_SECONDS = 8.0
"""Of the clock that GitHub and the tracker have; the bundled rehearsal takes as long."""
LIMIT = 5.0
Play = Callable[[Conversation], Any]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Time:
    """One clock for GitHub, the client and the tracker: waiting takes no time but moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self._lock = RLock()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += timedelta(seconds=seconds)

    async def session(self, conversation: Conversation) -> SessionEnd:
        self.sleep(SESSION_SECONDS)
        return await runner.finish(conversation)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def double(clock: Time) -> Iterator[Double]:
    with serve(stage(clock)) as double:
        yield double


@asynccontextmanager
async def parts_on(
    double: Double, clock: Time, root: Path, play: Play | None = None
) -> AsyncIterator[Parts]:
    """A run's parts with their tracker on GitHub, with a board. `play` is what each session does,
    by default no more than its work."""
    api = GitHub(url=double.url, token=double.token, clock=clock, sleep=clock.sleep)
    given = opened(double, root, clock) | {"api": api, "board": True, "sleep": clock.sleep}
    del given["fresh"]
    plays = {(number, 1): play or clock.session for number in range(1, ISSUES + 2)}
    async with runner.opened(root, runner.Stage(plays=plays), poll=0.5) as parts:
        tracker = Outbox(
            GitHubTracker(**given),
            root / "outbox.db",
            process=parts.process,
            is_alive=lambda _: True,
            clock=clock,
        )
        try:
            yield replace(parts, tracker=tracker, outgoing=tracker)
        finally:
            tracker.close()


def plan() -> list[Draft]:
    """As planned: META, and a chain with branches; each waits for the one three before it."""
    drafts = [Draft(title="META", key="meta", labels=frozenset({META_LABEL}))]
    for number in range(ISSUES):
        needs = (f"key:{number - 3}",) if number >= 3 else ()
        body = render(Brief(description=f"Number {number}"))
        drafts.append(Draft(title=f"{number}", body=body, key=f"{number}", depends_on=needs))
    return drafts


async def test_an_issue_takes_at_most_five_requests(
    double: Double, clock: Time, tmp_path: Path
) -> None:
    """From planned to closed with its proof, with its card in Done, the META table and all polls
    in it; only what is done once in the life of a repository is not."""
    async with parts_on(double, clock, tmp_path) as parts:
        parts.tracker.create_many(plan())  # type: ignore[attr-defined]
        assert (await run(parts)).code == 0
        work = [one for one in parts.tracker.list(Query()) if not one.is_meta]
        assert [one.state for one in work] == [State.CLOSED] * ISSUES
    (project,) = double.store.projects.values()
    assert len(project["items"]) == ISSUES + 1
    each = float(told(double.log, ISSUES).partition(" for each")[0].rpartition(" ")[2])
    assert each <= LIMIT, "\n".join(double.log.operations()) + told(double.log, ISSUES)


def test_a_list_asks_at_most_once_in_ten_seconds(tmp_path: Path, clock: Time) -> None:
    """Between, it has our own writes; what people did is there with the next question."""
    tracker = Bench(tmp_path, clock, fresh=timedelta(seconds=10))
    try:
        tracker.create(Draft(title="ours"))
        tracker.double.log.clear()
        clock.sleep(11)
        for title in ("second", "third"):
            (repo,) = tracker.double.store.repos.values()
            with tracker.double.store.lock:
                tracker.double.store.add_issue(repo, "bot", title)
            tracker.list()
        assert tracker.count() == 2
        assert tracker.double.log.operations() == ["GET /repos/{owner}/{repo}/issues"]
        clock.sleep(10)
        assert tracker.count() == 3
    finally:
        tracker.close()


def test_comments_are_asked_for_where_there_are_some(tmp_path: Path, clock: Time) -> None:
    """The list says how many there are."""
    tracker = Bench(tmp_path, clock, fresh=timedelta(seconds=10))
    try:
        id = tracker.create(Draft(title="ours")).id
        tracker.double.log.clear()
        assert tracker.comments(id) == ()
        assert len(tracker.double.log) == 0
        clock.sleep(11)
        store = tracker.double.store
        (repo,) = store.repos.values()
        with store.lock:
            deeds.say(store, repo.issues[int(id)], "ann", "Mind the gap")
        assert [one.text for one in tracker.comments(id)] == ["Mind the gap"]
    finally:
        tracker.close()


def test_labels_are_made_in_one_request_and_have_their_colours(tmp_path: Path, clock: Time) -> None:
    """Where the server makes them so; else one by one."""
    tracker = Bench(tmp_path, clock)
    try:
        (repo,) = tracker.double.store.repos.values()
        tracker.create(Draft(title="first"))
        for name, color in words.CATALOGUE.items():
            assert repo.labels[name].color.upper() == color
        assert "claimed:here" in repo.labels
        assert tracker.double.log.count("createLabel") == 1
    finally:
        tracker.close()


def test_what_is_told_of_a_run(clock: Time) -> None:
    """What is asked once is counted by itself, answers that nothing is new cost nothing."""
    log = Log()
    for operation, status in (
        ("GET /user", 200),
        ("POST /repos/{owner}/{repo}/labels", 201),
        ("mutation updateProjectV2Field createProjectV2Field", 200),
        ("mutation updateProjectV2ItemFieldValue", 200),
        ("PATCH /repos/{owner}/{repo}/issues/{issue_number}", 200),
        ("GET /repos/{owner}/{repo}/issues", 200),
        ("GET /repos/{owner}/{repo}/issues", 304),
    ):
        entry = Entry(
            at=clock(),
            account="bot",
            operation=operation,
            path="",
            status=status,
            points=1,
            content=False,
        )
        log.add(entry)
    assert told(log, 2) == (
        "GitHub was asked 6 times (4 writes): 3 times to set up labels and a board, and 3 times "
        "for the work, 1.5 for each of 2 issues. 1 were looks for what others changed, which the "
        "clock brings. 1 more requests found nothing new and cost nothing."
    )
