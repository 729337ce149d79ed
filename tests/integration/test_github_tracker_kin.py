"""Sub-issues and issue types over the double: what is shown, and that nothing hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.errors import ForgeRefused
from framework.domain.issue import META_LABEL, Change, Draft, State
from framework.rehearsal.github import relations
from framework.rehearsal.github.faults import Kind
from framework.rehearsal.github.records import Issue
from framework.trackers.github import GitHubTracker, kin
from tests.contracts.tracker_github import Bench, client, opened

PLAN = [
    Draft(title="META", key="p1/meta", labels=frozenset({META_LABEL})),
    Draft(title="a", key="p1/a"),
    Draft(title="b", key="p1/b", depends_on=("key:p1/a",)),
    Draft(title="c", key="p1/c"),
]
ASKED = "mutation addSubIssue"
MIXED = [
    Draft(title="play", key="p2/a", labels=frozenset({"functional"})),
    Draft(title="look", key="p2/b", labels=frozenset({"style"})),
    Draft(title="build", key="p2/c", labels=frozenset({"infrastructure"})),
    Draft(title="other", key="p2/d"),
]


class Time:
    """A clock that stands."""

    now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def tracker(tmp_path: Path, said: list[str]) -> Iterator[Bench]:
    tracker = Bench(tmp_path, Time(), say=said.append)
    yield tracker
    tracker.close()


def there(tracker: Bench) -> dict[int, Issue]:
    return next(iter(tracker.double.store.repos.values())).issues


def parents(tracker: Bench) -> dict[str, str | None]:
    """By titles."""
    names = {one.id: one.title for one in there(tracker).values()}
    return {one.title: names.get(one.parent or 0) for one in there(tracker).values()}


def times_asked(tracker: Bench) -> int:
    return sum(one.startswith(ASKED) for one in tracker.double.log.operations())


def test_issues_of_a_plan_are_under_its_meta_issue(tracker: Bench, said: list[str]) -> None:
    """In one request for all of them; made again with the same keys, nothing more is asked."""
    tracker.create_many(PLAN)
    assert parents(tracker) == {"META": None, "a": "META", "b": "META", "c": "META"}
    tracker.create_many(PLAN)
    assert times_asked(tracker) == 1
    assert said == []


def test_what_comes_later_is_under_the_meta_issue_too(tracker: Bench) -> None:
    """A plan is made in steps; META is known from the first."""
    tracker.create_many(PLAN[:2])
    tracker.create_many(PLAN[3:])
    assert set(parents(tracker).values()) == {None, "META"}
    assert parents(tracker)["c"] == "META"


def test_parts_are_under_the_issue_that_was_split(tracker: Bench) -> None:
    """Only where there is one of that number, and no key of another kind counts. A plan's META is
    known by its key alone."""
    whole = tracker.create(Draft(title="whole", key="p1/a"))
    tracker.create(Draft(title="part", key=f"split:{whole.id}:1"))
    tracker.create(Draft(title="stray", key="split:99:1"))
    tracker.create(Draft(title="unlabelled", key="p2/meta"))
    tracker.create(Draft(title="planned", key="p2/7"))
    tracker.create(Draft(title="beside it", key="elsewhere/7"))
    found = parents(tracker)
    kin = {"part": "whole", "planned": "unlabelled"}
    assert {name: one for name, one in found.items() if one} == kin


def test_a_server_of_ones_own_makes_the_plan(tracker: Bench) -> None:
    """Where dependencies are not known, the issues and what they need are there all the same."""
    tracker.double.store.profile = "ghes"
    made = tracker.create_many(PLAN)
    assert [one.title for one in made] == ["META", "a", "b", "c"]
    assert made[2].depends_on == (made[1].id,)


def test_a_server_that_takes_none_is_left_alone(tracker: Bench, said: list[str]) -> None:
    """It is said once, the issues are made, and later ones are not tried."""
    tracker.double.faults.add(ASKED, "missing", times=99)
    assert len(tracker.create_many(PLAN[:2])) == 2
    assert len(tracker.create_many(PLAN[3:])) == 1
    assert times_asked(tracker) == 1
    assert len(said) == 1


@pytest.mark.parametrize("kind", ["502", "reset after", "limit 403"])
def test_an_outage_costs_no_more_than_the_ornament(
    tracker: Bench, said: list[str], kind: Kind
) -> None:
    """The plan is made whatever happens to it, each call says it once, the next one mends it."""
    fault = tracker.double.faults.add(ASKED, kind, times=99)
    made = tracker.create_many(PLAN)
    assert tracker.create_many(PLAN) == made
    assert len(there(tracker)) == len(PLAN)
    assert made[2].depends_on == (made[1].id,)
    assert fault.seen >= 1
    assert 1 <= len(said) <= 2
    tracker.double.faults.clear()
    tracker.create_many(PLAN)
    assert list(parents(tracker).values()) == [None, "META", "META", "META"]


def types(tracker: Bench) -> list[str | None]:
    return [one.type for one in there(tracker).values()]


def have(tracker: Bench, *names: str) -> None:
    """Issue types of these names are in the repository."""
    repo = next(iter(tracker.double.store.repos.values()))
    for name in names:
        tracker.double.store.add_type(repo, name)


def times_asked_for_types(tracker: Bench) -> int:
    return tracker.double.log.operations().count("query node")


def test_categories_are_shown_as_issue_types(tracker: Bench) -> None:
    """By names in any case, asked for once, and REST shows them too."""
    have(tracker, "Bug", "feature", "Task")
    tracker.create_many(MIXED[:2])
    tracker.create_many(MIXED[2:])
    assert types(tracker) == ["feature", "Task", "Task", None]
    assert times_asked_for_types(tracker) == 1
    with closing(client(tracker.double, Time())) as api:
        assert api.get("repos/bot/game/issues/1")["type"]["name"] == "feature"


def test_where_there_are_no_types_none_is_sent(tracker: Bench, said: list[str]) -> None:
    """Nothing is said of it, and it is not asked again; without categories not at all."""
    tracker.create_many(PLAN)
    assert times_asked_for_types(tracker) == 0
    tracker.create_many(MIXED[:2])
    tracker.create_many(MIXED[2:])
    assert set(types(tracker)) == {None}
    assert times_asked_for_types(tracker) == 1
    assert said == []


def test_a_type_that_is_switched_off_is_not_given(tracker: Bench) -> None:
    """GitHub lists it, and new issues are not to have it."""
    repo = next(iter(tracker.double.store.repos.values()))
    tracker.double.store.add_type(repo, "Feature", enabled=False)
    have(tracker, "Task")
    tracker.create_many(MIXED)
    assert types(tracker) == [None, "Task", "Task", None]


def test_a_server_that_knows_no_types_makes_the_issues(tracker: Bench, said: list[str]) -> None:
    """It refuses the question once, and that is all."""
    tracker.double.store.profile = "ghes"
    tracker.create_many(MIXED[:2])
    tracker.create_many(MIXED[2:])
    assert set(types(tracker)) == {None}
    assert times_asked_for_types(tracker) == 1
    assert said == []


def test_a_single_issue_has_its_type_too(tracker: Bench) -> None:
    """In the request that makes it, with a type that is asked for once in a day; a draft of no
    category asks for none."""
    have(tracker, "Feature", "Task")
    tracker.create(PLAN[1])
    assert times_asked_for_types(tracker) == 0
    for one in MIXED[:3]:
        tracker.create(one)
    assert types(tracker) == [None, "Feature", "Task", "Task"]
    assert times_asked_for_types(tracker) == 1
    assert tracker.double.log.operations().count("POST /repos/{owner}/{repo}/issues") == 4


def test_types_are_remembered_for_the_next_process(tmp_path: Path, tracker: Bench) -> None:
    """For a day."""
    have(tracker, "Feature", "Task")
    tracker.create(MIXED[0])
    clock = Time()
    for draft, hours, asked in ((MIXED[1], 1, 1), (MIXED[2], 25, 2)):
        clock.now = Time.now + timedelta(hours=hours)
        with closing(GitHubTracker(**opened(tracker.double, tmp_path, clock))) as another:
            another.create(draft)
        assert times_asked_for_types(tracker) == asked
    assert types(tracker) == ["Feature", "Task", "Task"]


@pytest.mark.parametrize("several", [True, False])
def test_a_type_that_is_gone_costs_nobody_an_issue(tracker: Bench, several: bool) -> None:
    """GitHub refuses what names it, which types there are is asked again, and it goes on."""
    have(tracker, "Feature", "Task")
    tracker.create_many(MIXED[:2])
    repo = next(iter(tracker.double.store.repos.values()))
    del tracker.double.store.nodes[repo.types.pop("Task").node]
    if several:
        tracker.create_many(MIXED[2:])
    else:
        for one in MIXED[2:]:
            tracker.create(one)
    assert {one.title for one in there(tracker).values()} == {"play", "look", "build", "other"}
    assert types(tracker)[2:] == [None, None]
    assert times_asked_for_types(tracker) == 2


def test_what_stays_refused_is_said(tracker: Bench) -> None:
    """Types are asked for anew only once: a server that lists one which it does not take is not
    asked for ever."""
    have(tracker, "Task")
    repo = next(iter(tracker.double.store.repos.values()))
    del tracker.double.store.nodes[repo.types["Task"].node]
    with pytest.raises(ForgeRefused):
        tracker.create_many(MIXED)
    assert times_asked_for_types(tracker) == 2


# What was cut off.


@pytest.mark.parametrize("kind", ["reset", "reset after", "502", "502 after"])
def test_a_run_that_was_cut_off_is_mended_by_the_next(
    tmp_path: Path, tracker: Bench, kind: Kind
) -> None:
    """Before and after GitHub did it: by the first claim of another process that shares the
    mirror, without a word and without asking twice."""
    tracker.double.faults.add(ASKED, kind)
    made = tracker.create_many(PLAN)
    said: list[str] = []
    given = opened(tracker.double, tmp_path, Time()) | {"say": said.append}
    with closing(GitHubTracker(**given)) as another:
        another.list()
        another.update(made[1].id, Change(state=State.IN_PROGRESS))
        assert list(parents(tracker).values()) == [None, "META", "META", "META"]
        asked = len(tracker.double.log)
        another.update(made[1].id, Change(state=State.OPEN))
        another.create_many(PLAN)
        assert not any("addSub" in one for one in tracker.double.log.operations()[asked:])
    assert said == []


def test_another_machine_mends_it_when_it_goes_on(tmp_path: Path, tracker: Bench) -> None:
    """One that knows nothing of the plan asks GitHub once what lacks a parent; what is elsewhere
    already, and what people took out, is left where it is."""
    tracker.double.faults.add(ASKED, "reset")
    made = tracker.create_many([*PLAN, Draft(title="d", key="p1/d")])
    store = tracker.double.store
    issues = there(tracker)
    with store.lock:
        relations.adopt(store, issues[2], issues[3], "ann")
        relations.adopt(store, issues[1], issues[4], "ann")
        relations.orphan(store, issues[1], issues[4], "ann")
    with closing(GitHubTracker(**opened(tracker.double, tmp_path / "next", Time()))) as another:
        assert another.create_many(PLAN) == made[:4]
        assert parents(tracker) == {"META": None, "a": "META", "b": "a", "c": None, "d": None}
        asked = len(tracker.double.log)
        another.create_many(PLAN)
        assert len(tracker.double.log) - asked <= 1


def test_a_server_that_does_not_tell_parents_is_left_alone(
    tmp_path: Path, tracker: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses a question with words that it does not know; that is said once, and the issues
    are there."""
    tracker.create_many(PLAN)
    monkeypatch.setattr(kin, "WHOLES_QUERY", "query($ids: [ID!]!) { nodes(ids: $ids) { whole } }")
    said: list[str] = []
    given = opened(tracker.double, tmp_path / "next", Time()) | {"say": said.append}
    with closing(GitHubTracker(**given)) as another:
        assert len(another.create_many(PLAN)) == len(PLAN)
        asked = tracker.double.log.operations().count("query nodes")
        assert len(another.create_many(PLAN)) == len(PLAN)
    assert tracker.double.log.operations().count("query nodes") == asked
    assert len(said) == 1
