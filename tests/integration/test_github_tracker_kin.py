"""Sub-issues and issue types over the double: what is shown, and that nothing hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from framework.domain.errors import ForgeRefused
from framework.domain.issue import META_LABEL, Draft
from framework.rehearsal.github.faults import Kind
from framework.rehearsal.github.records import Issue
from tests.contracts.tracker_github import Bench, client

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
    """Only where there is one of that number, and no key of another kind counts."""
    whole = tracker.create(Draft(title="whole", key="p1/a"))
    tracker.create(Draft(title="part", key=f"split:{whole.id}:1"))
    tracker.create(Draft(title="stray", key="split:99:1"))
    tracker.create(Draft(title="imported", key="elsewhere/meta"))
    tracker.create(Draft(title="beside it", key="elsewhere/7"))
    found = parents(tracker)
    assert {name: one for name, one in found.items() if one} == {"part": "whole"}


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
    """The plan is made whatever happens to it, and it is not sent again."""
    fault = tracker.double.faults.add(ASKED, kind, times=99)
    made = tracker.create_many(PLAN)
    assert tracker.create_many(PLAN) == made
    assert len(there(tracker)) == len(PLAN)
    assert made[2].depends_on == (made[1].id,)
    assert fault.seen >= 1
    assert len(said) >= 1


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


def test_a_type_that_is_gone_costs_one_try(tracker: Bench) -> None:
    """GitHub refuses the issue that names it, and the next try asks which types there are."""
    have(tracker, "Feature", "Task")
    tracker.create_many(MIXED[:2])
    repo = next(iter(tracker.double.store.repos.values()))
    del tracker.double.store.nodes[repo.types.pop("Task").node]
    with pytest.raises(ForgeRefused):
        tracker.create_many(MIXED[2:])
    tracker.create_many(MIXED[2:])
    assert {one.title for one in there(tracker).values()} == {"play", "look", "build", "other"}
