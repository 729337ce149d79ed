"""Planning through any weather, and through death: nothing is made twice, nothing is left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from framework import lockfile
from framework.domain.errors import TrackerUnavailable
from framework.domain.issue import Change, Draft, State
from framework.forge.github import GitHub
from framework.rehearsal.github import deeds
from framework.rehearsal.github.faults import AFTER, BEFORE
from framework.rehearsal.github.serve import Double, serve
from framework.trackers.github import GitHubTracker
from tests.contracts.tracker_github import Bench, Time, opened, stage

SEEDS = int(os.environ.get("NIGHTSHIFT_TEST_SEEDS", "0")) or 25
"""200 in the long run."""
PLAN = [Draft(title="0", key="0")] + [
    Draft(title=f"{n}", key=f"{n}", depends_on=(f"key:{n - 1}",)) for n in range(1, 20)
]


class Ticking:
    """A clock that goes on by a second whenever it is asked, as a real one would."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=50)
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def tracker_of(double: Double, directory: Path, clock: Ticking) -> GitHubTracker:
    """With one clock for the double, the client and the tracker."""
    api = GitHub(url=double.url, token=double.token, clock=clock, sleep=clock.sleep)
    return GitHubTracker(**opened(double, directory, clock) | {"api": api, "sleep": clock.sleep})


def until_told(tell: Callable[[], Any], clock: Ticking) -> Any:
    """As the planner and the outbox do: again, a while later, until it is through."""
    for _ in range(60):
        try:
            return tell()
        except TrackerUnavailable:
            clock.sleep(20)
    raise AssertionError("never told")


def check(double: Double) -> None:
    """Each issue once, each waiting for the one before it."""
    (repo,) = double.store.repos.values()
    titles = [one.title for one in repo.issues.values()]
    assert sorted(titles, key=int) == [one.title for one in PLAN]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_weather_makes_each_issue_once(tmp_path: Path, seed: int) -> None:
    """A fifth of all requests fails, before or after it was done."""
    clock = Ticking()
    with serve(stage(clock)) as double:
        tracker = tracker_of(double, tmp_path, clock)
        try:
            double.faults.seeded(seed, 0.2, BEFORE + AFTER)
            made = until_told(lambda: tracker.create_many(PLAN), clock)
            double.faults.clear()
            check(double)
            by_key = {one.key: one.id for one in made}
            for one in tracker.list():
                before = by_key.get(str(int(one.key or "0") - 1))
                assert one.depends_on == (() if before is None else (before,))
        finally:
            tracker.close()


@pytest.mark.parametrize("seed", range(5))
def test_any_weather_writes_each_comment_once(tmp_path: Path, seed: int) -> None:
    """With a key, told again until it is heard; and the states are as they were told last."""
    clock = Ticking()
    with serve(stage(clock)) as double:
        tracker = tracker_of(double, tmp_path, clock)
        try:
            ids = [one.id for one in until_told(lambda: tracker.create_many(PLAN), clock)[:5]]
            double.faults.seeded(seed, 0.3, BEFORE + AFTER)
            for id in ids:
                until_told(partial(tracker.comment, id, "done", author="a", key="landed"), clock)
                until_told(partial(tracker.update, id, Change(state=State.CLOSED)), clock)
            double.faults.clear()
            for id in ids:
                assert len(tracker.comments(id)) == 1
                assert tracker.get(id).state is State.CLOSED
            (repo,) = double.store.repos.values()
            assert len(repo.comments) == len(ids)
        finally:
            tracker.close()


CHILD = """
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from framework.domain.issue import Draft
from framework.forge.github import GitHub
from framework.trackers.github import GitHubTracker
from tests.contracts.tracker_github import Hurried

url, token, directory, plan = sys.argv[1:]
exec(plan)
time = Hurried(datetime.now(UTC))
tracker = GitHubTracker(
    api=GitHub(url=url, token=token, clock=time, sleep=time.sleep), url=url, owner="bot",
    repo="game", token=token, directory=Path(directory), store="here", board=False,
)
tracker.create_many(PLAN)
"""
CHAIN = """
PLAN = [
    Draft(title=f"{n}", key=f"{n}", depends_on=(f"key:{n - 1}",) if n else ()) for n in range(20)
]
"""
FAMILY = """
PLAN = [Draft(title="META", key="p/meta", labels=frozenset({"meta"}))] + [
    Draft(title=f"{n}", key=f"p/{n}") for n in range(24)
]
"""


@pytest.mark.parametrize("last", ["createLabel", "createIssue", "addBlockedBy", "updateIssue"])
def test_killed_in_the_middle_of_planning_the_next_run_finishes_it(
    tmp_path: Path, last: str
) -> None:
    """SIGKILL when the double has answered such a request; another machine goes on."""
    clock = Ticking()
    with serve(stage(clock)) as double:
        kill_after(double, tmp_path, last)
        tracker = tracker_of(double, tmp_path / "next", clock)
        try:
            made = until_told(lambda: tracker.create_many(PLAN), clock)
            check(double)
            needs = [one.depends_on for one in made]
            assert needs == [(), *((one.id,) for one in made[:-1])]
        finally:
            tracker.close()


@pytest.mark.parametrize("last", ["createIssue", "addSubIssue"])
@pytest.mark.parametrize("directory", ["first", "next"])
def test_killed_before_all_are_sub_issues_the_next_run_finishes_it(
    tmp_path: Path, last: str, directory: str
) -> None:
    """On the same machine and on another one; each is under META, and none was put there twice."""
    clock = Ticking()
    with serve(stage(clock)) as double:
        kill_after(double, tmp_path / "first", last, FAMILY)
        given: dict[str, Any] = {"Draft": Draft}
        exec(FAMILY, given)
        tracker = tracker_of(double, tmp_path / directory, clock)
        try:
            made = until_told(lambda: tracker.create_many(given["PLAN"]), clock)
        finally:
            tracker.close()
        (repo,) = double.store.repos.values()
        assert len(made) == len(repo.issues) == 25
        meta, *others = repo.issues.values()
        assert meta.title == "META"
        assert {one.parent for one in others} == {meta.id}
        assert [one.kind for one in meta.events].count("sub_issue_added") == 24


ROOT = Path(__file__).parents[2]


def kill_after(double: Double, directory: Path, last: str, plan: str = CHAIN) -> None:
    """Start a planner, and kill it as soon as it was answered that."""
    words = [sys.executable, "-c", CHILD, double.url, double.token, str(directory / "github"), plan]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        while not double.log.count(last) and child.poll() is None:
            os.sched_yield()
        child.send_signal(signal.SIGKILL)


class Passing:
    """Time as lock files see it: waiting makes it go on, and takes none."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_turn_that_another_keeps_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In less than a minute, and before an agent's shell call ends after two where a command
    first waits for the turn to tidy up; what has no need of a turn goes on."""
    clock, passing = Time(), Passing()
    with closing(Bench(tmp_path, clock)) as tracker:
        id = tracker.create(Draft(title="One")).id
        tracker.update(id, Change(state=State.IN_PROGRESS))
        store = tracker.double.store
        (repo,) = store.repos.values()
        with store.lock:
            deeds.close(store, repo.issues[int(id)], "ann", "not_planned")
        clock.forward()
        monkeypatch.setattr(lockfile, "time", passing)
        with lockfile.exclusive(tmp_path / "github" / "turn.lock", busy=TimeoutError, patience=0):
            assert [one.id for one in tracker.list()] == [id]
            assert 0 < passing.now < 60
            with pytest.raises(TrackerUnavailable, match="not our turn"):
                tracker.comment(id, "hello", author="ann")
            assert passing.now < 110
        assert tracker.comment(id, "hello", author="ann").text == "hello"
