"""What people and checks do with pull requests, and what the runs make of it: the same stories
with the pull requests in memory and on the double of GitHub, both over real git."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from framework.agents.base import Conversation
from framework.domain.event import IssueSettled, WorkRescued
from framework.domain.issue import Change, State
from framework.domain.pull import PullWaits
from framework.domain.session import SessionEnd
from framework.rehearsal.github.records import Protection
from framework.runner.run import Ending, run
from tests.integration.hubs import git
from tests.integration.pulls_people import InMemory, People, on_github
from tests.integration.test_pulls_door import NEEDS_SCHEMA
from tests.integration.test_pulls_run import (
    Place,
    begun,
    finish_only,
    merging,
    once,
    place_commit,
)
from tests.integration.test_runner import add, events, outcomes, states
from tests.integration.test_runner import commit as work

pytestmark = pytest.mark.anyio
BRANCH = "nightshift/ab12/1-one"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Story:
    """A project, and the people at its forge."""

    place: Place
    people: People

    def head(self, branch: str = BRANCH) -> str:
        return self.place("rev-parse", branch)


@pytest.fixture(params=["memory", pytest.param("github", marks=NEEDS_SCHEMA)])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    place = Place(tmp_path)
    if request.param == "memory":
        yield Story(place, InMemory(place.pulls))
        return
    with on_github(place.origin) as people:
        place.elsewhere = people.door
        yield Story(place, people)


async def test_work_waits_in_a_pull_request_until_a_person_merges_it(story: Story) -> None:
    """The target stays, the issue is in review, the run ends and says why it waits; merged, the
    next run closes the issue with the proof of the merge commit, and brings it to the checkout."""
    place, people = story.place, story.people
    before = place("rev-parse", "main")
    async with place.parts() as parts:
        add(parts, "One")
        ended = await run(parts)
        waits = f"{people.url(1)} (it is ready to be merged)"
        assert ended.code == 1
        assert ended.why.startswith(f"1 pull request waits for a person: {waits}")
        told = [one for one in events(parts, PullWaits) if one.person]
        assert [f"{one.url} ({one.why})" for one in told] == [waits]
        assert states(parts) == [State.NEEDS_REVIEW]
        assert outcomes(parts) == ["PullRequested"]
        assert events(parts, WorkRescued) == []
    assert place("rev-parse", "main") == before
    assert place.branches == ["main", BRANCH]
    assert f"`{story.head()}`" in people.body(1)
    assert "nightshift verify 1" in people.body(1)
    merged = people.merge(1)
    async with place.parts() as parts:
        assert await run(parts) == Ending(code=0, why="nothing is left to do")
        assert states(parts) == [State.CLOSED]
        assert f"as `{merged}`" in parts.tracker.comments("1")[-1].text
        assert await parts.lander.tip() == merged
    assert (place.project / "1.txt").exists()
    assert people.count == 1


async def test_with_auto_it_is_merged_by_us_and_the_dependants_follow(story: Story) -> None:
    """A dependant waits while its dependency is in review, and begins once it is merged."""
    place = story.place
    async with place.parts(merge="auto") as parts:
        add(parts, "one")
        add(parts, "two", depends_on=("1",))
        assert await run(parts) == Ending(code=0, why="nothing is left to do")
        assert states(parts) == [State.CLOSED] * 2
    assert {"1.txt", "2.txt"} <= set(place("ls-tree", "--name-only", "main").split())
    merges = place("log", "--first-parent", "--merges", "--format=%H", "main").split()
    assert len(merges) == 2


async def test_a_squashed_merge_closes_the_issue_as_well(story: Story) -> None:
    """Its tree is the one that was checked, whatever its parents are."""
    await begun(story.place)
    squashed = story.people.merge(1, squash=True)
    assert len(story.place("rev-list", "--parents", "-n", "1", squashed).split()) == 2
    assert await once(story.place) == (
        Ending(code=0, why="nothing is left to do"),
        [State.CLOSED],
    )


async def test_changes_asked_for_are_made_on_the_same_pull_request(story: Story) -> None:
    """The next attempt is told what was said and where its work is; nothing is opened anew, and
    nothing counts as a failure. That ada has to look again is said."""
    place, people = story.place, story.people
    await begun(place)
    people.ask(1, "NO-TABS <!-- EVIL --> please")
    place.stage.plays = {(1, 2): merging}
    head = story.head()
    ended, now = await once(place)
    assert f"{people.url(1)} (ada asked for changes and has not looked since)" in ended.why
    assert now == [State.NEEDS_REVIEW]
    prompt = place.stage.turns[-1].prompt
    assert "NO-TABS" in prompt
    assert "EVIL" not in prompt
    assert head in prompt
    assert people.count == 1
    assert place.branches == ["main", BRANCH]
    assert place("merge-base", "--is-ancestor", head, BRANCH) == ""
    assert story.head() != head
    async with place.parts() as parts:
        record = parts.leases.record("1")
        assert record is not None
        assert record.failures == ()


async def test_strangers_ask_for_nothing(story: Story) -> None:
    """A review of somebody who may not write starts no work."""
    await begun(story.place)
    story.people.ask(1, "Run this!", by="eve")
    ended, now = await once(story.place)
    assert now == [State.NEEDS_REVIEW]
    assert "it is ready to be merged" in ended.why
    assert len(story.place.stage.seen[1]) == 1


async def test_checks_that_fail_on_the_forge_go_back_and_count(story: Story) -> None:
    """With what they said; after the last allowed failure the issue is blocked with the reason."""
    place, people = story.place, story.people
    place.stage.plays = {(1, 2): merging}
    await begun(place, max_failures=2)
    people.fail(1, "LOOK-HERE")
    assert (await once(place, max_failures=2))[1] == [State.NEEDS_REVIEW]
    assert "LOOK-HERE" in place.stage.turns[-1].prompt
    people.fail(1, "again")
    async with place.parts(max_failures=2) as parts:
        assert (await run(parts)).code == 1
        assert states(parts) == [State.BLOCKED]
        assert "ci failed on the forge" in parts.tracker.comments("1")[-1].text
        record = parts.leases.record("1")
        assert record is not None
        assert len(record.failures) == 2
    assert len(place.stage.seen[1]) == 2
    assert people.count == 1


async def test_a_conflict_with_the_base_goes_back_with_both_sides(story: Story) -> None:
    """Somebody else's commit on the base conflicts: the next attempt merges both."""
    place = story.place
    await begun(place)
    place.colleague("main", {"1.txt": "theirs\n"})
    sides: list[str] = []

    async def resolve(conversation: Conversation) -> SessionEnd:
        theirs = place_commit(conversation.prompt)
        git(conversation.directory, "merge", "--no-edit", theirs, fails=True)
        sides.append((conversation.directory / "1.txt").read_text())
        await work(conversation, "1.txt", "both\n")
        return await finish_only(conversation)

    place.stage.plays = {(1, 2): resolve}
    ended, now = await once(place)
    assert now == [State.NEEDS_REVIEW], ended
    assert "<<<<<<<" in sides[0]
    assert place("show", f"{BRANCH}:1.txt") == "both"
    story.people.merge(1)
    assert (await once(place))[1] == [State.CLOSED]


async def test_what_a_person_pushed_to_the_branch_is_never_lost(story: Story) -> None:
    """Work without their commit is refused, with its name; with it, it is pushed."""
    place = story.place
    await begun(place)
    theirs = place.colleague(BRANCH, {"hers.txt": "x\n"})
    story.people.ask(1, "Take mine.")
    place.stage.plays = {(1, 3): merging}
    _, now = await once(place)
    assert now == [State.NEEDS_REVIEW]
    assert len(place.stage.seen[1]) == 3
    assert theirs in place.stage.turns[-1].prompt
    assert place("merge-base", "--is-ancestor", theirs, BRANCH) == ""


@pytest.mark.parametrize(
    ("gone", "said"),
    [(False, "was closed without being merged"), (True, "its branch was deleted")],
    ids=["closed", "branch deleted"],
)
async def test_closed_unmerged_blocks_the_issue(story: Story, gone: bool, said: str) -> None:
    """With how it goes on; reopened, a new pull request is opened, of the work that is kept."""
    place, people = story.place, story.people
    await begun(place)
    head = story.head()
    if gone:
        place("update-ref", "-d", f"refs/heads/{BRANCH}")
    else:
        people.close(1)
    async with place.parts() as parts:
        await run(parts)
        assert states(parts) == [State.BLOCKED]
        assert said in parts.tracker.comments("1")[-1].text
        parts.tracker.update("1", Change(state=State.OPEN))
    ended, now = await once(place)
    assert now == [State.NEEDS_REVIEW]
    assert people.url(2) in ended.why
    assert f"git merge {head}" in place.stage.turns[-1].prompt


async def test_two_runs_settle_what_was_merged_once(story: Story) -> None:
    """Both watch the same pull request; one of them closes the issue, with one proof on it."""
    place = story.place
    await begun(place)
    story.people.merge(1)
    async with place.parts() as one, place.parts() as other, anyio.create_task_group() as group:
        group.start_soon(run, one)
        group.start_soon(run, other)
    async with place.parts() as parts:
        assert states(parts) == [State.CLOSED]
        told = [text for text in parts.tracker.comments("1") if "**Landed**" in text.text]
        assert len(told) == 1
        assert len(events(parts, IssueSettled)) == 1


@NEEDS_SCHEMA
async def test_a_protected_branch_waits_for_a_review_whoever_merges(tmp_path: Path) -> None:
    """With `auto`, too: nobody tries to go over its rules, and the person is told which it is."""
    place = Place(tmp_path)
    with on_github(place.origin) as people:
        people.repo.protection["main"] = Protection(approvals=1)
        place.elsewhere = people.door
        ended = await begun(place, merge="auto")
        assert f"{people.url(1)} (the rules of main ask for a review)" in ended.why
        people.approve(1)
        assert await once(place, merge="auto") == (
            Ending(code=0, why="nothing is left to do"),
            [State.CLOSED],
        )
