"""Health: what a session's events and commits add up to, and what follows from a poor score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.call import digest_of, edit_of
from framework.domain.facts import Facts, Work
from framework.domain.health import (
    EVEN,
    POOR,
    Health,
    Reason,
    assess,
    productivity,
    recalled,
    scored,
)
from framework.domain.ledger import Scope
from framework.domain.merge import Proof
from framework.domain.outcome import (
    Blocked,
    Deferred,
    Failed,
    Landed,
    LeaseLost,
    Outcome,
    OutOfBudget,
    Rejected,
    Stalled,
    Unfinished,
)
from framework.domain.remedy import POLICY, Way, next_step
from framework.domain.session import (
    Edit,
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Used,
)
from framework.domain.vitals import Vitals


def facts_of(*events: SessionEvent, work: Work | None = None, step: float = 1.0) -> Facts:
    vitals = Vitals()
    for number, event in enumerate(events):
        vitals.take(event, number * step)
    return vitals.facts(work or Work())


_NUMBERS: Iterator[int] = iter(range(10**9))


def ran(command: str, *, failed: bool = False, refused: bool = False) -> list[SessionEvent]:
    """A command from its call to its end."""
    call = f"c{next(_NUMBERS)}"
    digest = digest_of("Bash", {"command": command})
    return [
        ToolCalled(call=call, tool="Bash", summary=command, digest=digest),
        ToolEnded(call=call, failed=failed, refused=refused),
    ]


def edited(path: str, before: str, after: str) -> list[SessionEvent]:
    call = f"c{next(_NUMBERS)}"
    arguments = {"file_path": path, "old_string": before, "new_string": after}
    digest, edit = digest_of("Edit", arguments), edit_of(arguments)
    return [
        ToolCalled(call=call, tool="Edit", summary=path, digest=digest, edit=edit),
        ToolEnded(call=call, failed=False),
    ]


def wrote(path: str, text: str) -> list[SessionEvent]:
    call = f"c{next(_NUMBERS)}"
    arguments = {"file_path": path, "content": text}
    digest, edit = digest_of("Write", arguments), edit_of(arguments)
    return [ToolCalled(call=call, tool="Write", summary=path, digest=digest, edit=edit)]


def test_a_digest_is_of_the_tool_and_its_arguments() -> None:
    """The order of arguments and the description for people make no difference, all else does."""
    one = digest_of("Bash", {"command": "make", "timeout": 5})
    assert one == digest_of("Bash", {"timeout": 5, "command": "make", "description": "build"})
    assert one != digest_of("Bash", {"command": "make", "timeout": 6})
    assert one != digest_of("Read", {"command": "make", "timeout": 5})


def test_only_edits_are_edits() -> None:
    """A call that changes a part of a file or all of it is one; reading and commands are none."""
    part = edit_of({"file_path": "a", "old_string": "x", "new_string": "y"})
    whole = edit_of({"file_path": "a", "content": "y"})
    assert part is not None
    assert whole is not None
    assert (part.after, whole.before) == (whole.after, "")
    assert edit_of({"file_path": "a"}) is None
    assert edit_of({"command": "make"}) is None


def test_the_same_call_counts_as_repeated_only_without_an_edit_in_between() -> None:
    """Running the tests after each edit is work; running them again with nothing changed is not."""
    working = [*ran("make"), *edited("a", "1", "2"), *ran("make"), *edited("a", "2", "3")]
    assert facts_of(*working, *ran("make")).repeated == 0
    looping = [event for _ in range(5) for event in (*ran("make"), *ran("ls"))]
    assert facts_of(*looping).repeated == 8


def test_an_edit_tried_again_and_again_is_a_repeat() -> None:
    """The same edit of the same text, which must have failed, does not hide a loop."""
    again = [event for _ in range(4) for event in edited("a", "not there", "x")]
    assert facts_of(*again).repeated == 3


def test_back_and_forth_is_seen_for_parts_and_for_whole_files() -> None:
    """What puts back an earlier edit is a revert, in the same file only."""
    there, back = edited("a", "x", "y"), edited("a", "y", "x")
    assert facts_of(*there, *back).reverted == 1
    assert facts_of(*there, *edited("b", "y", "x")).reverted == 0
    assert facts_of(*wrote("a", "one"), *wrote("a", "two"), *wrote("a", "one")).reverted == 1
    assert facts_of(*wrote("a", "one"), *wrote("a", "two"), *wrote("a", "three")).reverted == 0


def test_a_command_goes_green_or_stays_red() -> None:
    """Failed, then succeeded: green; run again and failed at last: red; one run is neither."""
    green = facts_of(*ran("make", failed=True), *edited("a", "1", "2"), *ran("make"))
    assert (green.greened, green.red, green.failed) == (1, 0, 1)
    red = facts_of(*ran("make"), *edited("a", "1", "2"), *ran("make", failed=True))
    assert (red.greened, red.red) == (0, 1)
    assert facts_of(*ran("grep x", failed=True)).red == 0


def test_a_refused_call_is_no_failure() -> None:
    """What a rule forbade counts as refused, and neither as failed nor as a red command."""
    facts = facts_of(*ran("git push", refused=True, failed=True), *ran("git push", failed=True))
    assert (facts.refused, facts.failed, facts.red) == (1, 1, 0)


def test_silence_is_time_without_a_sign_while_no_tool_runs() -> None:
    """A long tool is not silent, nor is the pause between two turns; the last wait counts."""
    vitals = Vitals()
    begun, ended = ran("make")
    vitals.take(Started(session="s", model="m"), 0)
    vitals.take(begun, 10)
    vitals.take(ended, 500)
    vitals.rest(530)
    vitals.take(Started(session="s", model="m"), 9000)
    assert vitals.facts(Work()).silence == 30
    vitals.rest(9300)
    assert vitals.facts(Work()).silence == 300


def used(turn: int, usd: float, *, context: int = 0, window: int = 0) -> Used:
    return Used(spending=Spending(turns=turn, usd=usd), context=context, window=window)


def test_context_is_a_share_of_the_window_once_that_is_known() -> None:
    """Without a window nothing is claimed; the last answer's figure is the one that counts."""
    assert facts_of(used(1, 0.1, context=150_000)).context == 0
    told = facts_of(used(1, 0.1, context=50_000), used(2, 0.2, context=150_000, window=200_000))
    assert told.context == 0.75


def test_growth_compares_the_latest_turns_with_all() -> None:
    """A steady session grows by nothing; one whose turns get dearer is above one."""
    steady = [used(turn, 0.1 * turn) for turn in range(1, 30)]
    dearer = [used(turn, 0.01 * turn * turn) for turn in range(1, 30)]
    assert facts_of(*steady).growth == pytest.approx(1.0, abs=0.01)
    assert facts_of(*dearer).growth > 1.5
    assert facts_of(*steady[:5]).growth == 0


def test_memory_is_bounded() -> None:
    """However long a session is, no more than the latest calls and files are remembered."""
    vitals = Vitals()
    for number in range(3000):
        for event in (*ran(f"echo {number}"), *edited(f"f{number}", "a", "b")):
            vitals.take(event, number)
        vitals.take(ToolCalled(call=f"never-ends-{number}", tool="Bash", summary=""), number)
    sizes = [len(one) for one in vars(vitals).values() if hasattr(one, "__len__")]
    assert max(sizes) <= 256


GOOD = Facts(commits=2, files=4, lines=120, tools=30, greened=1, usd=0.8, turns=20)


def test_good_work_scores_well_and_none_poorly() -> None:
    """Commits with checks gone green are far above the bound; an empty session is below it."""
    assert assess(GOOD).score >= 80
    assert assess(Facts(tools=10)).is_poor
    assert assess(Facts(tools=10)).worst is not None


def test_the_score_is_the_sum_of_what_is_shown() -> None:
    """Fifty and all contributions, cut to 0 and 100: nothing is hidden."""
    for facts in (GOOD, Facts(), replace(GOOD, repeated=9, silence=200)):
        health = assess(facts)
        total = EVEN + sum(one.points for one in health.contributions)
        assert health.score == min(100, max(0, total))


def test_the_classic_figure_is_what_it_always_was() -> None:
    """(files changed × 2 + issues closed × 5) / tool calls."""
    assert productivity(Facts(files=4, tools=10), closed=1) == 1.3
    assert productivity(Facts(files=4, tools=0), closed=0) == 8
    assert (
        assess(Facts(files=4, tools=10), closed=1).score == assess(Facts(files=4, tools=10)).score
    )


_FACTS = st.builds(
    Facts,
    commits=st.integers(0, 9),
    files=st.integers(0, 60),
    lines=st.integers(0, 5000),
    turns=st.integers(0, 200),
    tools=st.integers(0, 300),
    greened=st.integers(0, 9),
    red=st.integers(0, 9),
    repeated=st.integers(0, 40),
    reverted=st.integers(0, 20),
    refused=st.integers(0, 20),
    failed=st.integers(0, 60),
    context=st.floats(0, 1),
    usd=st.floats(0, 50),
    growth=st.floats(0, 5),
    silence=st.floats(0, 2000),
)


@pytest.mark.parametrize("good", ["commits", "greened"])
@given(facts=_FACTS, more=st.integers(1, 5))
def test_more_of_the_good_never_lowers_the_score(good: str, facts: Facts, more: int) -> None:
    """Monotone in commits and in checks gone green."""
    better = replace(facts, **{good: getattr(facts, good) + more})
    assert assess(better).score >= assess(facts).score


@pytest.mark.parametrize(
    "bad",
    ["red", "repeated", "reverted", "refused", "failed", "context", "usd", "growth", "silence"],
)
@given(facts=_FACTS, more=st.integers(1, 5))
def test_more_of_the_bad_never_raises_the_score(bad: str, facts: Facts, more: int) -> None:
    """Monotone in every sign of trouble, and in lines beyond what one issue should change."""
    worse = replace(facts, **{bad: getattr(facts, bad) + more})
    assert assess(worse).score <= assess(facts).score
    sprawling = replace(facts, lines=facts.lines + 1000 * more)
    assert assess(sprawling).score <= assess(facts).score


@given(facts=_FACTS)
def test_a_score_is_a_whole_number_from_0_to_100_and_survives_the_journal(facts: Facts) -> None:
    """What the journal keeps says the same as what was scored."""
    health = assess(facts, closed=1)
    assert 0 <= health.score <= 100
    event = scored(health, issue="7", epoch=2, session="s")
    assert recalled(event) == health
    assert recalled(replace(event, reasons=(*event.reasons, "-3 luck: bad"))) == health


def health_of(reason: Reason) -> Health:
    """A poor one whose worst contribution is the given one."""
    spoilt = {
        Reason.COMMITS: Facts(tools=5),
        Reason.SPRAWL: Facts(commits=1, files=1, lines=9000, repeated=20, reverted=1, red=1),
    }
    poor = assess(spoilt.get(reason, Facts()))
    worst = replace(poor.contributions[0], reason=reason, points=-99)
    return replace(poor, score=POOR - 1, contributions=(worst,))


FAULTS: list[Outcome] = [
    Rejected(reasons=("x",)),
    Unfinished(why="x"),
    Stalled(seconds=1),
    Failed(error="x"),
    OutOfBudget(what="usd"),
]


@pytest.mark.parametrize("reason", POLICY, ids=lambda reason: reason.value)
def test_every_way_to_be_poor_has_a_next_step_that_ends_with_a_person(reason: Reason) -> None:
    """The nth failure takes the nth way of the row, and later ones ask."""
    health, row = health_of(reason), POLICY[reason]
    for number, way in enumerate(row):
        assert next_step(health, FAULTS[0], number).way is way
    assert row[-1] is Way.ASK
    assert next_step(health, FAULTS[0], 99).way is Way.ASK


def test_every_reason_that_can_take_points_is_in_the_table() -> None:
    """What only ever adds is not, and all the rest is."""
    assert set(POLICY) == set(Reason) - {Reason.SIZE, Reason.GREENED}


@pytest.mark.parametrize("outcome", FAULTS, ids=lambda one: type(one).__name__)
def test_a_poor_score_changes_the_way_after_a_fault_of_the_work(outcome: Outcome) -> None:
    """And the step says why in a sentence."""
    step = next_step(health_of(Reason.REPEATS), outcome, 0)
    assert step.way is Way.FRESH
    assert "repeats" in step.why


PROOF = Proof(commit="c", tree="t", head="h", base="b", target="main", epoch=1)


@pytest.mark.parametrize(
    "outcome",
    [
        Landed(proof=PROOF),
        Blocked(question="?"),
        Deferred(why="limit"),
        LeaseLost(),
        Failed(error="x", ours=True),
        OutOfBudget(what="usd", scope=Scope.RUN),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_poor_score_alone_changes_nothing(outcome: Outcome) -> None:
    """What landed, waits, or is nobody's fault goes on as the retry table says."""
    assert next_step(health_of(Reason.REPEATS), outcome, 3).way is Way.SAME


def test_good_health_goes_on_as_before() -> None:
    """A failure in good health is tried again in the same way."""
    assert next_step(assess(GOOD), FAULTS[0], 2).way is Way.SAME


def test_an_edit_is_plain_data() -> None:
    """Vitals keep digests, never the text."""
    edit = edit_of({"file_path": "a", "content": "SECRET"})
    assert edit == Edit(path="a", before="", after=digest_of_text())
    assert "SECRET" not in repr(edit)


def digest_of_text() -> str:
    found = edit_of({"file_path": "b", "content": "SECRET"})
    assert found is not None
    return found.after
