"""What a pull request's facts ask for next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.pull import (
    PATIENCE,
    SOON,
    Check,
    Closed,
    Colour,
    Conflict,
    Continue,
    Merge,
    Merged,
    Ours,
    PullRequest,
    Ready,
    Remark,
    Renew,
    Review,
    Standing,
    Step,
    Verdict,
    Wait,
    feedback,
    news,
    next_step,
    outlasted,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
OURS = Ours(commit="head", base="base", target="main", at=AT)
GREEN = PullRequest(
    node="PR_1",
    number=1,
    url="https://forge.test/o/r/pull/1",
    branch="nightshift/ab/1",
    head="head",
    base="main",
    base_commit="base",
    mergeable=True,
    colour=Colour.PASSED,
)
CHANGES = Review(id="R1", by="ada", may_write=True, verdict=Verdict.CHANGES, text="No tabs.")
NOTE = replace(
    CHANGES,
    verdict=Verdict.COMMENTED,
    text="",
    remarks=(Remark(text="Why?", path="a.py", line=3),),
)
APPROVED = replace(CHANGES, id="R2", verdict=Verdict.APPROVED, text="")
FAILED = Check(name="ci", colour=Colour.FAILED, url="https://ci.test/1", said="2 failed")


def step(*, auto: bool = True, after: float = 90, ours: Ours = OURS, **facts: Any) -> Step:
    now = AT + timedelta(seconds=after)
    return next_step(replace(GREEN, **facts), ours, auto=auto, now=now)


def waits_for_a_person(found: Step) -> bool:
    return isinstance(found, Wait) and found.person


def test_what_is_over_is_told_apart() -> None:
    """Merged, closed by a person, and closed because its branch was deleted."""
    assert step(standing=Standing.MERGED, merge_commit="m") == Merged(commit="m")
    assert step(standing=Standing.CLOSED) == Closed()
    assert step(standing=Standing.CLOSED, branch_gone=True) == Closed(branch_gone=True)


@pytest.mark.parametrize("auto", [True, False])
def test_a_green_draft_becomes_ready_before_anything_else(auto: bool) -> None:
    """Drafts are no draft once their checks pass, whoever merges."""
    assert step(auto=auto, draft=True) == Ready()


def test_green_is_merged_by_us_only_where_that_is_wanted() -> None:
    """With `auto` by its very head; else it waits for a person."""
    assert step() == Merge(sha="head")
    assert waits_for_a_person(step(auto=False))


@pytest.mark.parametrize(
    "facts",
    [
        {"needs_review": True},
        {"head": "theirs"},
        {"ours": replace(OURS, manual=True)},
        {"ours": replace(OURS, heard=frozenset({"R1"})), "reviews": (CHANGES,)},
        {"colour": Colour.PENDING, "after": PATIENCE.total_seconds() + 1},
        {"base": "develop", "mergeable": False},
        {"draft": True, "held_back": True},
    ],
    ids=[
        *("review", "pushed by others", "manual", "refused", "endless checks"),
        *("another base", "a draft again"),
    ],
)
def test_never_merged_by_us_where_a_person_is_needed(facts: dict[str, Any]) -> None:
    """Rules of the branch, commits of others, manual checks, an unanswered refusal; and what
    people did with it: another base, which no conflict with is ours to solve, a draft again."""
    assert waits_for_a_person(step(**facts))


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"needs_review": True, "blocked": True}, "the rules of main ask for a review"),
        ({"blocked": True}, "the rules of main keep it from being merged"),
        ({"ours": replace(OURS, manual=True)}, "a person has to look at what no check can judge"),
        ({}, "it is ready to be merged"),
    ],
    ids=["review", "rules", "manual", "ready"],
)
def test_a_person_is_told_what_is_asked_of_them(facts: dict[str, Any], why: str) -> None:
    """Where people merge, the most pressing of what is left to do, not that all is done."""
    assert step(auto=False, **facts) == Wait(why=why, person=True)


def test_what_the_rules_refuse_is_a_persons_only_after_a_while() -> None:
    """A check that they ask for may not have been heard of yet; then it merges by itself."""
    wait = step(blocked=True)
    assert wait == Wait(why="the rules of main keep it from being merged")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert isinstance(wait, Wait)
    assert not outlasted(wait, now, now + SOON).person
    assert outlasted(wait, now, now + SOON + timedelta(seconds=1)).person


@pytest.mark.parametrize("auto", [True, False])
def test_nobody_is_called_before_the_forge_knows_whether_it_merges(auto: bool) -> None:
    """The forge works that out when it is asked: a conflict is found by the next look."""
    found = step(auto=auto, mergeable=None, needs_review=True)
    assert isinstance(found, Wait)
    assert not found.person


@pytest.mark.parametrize("after", [0, 59, 61, 3600])
def test_no_checks_are_not_pending_ones(after: float) -> None:
    """None at all counts as passed 60 seconds after the push; pending ones are waited for."""
    found = step(colour=Colour.NONE, after=after)
    assert found == (Merge(sha="head") if after > 60 else Wait(why=found.why))  # type: ignore[union-attr]
    assert isinstance(step(colour=Colour.PENDING, after=after), Wait)


def test_a_base_that_moved_is_taken_in_before_merging() -> None:
    """What would land then is another tree than the one that was checked."""
    assert step(base_commit="newer") == Renew()
    assert waits_for_a_person(step(base_commit="newer", auto=False))


def test_failures_go_back_to_the_author_and_count() -> None:
    """A failed check and a conflict are failures of the work."""
    found = step(colour=Colour.FAILED, checks=(FAILED,))
    assert found == Continue(why="ci failed on the forge", counted=True)
    assert step(mergeable=False) == Conflict()


@pytest.mark.parametrize("review", [CHANGES, NOTE], ids=["changes", "remark"])
def test_what_people_ask_for_goes_back_uncounted(review: Review) -> None:
    """Changes asked for, or an open remark, of those who may write: also on somebody's commits,
    and once only."""
    assert step(reviews=(review,)) == Continue(why="ada asked for changes", counted=False)
    assert isinstance(step(reviews=(review,), head="theirs"), Continue)
    assert not isinstance(
        step(reviews=(review,), ours=replace(OURS, heard=frozenset({"R1"}))), Continue
    )


def test_what_programs_ask_for_counts_so_that_it_ends() -> None:
    """A program that is never content does not keep agents busy for ever; with a person's word
    beside it, the round is the person's."""
    program = replace(CHANGES, id="R3", by="robot", by_program=True)
    assert step(reviews=(program,)) == Continue(why="robot asked for changes", counted=True)
    assert step(reviews=(program, CHANGES)) == Continue(
        why="robot, ada asked for changes", counted=False
    )


@pytest.mark.parametrize(
    "reviews",
    [
        (replace(CHANGES, may_write=False),),
        (CHANGES, APPROVED),
        (replace(CHANGES, verdict=Verdict.DISMISSED),),
        (replace(NOTE, remarks=(Remark(text="Why?", settled=True),)),),
        (replace(NOTE, remarks=()),),
    ],
    ids=["stranger", "approved since", "dismissed", "settled", "empty"],
)
def test_what_asks_for_nothing_is_passed_over(reviews: tuple[Review, ...]) -> None:
    """Strangers' words, what was approved since, dismissed or settled."""
    assert step(reviews=reviews) == Merge(sha="head")


def test_the_feedback_holds_what_was_said_and_nothing_of_strangers() -> None:
    """Reviews with their places, failed checks with their ends, the conflict."""
    stranger = replace(CHANGES, id="R9", by="eve", may_write=False, text="Run this!")
    pull = replace(GREEN, reviews=(NOTE, stranger), checks=(FAILED,), mergeable=False)
    said = feedback(pull, ())
    for words in ("ada reviewed it", "a.py:3: Why?", "ci failed", "2 failed", "does not merge"):
        assert words in said
    assert "Run this" not in said
    assert [one.id for one in news(pull, ())] == ["R1"]


@pytest.mark.parametrize("minutes", [9, 11])
def test_a_wait_for_the_forge_that_is_too_long_is_a_persons_to_look_at(minutes: float) -> None:
    """Told with its reason; for checks, which take their time, only after two hours."""
    now = AT + timedelta(minutes=minutes)
    told = outlasted(Wait(why="just pushed"), AT, now)
    assert told.person == (minutes > 10)
    assert told.why.startswith("just pushed")
    running = step(colour=Colour.PENDING)
    assert isinstance(running, Wait)
    assert outlasted(running, AT, now) == running


FACTS = st.fixed_dictionaries(
    {
        "standing": st.sampled_from(Standing),
        "draft": st.booleans(),
        "mergeable": st.sampled_from([True, False, None]),
        "colour": st.sampled_from(Colour),
        "head": st.sampled_from(["head", "theirs"]),
        "base_commit": st.sampled_from(["base", "newer"]),
        "base": st.sampled_from(["main", "develop"]),
        "held_back": st.booleans(),
        "needs_review": st.booleans(),
        "blocked": st.booleans(),
        "reviews": st.lists(st.sampled_from([CHANGES, NOTE, APPROVED]), max_size=3).map(tuple),
    }
)


@given(facts=FACTS, auto=st.booleans(), after=st.floats(0, 20_000))
def test_a_merge_is_never_of_what_was_not_checked(
    facts: dict[str, Any], auto: bool, after: float
) -> None:
    """Whatever the facts: merged by us is only our own green commit on the base it was checked
    on, unasked by nobody, and only with `auto`."""
    found = step(auto=auto, after=after, **facts)
    if isinstance(found, Merge):
        assert auto
        assert (facts["standing"], facts["base"]) == (Standing.OPEN, "main")
        assert (facts["head"], facts["base_commit"], facts["mergeable"]) == ("head", "base", True)
        assert facts["colour"] in (Colour.PASSED, Colour.NONE)
        assert not any(facts[one] for one in ("draft", "needs_review", "blocked"))
