"""Runs whose landings are pull requests: real stores, git and checks, and a forge that is a bare
repository with the pull requests kept beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from framework.agents.base import Conversation
from framework.agents.scripted import call
from framework.box import Unboxed
from framework.domain.event import AttemptEnded, IssueSettled, WorkRescued
from framework.domain.issue import Change, State
from framework.domain.pull import Check, Colour, Review, Standing, Verdict
from framework.domain.session import Completed, SessionEnd, Spending
from framework.pulls.base import PullRequests
from framework.pulls.memory import MemoryPullRequests
from framework.runner.parts import Forge, Parts
from framework.runner.run import Ending, run
from framework.workspaces.landing import HubLander
from tests.integration.hubs import commit, git
from tests.integration.remotes import ENVIRONMENT
from tests.integration.test_runner import Stage, add, events, opened, outcomes, states
from tests.integration.test_runner import commit as work

pytestmark = pytest.mark.anyio
CHANGES = Review(
    id="R1", by="ada", may_write=True, verdict=Verdict.CHANGES, text="NO-TABS <!-- EVIL --> please"
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Place:
    """A project whose main branch has a bare repository as its upstream."""

    root: Path
    stage: Stage = field(default_factory=Stage)
    elsewhere: PullRequests | None = None

    def __post_init__(self) -> None:
        self.project, self.origin = self.root / "project", self.root / "origin.git"
        self.pulls = MemoryPullRequests(self.origin)
        if not self.project.exists():
            self._make()

    def _make(self) -> None:
        self.project.mkdir()
        git(self.project, "init", "--quiet", "-b", "main")
        commit(self.project, {"a": "one\n"}, "first")
        git(self.root, "init", "--quiet", "--bare", "-b", "main", str(self.origin))
        git(self.project, "remote", "add", "origin", f"file://{self.origin}")
        git(self.project, "push", "--quiet", "-u", "origin", "main")

    @asynccontextmanager
    async def parts(self, *, checks: tuple[str, ...] = (), **policy: Any) -> AsyncIterator[Parts]:
        async with opened(self.root, self.stage, review_poll=0.02, **policy) as parts:
            lander = HubLander(
                hub=parts.workspaces._hub,  # type: ignore[attr-defined]
                project=self.project,
                root=self.root / "checks",
                logs=parts.logs,
                box=Unboxed(()),
                checks=checks,
                propose="ab12",
                environment=ENVIRONMENT,
            )
            forge = Forge(pulls=self.elsewhere or self.pulls, proposer=lander)
            yield replace(parts, lander=lander, forge=forge)

    def __call__(self, *words: str) -> str:
        return git(self.origin, *words)

    @property
    def branches(self) -> list[str]:
        return self("for-each-ref", "--format=%(refname:short)", "refs/heads/").split()

    def colleague(self, branch: str, files: dict[str, str]) -> str:
        """Somebody commits to a branch of the forge; the commit."""
        clone = self.root / "colleague"
        if not clone.exists():
            git(self.root, "clone", "--quiet", f"file://{self.origin}", "colleague")
        git(clone, "fetch", "--quiet", "origin", branch)
        git(clone, "checkout", "--quiet", "-B", "theirs", "FETCH_HEAD")
        new = commit(clone, files, "by a colleague")
        git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return new


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def once(place: Place, **policy: Any) -> tuple[Ending, list[State]]:
    async with place.parts(**policy) as parts:
        return await run(parts), states(parts)


async def begun(place: Place, *titles: str, **policy: Any) -> Ending:
    """A first run with these issues."""
    async with place.parts(**policy) as parts:
        for title in titles or ("one",):
            add(parts, title)
        return await run(parts)


async def finish_only(conversation: Conversation) -> SessionEnd:
    await call(conversation, "finished", summary="done", evidence="none")
    return Completed(spending=Spending(turns=1, usd=0.5))


async def merging(conversation: Conversation) -> SessionEnd:
    """An agent that does what the section about its pull request says, and finishes."""
    text = place_commit(conversation.prompt)
    if text:
        git(conversation.directory, "merge", "--quiet", "--no-edit", text)
    await work(conversation, f"{conversation.session[:8]}.txt")
    return await finish_only(conversation)


def place_commit(prompt: str) -> str:
    """The commit to take over, as the section about the pull request names it."""
    section = prompt.partition("## The pull request")[2]
    return section.partition("with `git merge ")[2].partition("`")[0]


async def test_work_waits_in_a_pull_request_until_a_person_merges_it(place: Place) -> None:
    """The target stays, the issue is in review, the run ends; merged, the next run closes the
    issue with the proof of the merge commit, and brings it to the person's checkout."""
    before = place("rev-parse", "main")
    async with place.parts() as parts:
        add(parts, "Make it")
        ended = await run(parts)
        assert ended.code == 1
        assert ended.why.startswith("1 pull request waits for a person: memory:pull/1")
        assert states(parts) == [State.NEEDS_REVIEW]
        assert outcomes(parts) == ["PullRequested"]
        assert events(parts, WorkRescued) == []
    assert place("rev-parse", "main") == before
    assert place.branches == ["main", "nightshift/ab12/1-make-it"]
    pull = place.pulls.get(1)
    assert not pull.draft
    assert f"`{pull.head}`" in place.pulls.bodies[1]
    assert "nightshift verify 1" in place.pulls.bodies[1]
    merged = place.pulls.accept(1)
    async with place.parts() as parts:
        assert await run(parts) == Ending(code=0, why="nothing is left to do")
        assert states(parts) == [State.CLOSED]
        assert f"as `{merged}`" in parts.tracker.comments("1")[-1].text
        assert await parts.lander.tip() == merged
    assert (place.project / "1.txt").exists()
    assert place.pulls.calls.count("open") == 1


async def test_with_auto_it_is_merged_by_us_and_the_dependants_follow(place: Place) -> None:
    """A dependant waits while its dependency is in review, and begins once it is merged."""
    async with place.parts(merge="auto") as parts:
        add(parts, "one")
        add(parts, "two", depends_on=("1",))
        assert await run(parts) == Ending(code=0, why="nothing is left to do")
        assert states(parts) == [State.CLOSED] * 2
        assert place.pulls.calls.count("merge") == 2
    assert {"1.txt", "2.txt"} <= set(place("ls-tree", "--name-only", "main").split())


async def test_merged_by_us_is_only_what_was_checked_on_the_base_as_it_is(place: Place) -> None:
    """Two at once: the second is merged onto the first, checked and pushed anew before."""
    async with place.parts(merge="auto") as parts:
        add(parts, "one")
        add(parts, "two")
        assert (await run(parts)).code == 0
        assert states(parts) == [State.CLOSED] * 2
        for number in "12":
            proof = await parts.lander.landed(parts.tracker.get(number))
            assert proof is not None
            assert place("rev-parse", f"{proof.commit}^{{tree}}") == proof.tree
            assert place("rev-parse", f"{proof.commit}^1") == proof.base


async def test_changes_asked_for_are_made_on_the_same_pull_request(place: Place) -> None:
    """The next attempt is told what was said and where its work is; nothing is opened anew, and
    nothing counts as a failure."""
    await begun(place)
    place.pulls.change(1, reviews=(CHANGES,))
    place.stage.plays = {(1, 2): merging}
    head = place.pulls.get(1).head
    ended, now = await once(place)
    assert ended.why.startswith("1 pull request waits for a person")
    assert now == [State.NEEDS_REVIEW]
    prompt = place.stage.turns[-1].prompt
    assert "NO-TABS" in prompt
    assert "EVIL" not in prompt
    assert head in prompt
    assert place.pulls.calls.count("open") == 2
    assert place.branches == ["main", "nightshift/ab12/1-one"]
    assert place("merge-base", "--is-ancestor", head, place.pulls.get(1).head) == ""
    async with place.parts() as parts:
        record = parts.leases.record("1")
        assert record is not None
        assert record.failures == ()


async def test_strangers_ask_for_nothing(place: Place) -> None:
    """A review of somebody who may not write starts no work."""
    await begun(place)
    place.pulls.change(1, reviews=(replace(CHANGES, may_write=False),))
    assert (await once(place))[1] == [State.NEEDS_REVIEW]
    assert len(place.stage.seen[1]) == 1


async def test_checks_that_fail_on_the_forge_go_back_and_count(place: Place) -> None:
    """With what they said; after the last allowed failure the issue is blocked with the reason."""
    red = Check(name="ci", colour=Colour.FAILED, said="LOOK-HERE")
    place.pulls.colour, place.pulls.checks = Colour.FAILED, (red,)
    place.stage.plays = {(1, 2): merging}
    ended = await begun(place, max_failures=2)
    async with place.parts() as parts:
        assert states(parts) == [State.BLOCKED]
        assert "ci failed on the forge" in parts.tracker.comments("1")[-1].text
        record = parts.leases.record("1")
        assert record is not None
        assert len(record.failures) == 2
    assert len(place.stage.seen[1]) == 2
    assert "LOOK-HERE" in place.stage.turns[-1].prompt
    assert ended.code == 1


async def test_a_conflict_with_the_base_goes_back_with_both_sides(place: Place) -> None:
    """Somebody else's commit on the base conflicts: the next attempt merges both."""
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
    assert place("show", f"{place.pulls.get(1).head}:1.txt") == "both"
    assert place.pulls.get(1).mergeable


async def test_what_a_person_pushed_to_the_branch_is_never_lost(place: Place) -> None:
    """Work without their commit is refused, with its name; with it, it is pushed."""
    await begun(place)
    theirs = place.colleague("nightshift/ab12/1-one", {"hers.txt": "x\n"})
    place.pulls.change(1, reviews=(CHANGES,))
    place.stage.plays = {(1, 3): merging}
    _, now = await once(place)
    assert now == [State.NEEDS_REVIEW]
    assert len(place.stage.seen[1]) == 3
    assert theirs in place.stage.turns[-1].prompt
    assert place("merge-base", "--is-ancestor", theirs, "nightshift/ab12/1-one") == ""


@pytest.mark.parametrize(
    ("facts", "said"),
    [({"by": "ada"}, "was closed by ada"), ({"branch_gone": True}, "its branch was deleted")],
    ids=["closed", "branch deleted"],
)
async def test_closed_unmerged_blocks_the_issue(
    place: Place, facts: dict[str, Any], said: str
) -> None:
    """With who did it and how it goes on; reopened, a new pull request is opened."""
    await begun(place)
    place.pulls.change(1, standing=Standing.CLOSED, **facts)
    async with place.parts() as parts:
        await run(parts)
        assert states(parts) == [State.BLOCKED]
        assert said in parts.tracker.comments("1")[-1].text
        parts.tracker.update("1", Change(state=State.OPEN))
    ended, now = await once(place)
    assert now == [State.NEEDS_REVIEW]
    assert "memory:pull/2" in ended.why
    assert f"git merge {place.pulls.get(1).head}" in place.stage.turns[-1].prompt


async def test_no_more_are_begun_than_people_are_to_read(place: Place) -> None:
    """At the limit the run ends with what waits; merged, the next run goes on."""
    ended = await begun(place, "one", "two", "three", reviews=2)
    assert ended.why.startswith("2 pull requests wait for people")
    assert "other issues that are left: 1" in ended.why
    place.pulls.accept(1)
    assert sorted((await once(place, reviews=2))[1]) == sorted(
        [State.CLOSED, State.NEEDS_REVIEW, State.NEEDS_REVIEW]
    )


async def test_a_merge_that_breaks_the_checks_is_not_done(place: Place) -> None:
    """A person merges onto a base that moved, and what came of it fails the project's checks: the
    issue is blocked with the reason, never closed."""
    check = ("test ! -e 1.txt || test ! -e bad.txt",)
    await begun(place, checks=check)
    place.colleague("main", {"bad.txt": "x\n"})
    place.pulls.accept(1)
    async with place.parts(checks=check) as parts:
        await run(parts)
        assert states(parts) == [State.BLOCKED]
        assert "what was merged fails" in parts.tracker.comments("1")[-1].text
        assert [one.outcome for one in events(parts, AttemptEnded)] == ["PullRequested"]


async def test_two_runs_settle_what_was_merged_once(place: Place) -> None:
    """Both watch the same pull request; one of them closes the issue, with one proof on it."""
    await begun(place)
    place.pulls.accept(1)
    async with place.parts() as one, place.parts() as other, anyio.create_task_group() as group:
        group.start_soon(run, one)
        group.start_soon(run, other)
    async with place.parts() as parts:
        assert states(parts) == [State.CLOSED]
        told = [text for text in parts.tracker.comments("1") if "**Landed**" in text.text]
        assert len(told) == 1
        assert len(events(parts, IssueSettled)) == 1


async def test_a_squashed_merge_closes_the_issue_as_well(place: Place) -> None:
    """Its tree is the one that was checked, whatever its parents are."""
    await begun(place)
    pull = place.pulls.get(1)
    squashed = git(place.origin, "commit-tree", f"{pull.head}^{{tree}}", "-p", "main", "-m", "One")
    place("update-ref", "refs/heads/main", squashed)
    place.pulls.change(1, standing=Standing.MERGED, merge_commit=squashed)
    assert await once(place) == (Ending(code=0, why="nothing is left to do"), [State.CLOSED])
