"""Incidents: what went wrong in a run, by class."""

from __future__ import annotations

import pytest

from framework.domain.board import Board, fold
from framework.domain.event import (
    AccountRefused,
    AttemptEnded,
    AttemptMoved,
    AttemptPaused,
    Entry,
    Event,
    SessionScored,
    TellingRefused,
    TrackerLost,
)
from framework.domain.health import POOR
from framework.domain.incidents import (
    ACCOUNT,
    CHECKS,
    HEALTH,
    HELD,
    RULE,
    TELLING,
    TRACKER,
    Incident,
    incidents,
    trouble_of,
)
from framework.domain.merge import Proof
from framework.domain.outcome import (
    Conflicted,
    Failed,
    Landed,
    Outcome,
    Rejected,
    Stalled,
    Unfinished,
)
from framework.domain.story import describe
from framework.domain.trouble import RULES, Kind
from tests.unit.nights import Night, at, run_started


def told(*events: Event, run: str = "r1") -> tuple[Incident, ...]:
    entries = [
        Entry(cursor=number, at=at(number), run=run, event=event)
        for number, event in enumerate(events, start=1)
    ]
    return incidents(entries, "r1")


def ended(issue: str, outcome: str, why: str = "x", trouble: str = "") -> AttemptEnded:
    return AttemptEnded(
        issue=issue,
        epoch=1,
        slot=1,
        outcome=outcome,
        why=why,
        counted=True,
        seconds=1,
        usd=0,
        turns=1,
        tools=1,
        trouble=trouble,
    )


def scored(issue: str, score: int) -> SessionScored:
    return SessionScored(
        issue=issue,
        epoch=1,
        session=f"s{issue}",
        score=score,
        reasons=("-25 commits: nothing is committed", "+5 size: 1 file"),
        productivity=0.1,
    )


def test_each_class_is_counted_once_with_its_issues() -> None:
    """Two of one class make one row, with each issue once and what was said last."""
    (one,) = told(
        ended("3", "Failed", "exit code 1", "crashed"),
        ended("4", "Failed", "exit  code\n137", "crashed"),
        ended("3", "Failed", "exit code 137", "crashed"),
    )
    assert (one.kind, one.count, one.issues) == ("crashed", 3, ("3", "4"))
    assert one.why == "exit code 137"
    assert one.advice


def test_what_went_well_is_no_incident() -> None:
    """Landings, good health and another run's troubles are not in the table."""
    assert told(ended("1", "Landed"), ended("2", "Deferred"), scored("1", POOR)) == ()
    assert told(ended("1", "Failed"), run="another") == ()


def test_a_person_comes_first_then_the_most_frequent() -> None:
    """What only a person can mend is on top, however rare."""
    rows = told(
        AttemptPaused(issue="1", epoch=1, until="", why="usage limit"),
        AttemptPaused(issue="2", epoch=1, until="", why="usage limit"),
        ended("3", "Stalled", "silent for 300 s"),
        AccountRefused(account="TOKEN_2", why="401"),
    )
    assert [one.kind for one in rows] == [ACCOUNT, "usage limit", "hung"]
    assert [one.person for one in rows] == [True, False, False]


def test_pauses_of_any_wording_do_not_make_classes() -> None:
    """A class is one of a closed set: what a landing waits for in free words is one class."""
    rows = told(
        AttemptPaused(issue="1", epoch=1, until="", why="origin is away: host a"),
        AttemptPaused(issue="1", epoch=1, until="", why="origin is away: host b"),
        AttemptMoved(issue="1", epoch=1, account="B", why="rate limit"),
    )
    assert [(one.kind, one.count) for one in rows] == [(HELD, 2), ("rate limit", 1)]


def test_refusals_trackers_and_poor_health_are_rows_too() -> None:
    """Everything that a person may want to act on has its row."""
    rows = told(
        ended("1", "Rejected", "`make` failed", CHECKS),
        ended("1", "Rejected", "ci/x.yml is protected", RULE),
        TrackerLost(why="no route"),
        TellingRefused(issue="2", why="gone"),
        scored("5", POOR - 1),
        ended("6", "Blocked", "Which one?"),
        ended("7", "OutOfBudget", "used up"),
    )
    kinds = {one.kind for one in rows}
    assert kinds == {CHECKS, RULE, TRACKER, TELLING, HEALTH, "blocked", "cap reached"}
    poor = next(one for one in rows if one.kind == HEALTH)
    assert poor.why == f"{POOR - 1} of 100; -25 commits: nothing is committed"


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
def test_every_kind_of_trouble_has_advice_and_says_whether_a_person_must_act(kind: Kind) -> None:
    """As the table of troubles has it."""
    (one,) = told(ended("1", "Failed", "x", kind.value))
    assert one.person == RULES[kind].person
    assert one.advice


PROOF = Proof(commit="c", tree="t", head="h", base="b", target="main", epoch=1)


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (Failed(error="x", trouble="crashed"), "crashed"),
        (Failed(error="x", ours=True), ""),
        (Stalled(seconds=9), "hung"),
        (Rejected(reasons=("x",), output="$ make\n"), CHECKS),
        (Rejected(reasons=("x",)), RULE),
        (Conflicted(paths=("a",)), "conflict"),
        (Unfinished(why="x"), ""),
        (Landed(proof=PROOF), ""),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_outcome_names_its_trouble(outcome: Outcome, name: str) -> None:
    """For the journal, which keeps the class and not only the words."""
    assert trouble_of(outcome) == name


def board() -> Board:
    night = Night()
    night.tell(0, run_started())
    night.tell(1, scored("2", 61), scored("3", 12), ended("3", "Stalled", "silent for 300 s"))
    return fold(night.entries, [], {}, now=at(9), alive=True)


def test_the_board_has_the_incidents_and_the_health_of_its_run() -> None:
    """The worst health first; a run that is gone leaves none to the next."""
    found = board()
    assert [one.score for one in found.health] == [12, 61]
    assert {one.kind for one in found.incidents} == {"hung", HEALTH}
    night = Night(run="r2")
    night.tell(20, run_started())
    later = [Entry(cursor=9, at=at(20), run="r2", event=one.event) for one in night.entries]
    fresh = fold([*later], [], {}, now=at(21), alive=True)
    assert (fresh.incidents, fresh.health) == ((), ())


def test_only_poor_health_is_news() -> None:
    """A line for what a person may want to look at, none for every session that did well."""
    assert describe(scored("7", POOR)) is None
    told = describe(scored("7", 12))
    assert told == "#7 attempt e1 health 12 of 100, -25 commits: nothing is committed"
