"""What happens to GitHub in the middle of a run: the real runner, the double, and one clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from framework.agents.base import Conversation
from framework.domain.event import AttemptEnded, IssueSettled, WorkLanded
from framework.domain.query import Query
from framework.domain.session import SessionEnd
from framework.rehearsal.github.faults import AFTER, BEFORE, Kind
from framework.rehearsal.github.records import Repo
from framework.rehearsal.github.serve import Double, serve
from framework.runner.parts import Parts
from framework.runner.postman import Postman
from framework.runner.run import Ending, run
from tests.contracts.tracker_github import stage
from tests.integration.test_github_budget import Time, parts_on, plan
from tests.integration.test_runner import events

pytestmark = pytest.mark.anyio
ISSUES = 5
CLAIM, CLOSE, LIST = "mutation addLabels", "mutation addComment", r"GET .*/issues$"
LONGEST = 90.0
Deed = Callable[[Double], None]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose tracker is away at its end does not wait half a minute more."""
    monkeypatch.setitem(Postman.__init__.__kwdefaults__ or {}, "last_seconds", 0.1)


@dataclass(kw_only=True)
class Story:
    """At the second session and those after it the next of `deeds` is done to GitHub, before its
    work."""

    clock: Time
    double: Double
    deeds: list[Deed]
    sessions: int = 0

    async def session(self, conversation: Conversation) -> SessionEnd:
        self.sessions += 1
        if self.sessions > 1 and self.deeds:
            self.deeds.pop(0)(self.double)
        return await self.clock.session(conversation)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def double(clock: Time) -> Iterator[Double]:
    with serve(stage(clock)) as double:
        yield double


@asynccontextmanager
async def planned(double: Double, clock: Time, root: Path, *deeds: Deed) -> AsyncIterator[Parts]:
    """META and some issues, made; the first deed comes while the second is worked on."""
    story = Story(clock=clock, double=double, deeds=list(deeds))
    async with parts_on(double, clock, root, story.session) as parts:
        parts.tracker.create_many(plan()[: ISSUES + 1])  # type: ignore[attr-defined]
        yield parts


async def ran(parts: Parts, clock: Time) -> Ending:
    """The clock goes on by itself, too: who waits for GitHub's sake does not always move it."""

    async def go_on() -> None:
        while True:
            await anyio.sleep(0.05)
            clock.sleep(1)

    with anyio.fail_after(LONGEST):
        async with anyio.create_task_group() as group:
            group.start_soon(go_on)
            ending = await run(parts)
            group.cancel_scope.cancel()
    return ending


def repo(double: Double) -> Repo:
    return next(iter(double.store.repos.values()))


def check(double: Double, parts: Parts) -> None:
    """Each issue is there once, landed once, is closed, has its proof once, and is blamed for
    nothing."""
    work = [one for one in repo(double).issues.values() if one.title != "META"]
    assert [one.title for one in work] == [str(number) for number in range(ISSUES)]
    assert [one.state for one in work] == ["closed"] * ISSUES
    assert not [one for one in events(parts, AttemptEnded) if one.counted]
    assert len(events(parts, WorkLanded)) == ISSUES
    said = [one.issue for one in repo(double).comments.values() if "Landed" in one.body]
    assert sorted(said) == sorted(one.number for one in work)


def struck(*kinds: Kind) -> Deed:
    """Each kind once at a claim, once at a closing and once at a list."""

    def deed(double: Double) -> None:
        for pattern in (CLAIM, CLOSE, LIST):
            for number, kind in enumerate(kinds):
                double.faults.add(pattern, kind, first=number + 1)

    return deed


@pytest.mark.parametrize("kinds", [BEFORE, AFTER, ("limit 403",)], ids=str)
async def test_what_is_lost_on_the_way_is_told_once(
    double: Double, clock: Time, tmp_path: Path, kinds: tuple[Kind, ...]
) -> None:
    """Before and after GitHub did it, and by a limit: all is closed, with one proof each."""
    async with planned(double, clock, tmp_path, struck(*kinds)) as parts:
        assert (await ran(parts, clock)).code == 0
        check(double, parts)
    assert {kind for _, kind in double.faults.happened} == set(kinds)


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_is_ten_minutes_wrong_costs_nothing(
    clock: Time, tmp_path: Path, minutes: int
) -> None:
    """Ours before GitHub's, and behind it, with a limit whose end GitHub names by its own."""
    with serve(stage(lambda: clock() + timedelta(minutes=minutes))) as double:
        async with planned(double, clock, tmp_path, struck("limit 429")) as parts:
            assert (await ran(parts, clock)).code == 0
            check(double, parts)


async def test_a_token_that_is_revoked_ends_the_run(
    double: Double, clock: Time, tmp_path: Path
) -> None:
    """With what happened and the way out; what has landed by then is told by the next run, which
    has another token, and nothing is worked on twice."""
    token = double.store.tokens[double.token]

    def revoke(_: Double) -> None:
        token.state = "revoked"

    async with planned(double, clock, tmp_path, revoke) as parts:
        ending = await ran(parts, clock)
        assert ending.code == 1
        assert ending.why.startswith("GitHub does not accept the token")
        assert "settings/tokens" in ending.why
        token.state = "good"
        assert (await ran(parts, clock)).code == 0
        check(double, parts)


async def test_a_repository_that_is_archived_ends_the_run(
    double: Double, clock: Time, tmp_path: Path
) -> None:
    """What has landed is said to have landed, its closing waits, no other issue is begun, and the
    one sentence says what to do; then the same command goes on."""

    def archive(_: Double) -> None:
        repo(double).archived = True

    async with planned(double, clock, tmp_path, archive) as parts:
        ending = await ran(parts, clock)
        assert (ending.code, ending.why.partition(" Unarchive it on ")[0]) == (
            1,
            "The repository is archived, so nothing in it can be changed.",
        )
        landed = events(parts, WorkLanded)
        assert [one.outcome for one in events(parts, AttemptEnded)] == ["Landed"] * len(landed)
        assert len(landed) < ISSUES
        assert any(one.waits for one in events(parts, IssueSettled))
        repo(double).archived = False
        assert (await ran(parts, clock)).code == 0
        check(double, parts)


async def test_a_board_that_people_change_or_delete_stops_nothing(
    double: Double, clock: Time, tmp_path: Path
) -> None:
    """A column is renamed, then the board is deleted: the issues are closed, and a board of ours
    shows it."""

    def board(double: Double) -> dict[str, Any]:
        return next(iter(double.store.projects.values()))

    def rename(double: Double) -> None:
        status = next(one for one in board(double)["fields"] if one["name"] == "Status")
        next(one for one in status["options"] if one["name"] == "Done")["name"] = "Shipped"

    def delete(double: Double) -> None:
        with double.store.lock:
            gone = board(double)
            for thing in (gone, *gone["fields"], *gone["items"]):
                del double.store.nodes[thing["id"]]
            del double.store.projects[gone["id"]]

    async with planned(double, clock, tmp_path, rename, delete) as parts:
        clock.sleep(60)
        parts.tracker.list(Query())  # which makes the board
        assert (await ran(parts, clock)).code == 0
        check(double, parts)
    status = next(one for one in board(double)["fields"] if one["name"] == "Status")
    (done,) = [one["id"] for one in status["options"] if one["name"] == "Done"]
    shown = [one["values"].get(status["id"], {}) for one in board(double)["items"]]
    assert [one.get("singleSelectOptionId") for one in shown] == [done] * (ISSUES + 1)


async def test_meta_is_never_worked_on_whatever_people_do_to_labels(
    double: Double, clock: Time, tmp_path: Path
) -> None:
    """All labels are deleted: META is known by its marker, and the others end as they should."""

    def delete(double: Double) -> None:
        with double.store.lock:
            repo(double).labels.clear()

    async with planned(double, clock, tmp_path, delete) as parts:
        assert (await ran(parts, clock)).code == 0
        check(double, parts)
        (meta,) = [one for one in parts.tracker.list(Query()) if one.title == "META"]
        assert meta.is_meta
        assert meta.id not in {one.issue for one in events(parts, AttemptEnded)}


async def test_issues_that_people_delete_are_no_failures(
    double: Double, clock: Time, tmp_path: Path
) -> None:
    """Those that wait and those that are worked on: the run ends well without them."""

    def delete(double: Double) -> None:
        with double.store.lock:
            known = repo(double).issues
            for one in [one for one in known.values() if one.state == "open"]:
                if one.title != "META":
                    del known[one.number]
                    del double.store.nodes[one.node]

    async with planned(double, clock, tmp_path, delete) as parts:
        assert (await ran(parts, clock)).code == 0
        assert "Failed" not in {one.outcome for one in events(parts, AttemptEnded)}
