"""Readiness and order, against the plainest code that could be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.graph import find_cycle, ready, remaining_chains, topological, waits_for
from framework.domain.issue import Issue, Priority, State
from framework.domain.lease import Failure, Lease, Record

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def make(id: str, *depends_on: str, age: int = 0, **fields) -> Issue:
    at = NOW - timedelta(hours=age)
    return Issue(
        id=id,
        uid=f"local:0/{id}",
        title=id,
        depends_on=depends_on,
        created_at=at,
        updated_at=at,
        **fields,
    )


def remembered(id: str, failures: int = 0, held: timedelta | None = None, wait=None) -> Record:
    lease = None
    if held is not None:
        lease = Lease(key=id, holder="h", epoch=1, expires_at=NOW + held)
    return Record(
        key=id,
        epoch=1,
        lease=lease,
        failures=tuple(Failure(at=NOW, epoch=1, reason="x") for _ in range(failures)),
        not_before=None if wait is None else NOW + wait,
    )


def order(issues, records=None) -> list[str]:
    return [issue.id for issue in ready(issues, records or {}, NOW)]


# The oracle: straight from the words of the design, with no thought of speed.


def longest_chain(id: str, issues: dict[str, Issue]) -> int:
    behind = [one.id for one in issues.values() if id in one.depends_on and one.state != "closed"]
    return 1 + max((longest_chain(one, issues) for one in behind), default=0)


def may_start(issue: Issue, issues: dict[str, Issue], record: Record | None) -> bool:
    if issue.state not in ("open", "in_progress") or "meta" in issue.labels:
        return False
    if any(one not in issues or issues[one].state != "closed" for one in issue.depends_on):
        return False
    if record and record.lease and record.lease.expires_at > NOW:
        return False
    return not (record and record.not_before and record.not_before > NOW)


def goes_before(left: Issue, right: Issue, issues, records) -> bool:
    def failures(issue: Issue) -> int:
        return len(records[issue.id].failures) if issue.id in records else 0

    if (failures(left) >= 3) != (failures(right) >= 3):
        return failures(right) >= 3
    for difference in (
        longest_chain(right.id, issues) - longest_chain(left.id, issues),
        list(Priority).index(left.priority) - list(Priority).index(right.priority),
        failures(left) - failures(right),
        (left.created_at - right.created_at).total_seconds(),
    ):
        if difference:
            return difference < 0
    return int(left.id) < int(right.id)


@st.composite
def boards(draw):
    count = draw(st.integers(0, 9))
    issues, records = [], {}
    for number in range(1, count + 1):
        earlier = [str(one) for one in range(1, number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        needs += draw(st.sampled_from([[], [], [], [], ["99"]]))
        issues.append(
            make(
                str(number),
                *needs,
                age=draw(st.integers(0, 2)),
                state=draw(st.sampled_from([State.OPEN, State.CLOSED, *State])),
                priority=draw(st.sampled_from(Priority)),
                labels=frozenset(draw(st.sampled_from([[], [], [], ["x"], ["meta"]]))),
            )
        )
        if draw(st.booleans()):
            times = st.sampled_from([None, -SECOND, timedelta(0), SECOND])
            records[str(number)] = remembered(
                str(number), draw(st.integers(0, 4)), draw(times), draw(times)
            )
    return draw(st.permutations(issues)), records


@settings(deadline=None, max_examples=400)
@given(boards())
def test_ready_gives_what_the_design_says_in_its_order(board) -> None:
    issues, records = board
    known = {issue.id: issue for issue in issues}
    result = ready(issues, records, NOW)
    assert {one.id for one in result} == {
        one.id for one in issues if may_start(one, known, records.get(one.id))
    }
    for left, right in pairwise(result):
        assert goes_before(left, right, known, records), (left, right)


@settings(deadline=None, max_examples=200)
@given(boards())
def test_remaining_chains_are_the_longest_ways_through_open_dependants(board) -> None:
    issues, _ = board
    known = {issue.id: issue for issue in issues}
    chains = remaining_chains(iter(issues))
    assert set(chains) == set(known)
    for issue in issues:
        if not issue.is_closed:
            assert chains[issue.id] == longest_chain(issue.id, known)


def test_the_longest_chain_goes_before_priority() -> None:
    issues = [
        make("1", priority=Priority.URGENT),
        make("2", priority=Priority.LOW),
        make("3", "2"),
        make("4", "3"),
        make("5"),
        make("6", "5"),
    ]
    assert order(issues) == ["2", "5", "1"]


def test_three_failures_send_even_the_critical_path_to_the_back() -> None:
    issues = [make("1"), make("2", "1"), make("3", priority=Priority.LOW)]
    assert order(issues, {"1": remembered("1", 2)}) == ["1", "3"]
    assert order(issues, {"1": remembered("1", 3)}) == ["3", "1"]


def test_equals_go_by_number_and_not_by_spelling() -> None:
    issues = [make("10"), make("9"), make("2")]
    assert order(issues) == ["2", "9", "10"]
    assert order([make("ABC-2"), make("ABC-1")]) == ["ABC-1", "ABC-2"]


@pytest.mark.parametrize("state", State)
def test_only_open_and_in_progress_may_be_worked_on(state: State) -> None:
    expected = ["1"] if state in (State.OPEN, State.IN_PROGRESS) else []
    assert order([make("1", state=state)]) == expected


def test_a_lease_and_a_backoff_end_at_their_very_moment() -> None:
    issue = make("1")
    for moment, expected in ((-SECOND, ["1"]), (timedelta(0), ["1"]), (SECOND, [])):
        assert order([issue], {"1": remembered("1", held=moment)}) == expected
        assert order([issue], {"1": remembered("1", wait=moment)}) == expected


def test_an_issue_waits_for_what_is_open_and_for_what_nobody_knows() -> None:
    issues = [
        make("1", state=State.CLOSED),
        make("2", state=State.NEEDS_REVIEW),
        make("3", "1", "2", "9"),
    ]
    assert waits_for(issues[2], {one.id: one for one in issues}) == ("2", "9")
    assert order(issues) == []


def test_issues_on_a_cycle_are_not_ready_and_do_not_hang_the_others() -> None:
    issues = [make("1", "2"), make("2", "1"), make("3", "2"), make("4")]
    assert order(issues) == ["4"]


def test_a_chain_of_five_thousand_is_no_trouble() -> None:
    issues = [make("1"), *(make(str(n), str(n - 1)) for n in range(2, 5001))]
    assert remaining_chains(issues)["1"] == 5000
    assert find_cycle({issue.id: issue.depends_on for issue in issues}) == ()
    around = {str(n): (str(n % 5000 + 1),) for n in range(1, 5001)}
    assert len(find_cycle(around)) == 5001


EDGES = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefz"), max_size=4).map(tuple)
)


def reaches(edges, start: str, goal: str) -> bool:
    seen, todo = set(), [*edges.get(start, ())]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += edges.get(node, ())
    return goal in seen


@settings(deadline=None, max_examples=400)
@given(EDGES)
def test_find_cycle_names_a_cycle_exactly_when_there_is_one(edges) -> None:
    cycle = find_cycle(edges)
    assert bool(cycle) == any(reaches(edges, node, node) for node in edges)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(target in edges[node] for node, target in pairwise(cycle))


@settings(deadline=None, max_examples=200)
@given(EDGES)
def test_topological_puts_every_node_before_its_targets_and_leaves_out_cycles(edges) -> None:
    closed = {
        node: tuple(one for one in targets if one in edges) for node, targets in edges.items()
    }
    result = topological(closed)
    stuck = {
        node
        for node in closed
        if any(
            reaches(closed, one, one) and (one == node or reaches(closed, one, node))
            for one in closed
        )
    }
    assert set(result) == set(closed) - stuck
    assert len(result) == len(set(result))
    for place, node in enumerate(result):
        assert not set(closed[node]) & set(result[: place + 1])


def test_the_order_does_not_depend_on_the_order_of_asking() -> None:
    issues = [make("1"), make("2", priority=Priority.HIGH), make("3"), make("4", "3")]
    assert {tuple(order(one)) for one in permutations(issues)} == {("3", "2", "1")}
