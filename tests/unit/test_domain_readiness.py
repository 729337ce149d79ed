"""Why an issue can, or cannot, be worked on now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from framework.domain.graph import ready
from framework.domain.issue import META_LABEL, Issue, State
from framework.domain.lease import Failure, Lease, Record
from framework.domain.readiness import Obstacle, readiness

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def issue(id: str, **fields: object) -> Issue:
    made = Issue(id=id, uid=f"x/{id}", title=id, created_at=NOW, updated_at=NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def obstacles(one: Issue, known: dict[str, Issue], record: Record | None = None) -> list[Obstacle]:
    return [reason.obstacle for reason in readiness(one, known, record, NOW).reasons]


def test_nothing_stands_in_the_way_of_a_free_issue() -> None:
    found = readiness(issue("1"), {}, None, NOW)
    assert found.is_ready


def test_everything_in_the_way_is_named() -> None:
    """State, META, dependencies, claim and backoff, all at once and in words."""
    lease = Lease(key="9", holder="x", epoch=1, expires_at=NOW + timedelta(minutes=5))
    failure = Failure(at=NOW, epoch=1, reason="red")
    record = Record(
        key="9", epoch=1, lease=lease, failures=(failure,), not_before=NOW + timedelta(minutes=1)
    )
    known = {"1": issue("1", state=State.CLOSED), "2": issue("2", state=State.BLOCKED)}
    one = issue(
        "9",
        state=State.BLOCKED,
        labels=frozenset({META_LABEL}),
        depends_on=("1", "2", "3"),
        withheld="opened by a stranger",
    )
    found = readiness(one, known, record, NOW)
    assert [reason.obstacle for reason in found.reasons] == list(Obstacle)
    text = "\n".join(reason.text for reason in found.reasons)
    assert "it is blocked" in text
    assert "opened by a stranger" in text
    assert "it waits for #2 (blocked), #3 (gone)" in text
    assert "it is claimed until 2026-11-21 12:05:00 UTC" in text
    assert "it failed 1 time and rests until 2026-11-21 12:01:00 UTC" in text


@given(
    st.sampled_from(State),
    st.booleans(),
    st.sampled_from(("", "opened by a stranger")),
    st.booleans(),
    st.integers(-2, 2),
    st.integers(-2, 2),
)
def test_it_agrees_with_the_scheduler(
    state: State, meta: bool, withheld: str, waits: bool, expires: int, rests: int
) -> None:
    """Ready here is ready in `graph.ready`, whatever the facts."""
    other = issue("2", state=State.OPEN if waits else State.CLOSED)
    labels = frozenset({META_LABEL} if meta else ())
    one = issue("1", state=state, labels=labels, depends_on=("2",), withheld=withheld)
    lease = Lease(key="1", holder="x", epoch=1, expires_at=NOW + timedelta(seconds=expires))
    record = Record(key="1", epoch=1, lease=lease, not_before=NOW + timedelta(seconds=rests))
    judged = readiness(one, {"2": other}, record, NOW)
    assert judged.is_ready == (one in ready([one, other], {"1": record}, NOW))
