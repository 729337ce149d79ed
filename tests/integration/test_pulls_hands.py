"""What people do to a pull request by hand, on the double of GitHub: while a run watches or while
there is none, nothing is lost, nothing lands twice, and what they did stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from framework.agents.base import Conversation
from framework.domain.event import Warned
from framework.domain.issue import Change, State
from framework.domain.pull import PullWaits
from framework.domain.session import SessionEnd
from framework.rehearsal.github.records import Protection
from framework.runner.parts import Parts
from framework.runner.run import Ending, run
from tests.integration.hubs import commit, git
from tests.integration.pulls_people import OnGitHub, on_github
from tests.integration.test_pulls_door import NEEDS_SCHEMA
from tests.integration.test_pulls_run import Place, begun, merging, once
from tests.integration.test_runner import add, events, finish, states

pytestmark = [NEEDS_SCHEMA, pytest.mark.anyio]
BRANCH = "nightshift/ab12/1-one"
DONE = (Ending(code=0, why="nothing is left to do"), [State.CLOSED])


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def people(place: Place) -> Iterator[OnGitHub]:
    with on_github(place.origin) as people:
        place.elsewhere = people.door
        yield people


def passing(parts: Parts) -> Parts:
    """From two minutes from now on, with five seconds from each look at the clock to the next."""
    now = datetime.now(UTC) + timedelta(minutes=2)

    def clock() -> datetime:
        nonlocal now
        now += timedelta(seconds=5)
        return now

    return replace(parts, clock=clock)


async def later(place: Place, **policy: Any) -> tuple[Ending, list[State]]:
    """As `once`, for which time passes."""
    async with place.parts(**policy) as parts:
        return await run(passing(parts)), states(parts)


async def test_a_forge_that_never_says_whether_it_merges_ends_no_run_late(
    place: Place, people: OnGitHub
) -> None:
    """It is waited for ten minutes, then a person is named; once it says so, it goes on."""
    people.repo.undecided = True
    async with place.parts(merge="auto") as parts:
        add(parts, "one")
        ended = await run(passing(parts))
        told = [one for one in events(parts, PullWaits) if one.person]
    why = "the forge works out whether it can be merged (for more than 10 min)"
    assert f"{people.url(1)} ({why})" in ended.why
    assert [one.why for one in told] == [why]
    people.repo.undecided = False
    assert await once(place, merge="auto") == DONE


async def test_a_merge_queue_is_a_persons_to_put_it_into(place: Place, people: OnGitHub) -> None:
    """The forge is asked once to merge, not at every look; what the queue merges is taken in."""
    people.repo.protection["main"] = Protection(queue=True)
    ended = await begun(place, merge="auto")
    assert "Changes must be made through the merge queue" in ended.why
    assert people.tries == 1
    people.repo.protection.clear()
    people.merge(1)
    assert await once(place, merge="auto") == DONE


async def test_made_a_draft_again_it_stays_one(place: Place, people: OnGitHub) -> None:
    """Until somebody says that it is ready after all: then it is merged."""
    await begun(place)
    people.hold_back(1)
    ended, now = await once(place, merge="auto")
    assert f"{people.url(1)} (somebody made it a draft again)" in ended.why
    assert (now, people.pull(1).draft, people.tries) == ([State.NEEDS_REVIEW], True, 0)
    people.hold_back(1, again=False)
    assert await once(place, merge="auto") == DONE


async def test_sent_into_another_branch_it_waits_for_a_person(
    place: Place, people: OnGitHub
) -> None:
    """It was checked for the target: it is neither merged nor pushed anew; sent back, it goes on.
    Merged there, the issue is closed once the target has taken that branch in."""
    await begun(place)
    place("branch", "develop", "main")
    place.colleague("develop", {"1.txt": "in the way\n"})
    people.change(1, base="develop")
    head = place("rev-parse", BRANCH)
    ended, now = await once(place, merge="auto")
    assert "it is to go into develop now, and was checked for main" in ended.why
    assert (now, place("rev-parse", BRANCH)) == ([State.NEEDS_REVIEW], head)
    people.change(1, base="main")
    assert await once(place, merge="auto") == DONE


async def test_merged_into_another_branch_the_issue_waits_for_the_target(
    place: Place, people: OnGitHub
) -> None:
    """Closed with proof only once the target has taken that branch in."""
    await begun(place)
    place("branch", "develop", "main")
    people.change(1, base="develop")
    people.merge(1)
    ended, now = await later(place)
    assert "it was merged into develop, which main has not taken in" in ended.why
    assert now == [State.NEEDS_REVIEW]
    place("update-ref", "refs/heads/main", place("rev-parse", "develop"))
    assert await once(place) == DONE
    assert people.count == 1


async def test_reopened_it_is_gone_on_with(place: Place, people: OnGitHub) -> None:
    """Closed, the issue is blocked; reopened on both sides, the same pull request is used."""
    await begun(place)
    people.change(1, state="closed")
    assert (await once(place))[1] == [State.BLOCKED]
    people.change(1, state="open")
    async with place.parts() as parts:
        parts.tracker.update("1", Change(state=State.OPEN))
    place.stage.plays = {(1, 2): merging}
    assert (await once(place))[1] == [State.NEEDS_REVIEW]
    people.merge(1)
    assert await once(place) == DONE
    assert people.count == 1


async def test_the_title_and_the_words_of_people_stay(place: Place, people: OnGitHub) -> None:
    """Through another round on the same pull request, which replaces our part alone."""
    await begun(place)
    people.change(1, title="Theirs", body=people.body(1) + "\n\nMine.")
    people.ask(1, "Once more.")
    head = place("rev-parse", BRANCH)
    place.stage.plays = {(1, 2): merging}
    await once(place)
    now = place("rev-parse", BRANCH)
    assert now != head
    assert people.title(1) == "Theirs"
    assert "Mine." in people.body(1)
    assert now in people.body(1)
    assert head not in people.body(1)


async def test_a_forced_push_of_a_persons_is_neither_merged_nor_overwritten(
    place: Place, people: OnGitHub
) -> None:
    """Our commit is gone from the branch: a person is asked; told to go on, the next attempt has
    their commit in it."""
    await begun(place)
    place("branch", "theirs", "main")
    theirs = place.colleague("theirs", {"hers.txt": "x\n"})
    place("update-ref", f"refs/heads/{BRANCH}", theirs)
    ended, now = await later(place, merge="auto")
    assert "it holds commits that others pushed" in ended.why
    assert (now, place("rev-parse", BRANCH), people.tries) == ([State.NEEDS_REVIEW], theirs, 0)
    people.ask(1, "Take mine.")
    place.stage.plays = {(1, 2): merging}
    async with place.parts() as parts:
        await run(passing(parts))
    assert place("merge-base", "--is-ancestor", theirs, BRANCH) == ""


async def test_squashed_by_hand_while_the_run_works_on(place: Place, people: OnGitHub) -> None:
    """The run sees it in the middle of another session, closes it once, and lands the rest."""

    async def meanwhile(conversation: Conversation) -> SessionEnd:
        await to_thread.run_sync(lambda: people.merge(1, squash=True))
        return await finish(conversation)

    place.stage.plays = {(2, 1): meanwhile}
    await begun(place)
    async with place.parts() as parts:
        add(parts, "two")
        await run(parts)
        assert sorted(states(parts)) == [State.CLOSED, State.NEEDS_REVIEW]
        told = [one for one in parts.tracker.comments("1") if "**Landed**" in one.text]
        assert len(told) == 1
    people.merge(2)
    assert (await once(place))[1] == [State.CLOSED] * 2


async def test_a_branch_of_others_by_the_same_name_is_left_alone(
    place: Place, people: OnGitHub
) -> None:
    """Ours gets another name at once: no session, and no round of checks, is lost on it."""
    place("branch", BRANCH, "main")
    theirs = place.colleague(BRANCH, {"theirs.txt": "x\n"})
    ended = await begun(place)
    assert "1 pull request waits" in ended.why
    assert place("rev-parse", BRANCH) == theirs
    assert place.branches == ["main", BRANCH, f"{BRANCH}-2"]
    assert len(place.stage.seen[1]) == 1
    people.merge(1)
    assert await once(place) == DONE


async def test_a_persons_own_commits_make_no_endless_pushes(place: Place, people: OnGitHub) -> None:
    """They are in what was checked and not on the forge's branch, so pushing anew would never
    help: the person is asked to push them, and then it goes on."""
    commit(place.project, {"mine.txt": "x\n"}, "not pushed")
    async with place.parts(merge="auto") as parts:
        add(parts, "one")
        ended = await run(passing(parts))
    assert "main here has commits that it lacks on the forge: push them there" in ended.why
    assert place("log", "--format=%s", BRANCH).splitlines().count("Land issue 1: one") == 1
    git(place.project, "push", "--quiet", "origin", "main")
    assert await once(place, merge="auto") == DONE


async def test_what_the_forge_does_not_do_for_one_is_no_trouble_of_the_others(
    place: Place, people: OnGitHub
) -> None:
    """One merge is not answered: the other one is done in the same look, and that one later."""
    await begun(place, "one", "two")
    people.double.faults.add("PUT .*merge", "502")
    async with place.parts(merge="auto") as parts:
        assert (await run(parts)).code == 0
        assert states(parts) == [State.CLOSED] * 2
        (lost,) = [one.text for one in events(parts, Warned)]
    assert lost.startswith(people.url(1).rpartition("/")[0])
    assert "its answer was lost" in lost
    assert people.tries == 3


async def test_one_at_a_time_is_enough_room(place: Place, people: OnGitHub) -> None:
    """At most one pull request is open at any time; with `auto` all get through it."""
    ended = await begun(place, "one", "two", "three", merge="auto", reviews=1)
    assert ended.code == 0
    assert people.count == 3
    parents = place("log", "--first-parent", "--merges", "--format=%P", "main").splitlines()
    assert len(parents) == 3


async def test_a_forge_that_opens_none_stops_the_run_with_its_reason(
    place: Place, people: OnGitHub
) -> None:
    """One session each, and one refusal is enough; allowed again, they are put up without another
    session."""
    people.repo.archived = True
    ended = await begun(place, "one", "two")
    assert ended.code == 1
    assert "archived" in ended.why
    assert "machine" not in ended.why
    people.repo.archived = False
    assert (await once(place))[1] == [State.NEEDS_REVIEW] * 2
    assert {number: len(sessions) for number, sessions in place.stage.seen.items()} == {1: 1, 2: 1}
    assert people.count == 2
