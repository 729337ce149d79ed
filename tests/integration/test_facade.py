"""The facade on real stores: guarded writes, claims, pages, readiness, messages."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.entry import Label
from framework.domain.errors import (
    AlreadyClaimed,
    IssueNotFound,
    LeaseLost,
    NotAllowed,
    NotClaimed,
    TransitionRefused,
    UsageError,
)
from framework.domain.identity import Identity
from framework.domain.issue import Change, Draft, Issue, State
from framework.domain.query import Query
from framework.facade.claims import holder_name
from framework.facade.facade import Facade
from framework.leases.file import FileLeases
from framework.leases.memory import MemoryLeases
from framework.trackers.memory import MemoryTracker
from framework.trackers.sqlite import SqliteTracker

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Desk:
    """One project's stores, opened as several callers, at a time that the test sets."""

    def __init__(self, root: Path) -> None:
        self.now = NOON
        self.tracker = SqliteTracker(root / "issues.db", lambda: self.now)
        self.leases = FileLeases(root / "leases", clock=lambda: self.now)

    def caller(self, name: str, session: str | None = None, kind: str = "coder") -> Facade:
        me = Identity(name=name, kind=kind, session=session or name)
        return Facade(self.tracker, self.leases, me, clock=lambda: self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.tracker.close()


@pytest.fixture
def ann(desk: Desk) -> Facade:
    return desk.caller("ann")


def test_a_claim_puts_the_issue_in_progress_and_its_end_puts_it_back(ann: Facade) -> None:
    """C30: claim, check, extend, release; the claim says who and until when."""
    issue = ann.create(Draft(title="one"))
    lease = ann.claims.claim(issue.id, timedelta(minutes=30))
    assert ann.get(issue.id).state is State.IN_PROGRESS
    assert holder_name(lease) == "ann"
    assert ann.claims.check(issue.id) == lease
    longer = ann.claims.extend(issue.id, timedelta(minutes=15))
    assert longer.expires_at == NOON + timedelta(minutes=45)
    ann.claims.release(issue.id)
    assert ann.claims.check(issue.id) is None
    assert ann.get(issue.id).state is State.OPEN


def test_the_same_name_in_two_sessions_is_two_callers(desk: Desk) -> None:
    """Q: both rivals that have claims let all of these win."""
    first, second = desk.caller("ann", "s1"), desk.caller("ann", "s2")
    issue = first.create(Draft(title="one"))
    first.claims.claim(issue.id)
    with pytest.raises(AlreadyClaimed, match="held by ann until"):
        second.claims.claim(issue.id)
    with pytest.raises(AlreadyClaimed, match="This session holds"):
        first.claims.claim(issue.id)


def test_others_cannot_write_while_it_is_held(desk: Desk, ann: Facade) -> None:
    """Every kind of write is refused, and nothing is changed; reading and messages go on."""
    issue = ann.create(Draft(title="one"))
    other = ann.create(Draft(title="two"))
    ann.claims.claim(issue.id)
    bob = desk.caller("bob")
    for write in (
        lambda: bob.update(issue.id, Change(title="mine")),
        lambda: bob.comment(issue.id, "hello"),
        lambda: bob.delete(issue.id),
        lambda: bob.dependencies.add(issue.id, [other.id]),
        lambda: bob.claims.release(issue.id),
        lambda: bob.claims.extend(issue.id, timedelta(minutes=1)),
    ):
        with pytest.raises(AlreadyClaimed):
            write()
    assert bob.get(issue.id).title == "one"
    assert not bob.comments(issue.id)
    bob.messages.post(issue.id, "question", "which colour?")
    assert [one.data for one in ann.messages.list(issue.id)] == ["which colour?"]


def test_the_holder_writes_from_any_later_command(desk: Desk, ann: Facade) -> None:
    """Another command of the same session finds the claim without being told."""
    issue = ann.create(Draft(title="one"))
    ann.claims.claim(issue.id)
    later = desk.caller("ann")
    later.update(issue.id, Change(title="better"))
    later.claims.release(issue.id)


def test_force_is_for_people_and_recorded(desk: Desk, ann: Facade) -> None:
    """An agent is not allowed to; a person is, and the log says that a claim was gone over."""
    issue = ann.create(Draft(title="one"))
    ann.claims.claim(issue.id)
    with pytest.raises(NotAllowed, match="is for people"):
        desk.caller("bob").update(issue.id, Change(title="x"), force=True)
    person = desk.caller("carol", kind="person")
    person.update(issue.id, Change(title="two"), force=True)
    person.comment(issue.id, "I changed the title", force=True)
    assert [(one.actor, one.forced) for one in person.activity(issue=issue.id)][-2:] == [
        ("carol", True),
        ("carol", True),
    ]
    person.claims.release(issue.id, force=True)
    assert person.activity(issue=issue.id)[-1].forced
    assert ann.claims.check(issue.id) is None


def test_an_expired_claim_is_free_at_once(desk: Desk, ann: Facade) -> None:
    """No clean-up is needed, and the late holder can neither write nor keep it."""
    issue = ann.create(Draft(title="one"))
    old = ann.claims.claim(issue.id, timedelta(minutes=5))
    desk.now += timedelta(minutes=5)
    bob = desk.caller("bob")
    bob.claims.claim(issue.id)
    with pytest.raises(AlreadyClaimed):
        ann.comment(issue.id, "late")
    with pytest.raises(LeaseLost):
        ann.claims.renew(old, timedelta(minutes=5))


@pytest.mark.parametrize("state", [State.CLOSED, State.BLOCKED, State.NEEDS_REVIEW])
def test_a_claim_ends_where_the_work_does(ann: Facade, state: State) -> None:
    """Closing, blocking and handing in end the holder's claim; the state stays."""
    issue = ann.create(Draft(title="one"))
    lease = ann.claims.claim(issue.id)
    assert not ann.claims.is_settled(lease)
    ann.update(issue.id, Change(state=state))
    assert ann.claims.check(issue.id) is None
    assert ann.claims.is_settled(lease)
    assert ann.get(issue.id).state is state


def test_ending_what_nobody_holds_says_so(ann: Facade) -> None:
    issue = ann.create(Draft(title="one"))
    with pytest.raises(NotClaimed, match="Nobody holds"):
        ann.claims.release(issue.id)
    with pytest.raises(IssueNotFound):
        ann.claims.claim("99")


def test_a_closed_issue_is_not_claimed(ann: Facade) -> None:
    """And no claim is left on it."""
    issue = ann.create(Draft(title="one"))
    ann.update(issue.id, Change(state=State.CLOSED))
    with pytest.raises(TransitionRefused):
        ann.claims.claim(issue.id)
    assert ann.claims.check(issue.id) is None


def test_cleanup_opens_what_was_left_in_progress(desk: Desk, ann: Facade) -> None:
    """Only where nobody holds the issue any more."""
    left, held = ann.create(Draft(title="one")), ann.create(Draft(title="two"))
    ann.claims.claim(left.id, timedelta(minutes=1))
    ann.claims.claim(held.id, timedelta(hours=1))
    desk.now += timedelta(minutes=2)
    assert [issue.id for issue in ann.claims.cleanup()] == [left.id]
    assert [lease.key for lease in ann.claims.held()] == [held.id]


def test_cleanup_undoes_no_claim_that_is_made_meanwhile(desk: Desk, ann: Facade) -> None:
    """Between looking and changing somebody claims the issue: it stays in progress."""
    issue = ann.create(Draft(title="one"))
    ann.claims.claim(issue.id, timedelta(minutes=1))
    desk.now += timedelta(minutes=2)
    listed = desk.tracker.list

    def slow(query: Query = Query()) -> Sequence[Issue]:  # noqa: B008 - as the tracker's own
        found = listed(query)
        desk.caller("bob").claims.claim(issue.id)
        return found

    desk.tracker.list = slow  # type: ignore[method-assign]
    assert not ann.claims.cleanup()
    assert ann.get(issue.id).state is State.IN_PROGRESS


def test_a_forced_release_is_always_on_record(desk: Desk, ann: Facade) -> None:
    """Also where the state stays: then a comment tells of it."""
    issue = ann.create(Draft(title="one"))
    ann.claims.claim(issue.id)
    desk.tracker.update(issue.id, Change(state=State.OPEN))
    desk.caller("carol", kind="person").claims.release(issue.id, force=True)
    (comment,) = ann.comments(issue.id)
    assert (comment.author, comment.text) == ("carol", "Ended the claim of ann.")
    assert ann.activity(issue=issue.id)[-1].forced


def test_the_first_ready_issue_is_claimed(desk: Desk, ann: Facade) -> None:
    """Not what waits, is held or does not match; None when nothing is left."""
    base = ann.create(Draft(title="base"))
    ann.create(Draft(title="top", depends_on=(base.id,)))
    bug = ann.create(Draft(title="bug", labels=frozenset({"bug"})))
    bob = desk.caller("bob")
    only_bugs = bob.ready(Query(labels=frozenset({"bug"})))
    assert [issue.id for issue in only_bugs] == [bug.id]
    first = ann.claims.claim_first(ann.ready())
    second = bob.claims.claim_first(bob.ready())
    assert first is not None
    assert second is not None
    assert {first.key, second.key} == {base.id, bug.id}
    assert bob.claims.claim_first(bob.ready()) is None
    assert not bob.readiness(base.id).is_ready


def test_somebody_quicker_is_passed_over(desk: Desk, ann: Facade) -> None:
    """Candidates that were taken, closed or deleted meanwhile do not stop the search."""
    one, two, three, four = (ann.create(Draft(title=str(n))) for n in range(4))
    seen = ann.ready()
    desk.caller("bob").claims.claim(one.id)
    ann.update(two.id, Change(state=State.CLOSED))
    ann.delete(three.id)
    lease = ann.claims.claim_first(seen)
    assert lease is not None
    assert lease.key == four.id


def test_pages_follow_each_other(ann: Facade) -> None:
    """All issues once, in order, with the total on each page and no cursor on the last."""
    ids = [ann.create(Draft(title=str(n))).id for n in range(5)]
    first = ann.find(Query(), limit=2)
    assert (first.total, first.cursor) == (5, 2)
    second = ann.find(Query(), limit=2, offset=2)
    last = ann.find(Query(), limit=2, offset=4)
    assert [one.id for page in (first, second, last) for one in page.issues] == ids
    assert last.cursor is None
    beyond = ann.find(Query(), limit=2, offset=9)
    assert (beyond.issues, beyond.cursor) == ((), None)


def test_is_claimed_asks_the_leases(ann: Facade) -> None:
    """Q01: also negated, also when nobody holds anything."""
    one, two = ann.create(Draft(title="one")), ann.create(Draft(title="two"))
    assert ann.find(ann.parse("is:claimed")).total == 0
    ann.claims.claim(two.id)
    assert [issue.id for issue in ann.find(ann.parse("is:claimed")).issues] == [two.id]
    assert [issue.id for issue in ann.find(ann.parse("-is:claimed")).issues] == [one.id]


def test_every_write_carries_the_callers_name(ann: Facade) -> None:
    """P13, E09: issue, comment and log."""
    issue = ann.create(Draft(title="one"))
    comment = ann.comment(issue.id, "hello")
    ann.update(issue.id, Change(title="two"))
    assert issue.author == comment.author == "ann"
    assert {one.actor for one in ann.activity()} == {"ann"}


def test_entries_are_saved_under_the_callers_name(ann: Facade) -> None:
    """P13: labels, milestones and users too."""
    ann.save(Label(name="bug"))
    ann.save(Label(name="fault"), was="bug")
    ann.remove(Label, "fault")
    assert [one.actor for one in ann.activity()] == ["ann"] * 3


def test_a_claim_lasts_as_long_as_the_identity_says(desk: Desk) -> None:
    """Unless another time is asked for; next to no time is refused."""
    me = Identity(name="ann", session="s", claim_timeout=timedelta(minutes=1))
    ann = Facade(desk.tracker, desk.leases, me, clock=lambda: desk.now)
    issue = ann.create(Draft(title="one"))
    lease = ann.claims.claim(issue.id)
    assert lease.expires_at == desk.now + timedelta(minutes=1)
    assert ann.claims.extend(issue.id).expires_at == desk.now + timedelta(minutes=2)
    with pytest.raises(UsageError, match="cannot be kept"):
        ann.claims.claim(issue.id, timedelta(0))


def test_ready_refuses_what_it_cannot_honour(ann: Facade) -> None:
    """Claimed issues are never ready, and the order is that of the work."""
    for text in ("is:claimed", "sort:title"):
        with pytest.raises(UsageError):
            ann.ready(ann.parse(text))


def test_needed_and_dependants_are_found_both_ways(ann: Facade) -> None:
    """P20: directly and through others."""
    a = ann.create(Draft(title="a"))
    b = ann.create(Draft(title="b", depends_on=(a.id,)))
    c = ann.create(Draft(title="c", depends_on=(b.id,)))
    assert set(ann.dependencies.needs(c)) == {a.id, b.id}
    assert set(ann.dependencies.needed_by(a.id)) == {b.id, c.id}
    assert [one.id for one in ann.dependencies.dependants(a.id)] == [b.id]
    assert ann.dependencies.waiting([b, c]) == {b.id: (a.id,), c.id: (b.id,)}
    ann.dependencies.remove(c.id, [b.id])
    assert ann.readiness(c.id).is_ready


def test_it_works_on_a_tracker_without_extras() -> None:
    """On the in-process tracker too; readiness and pages are the same."""
    me = Identity(name="ann", session="s")
    facade = Facade(MemoryTracker(), MemoryLeases(), me)
    first = facade.create(Draft(title="one"))
    facade.create(Draft(title="two", depends_on=(first.id,)))
    assert [issue.id for issue in facade.ready()] == [first.id]
    facade.claims.claim(first.id)
    assert not facade.ready()


def _claim(root: Path, start: object, wins: object) -> None:
    session = f"session-{multiprocessing.current_process().pid}"
    facade = Desk(root).caller("the-same-name", session)
    start.wait()  # type: ignore[attr-defined]
    for id in map(str, range(1, 21)):
        try:
            facade.claims.claim(id)
        except AlreadyClaimed:
            continue
        wins.put(id)  # type: ignore[attr-defined]


def test_eight_processes_of_one_name_never_both_win(desk: Desk, tmp_path: Path) -> None:
    """Twenty issues, eight claimers each under the same name: every issue has one winner."""
    facade = desk.caller("ann")
    for n in range(20):
        facade.create(Draft(title=str(n)))
    context = multiprocessing.get_context("spawn")
    start, wins = context.Barrier(8), context.SimpleQueue()
    racers = [context.Process(target=_claim, args=(tmp_path, start, wins)) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert all(racer.exitcode == 0 for racer in racers)
    won = []
    while not wins.empty():
        won.append(wins.get())
    assert sorted(won, key=int) == [str(n) for n in range(1, 21)]
