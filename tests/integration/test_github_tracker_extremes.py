"""Planning through limits, clocks that are wrong, and sizes at the edge of what GitHub takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from framework.domain.errors import TrackerError, TrackerUnavailable
from framework.domain.issue import Change, Draft, State
from framework.rehearsal.github import deeds
from framework.rehearsal.github.records import Pull
from framework.rehearsal.github.serve import serve
from framework.rehearsal.github.store import Store
from tests.contracts.tracker_github import Bench, Tied
from tests.integration.test_github_tracker_faults import Ticking, tracker_of

SECRET = "ghp_" + "s3cret" * 6
PLAN = [Draft(title="0", key="0")] + [
    Draft(title=f"{n}", key=f"{n}", depends_on=(f"key:{n - 1}",)) for n in range(1, 50)
]


def test_limits_in_the_middle_of_planning_make_nothing_twice(tmp_path: Path) -> None:
    """Fifty issues: a secondary limit, an answer lost after it was done, and the run that ends
    there; the next one makes the rest, each once and each waiting for the one before."""
    clock = Ticking()
    store = Store(Tied(clock))
    store.add_token(SECRET, "bot")
    repo = store.add_repo("bot", "game")
    with serve(store) as double:
        double.faults.add("mutation createIssue", "limit 403", first=2)
        double.faults.add("mutation createIssue", "502 after", first=3)
        double.faults.add("", "limit 200", first=30)
        for again in range(9):
            tracker = tracker_of(double, tmp_path / str(again % 2), clock)
            try:
                made = tracker.create_many(PLAN)
                break
            except TrackerUnavailable:
                clock.sleep(90)
            finally:
                tracker.close()
        assert double.faults.happened
        assert sorted(int(one.title) for one in repo.issues.values()) == list(range(50))
        ids = {one.key: one.id for one in made}
        assert [one.depends_on for one in made[1:]] == [(ids[f"{n}"],) for n in range(49)]


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_wrong_hides_nothing(tmp_path: Path, hours: int) -> None:
    """Ours is three hours before GitHub's, or behind it: people's changes are seen all the same,
    and ours are kept."""
    clock = Ticking()
    store = Store(Tied(lambda: clock() + timedelta(hours=hours)))
    store.add_token(SECRET, "bot")
    repo = store.add_repo("bot", "game")
    with serve(store) as double:
        tracker = tracker_of(double, tmp_path, clock)
        try:
            one, two = tracker.create_many(PLAN[:2])
            tracker.update(one.id, Change(state=State.IN_PROGRESS))
            clock.sleep(60)
            with store.lock:
                deeds.retitle(store, repo.issues[int(two.id)], "Renamed", "bot")
            found = {issue.id: issue for issue in tracker.list()}
            assert found[two.id].title == "Renamed"
            assert found[one.id].state is State.IN_PROGRESS
        finally:
            tracker.close()


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def bench(tmp_path: Path, clock: Ticking) -> Iterator[Bench]:
    bench = Bench(tmp_path, clock)
    yield bench
    bench.close()


def test_five_thousand_issues_and_pull_requests_among_them(bench: Bench, clock: Ticking) -> None:
    """All issues are listed, none of the pull requests, in a request for each hundred; a later
    look costs one or two."""
    store = bench.double.store
    (repo,) = store.repos.values()
    pull = Pull(id=1, node="PR", head="x", head_sha="0" * 40, base="main", base_sha="0" * 40)
    for number in range(5_000):
        store.add_issue(repo, "bot", f"{number}", pull=pull if number % 100 == 0 else None)
    store.told.clear()
    clock.sleep(600)
    store.add_issue(repo, "bot", "the newest")
    before = len(bench.double.log)
    assert len(bench.list()) == 4_951
    assert len(bench.double.log) - before <= 60
    clock.sleep(60)
    before = len(bench.double.log)
    assert len(bench.list()) == 4_951
    assert len(bench.double.log) - before <= 2


def test_sizes_that_github_takes_and_one_that_it_does_not(bench: Bench) -> None:
    """300 labels in the repository, an issue of a person's with 65,536 characters; one of ours
    that is too long is refused with the number and nothing is made."""
    store = bench.double.store
    (repo,) = store.repos.values()
    for number in range(300):
        store.add_label(repo, f"area {number}")
    store.add_issue(repo, "ann", "Long", "x" * 65_536)
    assert len(bench.get("1").body) == 65_536
    bench.update("1", Change(state=State.IN_PROGRESS, add_labels=frozenset({"area 299"})))
    assert bench.get("1").labels == {"area 299"}
    with pytest.raises(TrackerError, match="has 65600 characters, and GitHub takes 65536"):
        bench.create(Draft(title="Too long", body="x" * 65_600))
    assert len(repo.issues) == 1


def test_labels_that_a_person_renamed_or_deleted_stop_nothing(bench: Bench) -> None:
    """The words for state and priority are made again when they are needed."""
    one = bench.create(Draft(title="One"))
    store = bench.double.store
    (repo,) = store.repos.values()
    renamed = repo.labels.pop("in progress")
    renamed.name = "wip"
    repo.labels["wip"] = renamed
    del repo.labels["priority:medium"]
    assert bench.update(one.id, Change(state=State.IN_PROGRESS)).state is State.IN_PROGRESS
    assert "in progress" in repo.issues[1].labels
    bench.update(one.id, Change(state=State.CLOSED))
    assert repo.issues[1].state == "closed"
    assert "in progress" not in repo.issues[1].labels
