"""Runs whose landings are pull requests: real stores, git and checks, and a forge that is a bare
repository with the pull requests kept beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from framework.agents.base import Conversation
from framework.agents.scripted import call
from framework.box import Unboxed
from framework.domain.errors import TrackerUnavailable
from framework.domain.event import AttemptEnded
from framework.domain.issue import State
from framework.domain.pull import PullRequest, Review, Verdict
from framework.domain.session import Completed, SessionEnd, Spending
from framework.pulls.base import PullRequests
from framework.runner.parts import Forge, Parts
from framework.runner.run import Ending, run
from framework.workspaces.landing import HubLander
from tests.integration.hubs import commit, git
from tests.integration.pulls_memory import MemoryPullRequests
from tests.integration.pulls_people import InMemory
from tests.integration.remotes import ENVIRONMENT
from tests.integration.test_runner import Stage, add, events, opened, states
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
    async def parts(
        self, *, checks: tuple[str, ...] = (), review_poll: float = 0.02, **policy: Any
    ) -> AsyncIterator[Parts]:
        async with opened(self.root, self.stage, review_poll=review_poll, **policy) as parts:
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


async def test_no_more_are_begun_than_people_are_to_read(place: Place) -> None:
    """At the limit the run ends with what waits; merged, the next run goes on: what its first
    look closes makes room at once, and no other look is waited for."""
    ended = await begun(place, "one", "two", "three", reviews=2)
    assert ended.why.startswith("2 pull requests wait for people")
    assert "other issues that are left: 1" in ended.why
    place.pulls.accept(1)
    assert sorted((await once(place, reviews=2, review_poll=60))[1]) == sorted(
        [State.CLOSED, State.NEEDS_REVIEW, State.NEEDS_REVIEW]
    )


async def test_a_pull_request_keeps_its_place_while_its_issue_is_worked_on_again(
    place: Place,
) -> None:
    """A check fails and its author goes on: it is open all the while, so no other is begun."""
    await begun(place, "one", "two", reviews=1)
    InMemory(place.pulls).fail(1, "red")
    await once(place, reviews=1)
    assert InMemory(place.pulls).count == 1


async def test_none_is_begun_before_it_is_known_how_many_are_open(place: Place) -> None:
    """The forge does not answer the first look of a run."""
    await begun(place, "one", "two", reviews=1)
    look, failures = place.pulls.look, iter((TrackerUnavailable("No answer. Wait."),))

    def fails_once(branches: Collection[str]) -> Mapping[str, PullRequest]:
        for one in failures:
            raise one
        return look(branches)

    place.pulls.look = fails_once  # type: ignore[method-assign]
    await once(place, reviews=1)
    assert InMemory(place.pulls).count == 1


async def test_a_record_that_nobody_can_read_ends_the_run_in_words(place: Place) -> None:
    """It names the ref and what to do, ten minutes after it said so first; nothing is begun."""
    await begun(place, "one")
    async with place.parts() as parts:
        git_dir = parts.workspaces._hub.path  # type: ignore[attr-defined]
        refs = git(git_dir, "for-each-ref", "--format=%(refname)", "refs/proposed/").split()
        text = git(git_dir, "cat-file", "tag", refs[0]).partition("\n\n")[0]
        (place.root / "tag").write_text(f"{text}\n\nno record\n")
        bad = git(git_dir, "hash-object", "-w", "-t", "tag", str(place.root / "tag")).strip()
        git(git_dir, "update-ref", refs[0], bad)
        minutes = count()
        begin = parts.clock()
        jumping = replace(parts, clock=lambda: begin + timedelta(minutes=next(minutes)))
        ended = await run(jumping)
        assert ended.code == 1
        assert refs[0] in ended.why
        assert "Restore that ref from a backup" in ended.why


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
