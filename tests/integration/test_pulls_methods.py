"""Each way of merging that a repository may allow, through a whole run on the double of GitHub:
the landing is found, proved and verified, whatever became of its commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.agents.base import Conversation
from framework.domain.comparison import Comparison
from framework.domain.issue import State
from framework.domain.merge import Proof
from framework.domain.session import SessionEnd
from framework.rehearsal.github.merging import Method
from framework.rehearsal.github.records import Protection
from framework.runner.parts import Parts
from framework.runner.run import Ending, run
from framework.workspaces.audit import Audit
from framework.workspaces.landing import HubLander
from tests.integration.hubs import git
from tests.integration.pulls_people import OnGitHub, on_github
from tests.integration.test_pulls_door import NEEDS_SCHEMA
from tests.integration.test_pulls_run import Place, begun, finish_only, once
from tests.integration.test_runner import add, states
from tests.integration.test_runner import commit as work

pytestmark = [NEEDS_SCHEMA, pytest.mark.anyio]
ALL = ("merge", "squash", "rebase")


async def two_commits(conversation: Conversation) -> SessionEnd:
    await work(conversation, "first.txt")
    await work(conversation, "second.txt")
    return await finish_only(conversation)


async def solved_in_a_merge(conversation: Conversation) -> SessionEnd:
    """Two lines of work that conflict, and a merge of them."""
    directory = conversation.directory
    start = git(directory, "rev-parse", "HEAD")
    await work(conversation, "same.txt", "left\n")
    git(directory, "branch", "left")
    git(directory, "reset", "--quiet", "--hard", start)
    await work(conversation, "same.txt", "right\n")
    git(directory, "merge", "--quiet", "left", fails=True)
    await work(conversation, "same.txt", "both\n")
    git(directory, "branch", "--quiet", "-D", "left")
    return await finish_only(conversation)


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


async def verified(parts: Parts, number: str) -> list[Comparison]:
    """What `nightshift verify` finds to be otherwise than the issue's proof says."""
    issue, lander = parts.tracker.get(number), parts.lander
    assert isinstance(lander, HubLander)
    audit = Audit(lander._hub, issue, logs=parts.logs)
    proof = audit.record()
    assert isinstance(proof, Proof)
    found = await audit.compare(proof, parts.tracker.comments(number), lander._checks)
    return [one for one in found if not one.is_same]


def shape(place: Place) -> list[int]:
    """How many parents each commit on the target has, the newest first."""
    rows = place("rev-list", "--first-parent", "--parents", "main").splitlines()
    return [len(row.split()) - 1 for row in rows]


@pytest.mark.parametrize("method", ALL)
async def test_whatever_way_of_merging_is_allowed_the_proof_holds(
    method: str, place: Place, people: OnGitHub
) -> None:
    """Two at once, so that the second is renewed: both are closed, each with a proof of the
    forge's commit that an audit finds to be true, checks and all."""
    people.repo.methods = frozenset({method})
    async with place.parts(merge="auto", checks=("test -e a",)) as parts:
        add(parts, "one", checks=("test -e 1.txt",))
        add(parts, "two", checks=("test -e 2.txt",))
        assert await run(parts) == Ending(code=0, why="nothing is left to do")
        assert states(parts) == [State.CLOSED] * 2
        assert [await verified(parts, number) for number in "12"] == [[], []]
    assert people.count == people.tries == 2
    assert shape(place) == ([2, 2, 0] if method == "merge" else [1, 1, 0])


async def test_rules_of_the_branch_choose_another_way(place: Place, people: OnGitHub) -> None:
    """A linear history is asked for where the repository allows merge commits: it is squashed,
    and the next one is squashed at the first try."""
    people.repo.protection["main"] = Protection(linear=True)
    await begun(place, "one", "two", merge="auto")
    async with place.parts() as parts:
        assert states(parts) == [State.CLOSED] * 2
    assert shape(place) == [1, 1, 0]
    assert people.tries == 3


async def test_where_no_way_is_allowed_a_person_is_told(place: Place, people: OnGitHub) -> None:
    """Without a try."""
    people.repo.methods = frozenset()
    ended = await begun(place, "one", merge="auto")
    assert ended.code == 1
    assert "the repository allows no way of merging" in ended.why
    assert people.tries == 0


async def test_where_a_queue_merges_a_person_is_told_once(place: Place, people: OnGitHub) -> None:
    """The forge's own sentence is the reason; it is not asked at every look."""
    people.repo.methods = frozenset({"rebase"})
    people.repo.protection["main"] = Protection(queue=True)
    ended = await begun(place, "one", "two", merge="auto")
    assert ended.code == 1
    assert "Changes must be made through the merge queue" in ended.why
    assert people.tries == 2


@pytest.mark.parametrize("method", ALL)
async def test_merged_by_hand_onto_another_base_it_is_judged_as_it_is(
    method: Method, place: Place, people: OnGitHub
) -> None:
    """Of two commits of an agent's, onto a base that moved on: what fails now and passed before
    the merge is the merge's fault, also where it was rebased commit by commit."""
    check = ("test ! -e first.txt || test ! -e bad.txt",)
    place.stage.plays = {(1, 1): two_commits}
    await begun(place, checks=check)
    place.colleague("main", {"bad.txt": "x\n"})
    people.merge(1, method=method)
    async with place.parts(checks=check) as parts:
        await run(parts)
        assert states(parts) == [State.BLOCKED]
        assert "what was merged fails" in parts.tracker.comments("1")[-1].text
        await run(parts)
        said = [one.text for one in parts.tracker.comments("1")]
        assert sum("what was merged fails" in one for one in said) == 1


@pytest.mark.parametrize("method", ALL)
async def test_merged_by_hand_onto_another_base_its_proof_holds(
    method: Method, place: Place, people: OnGitHub
) -> None:
    """The checks were run again on the tree that came of it, and an audit agrees."""
    place.stage.plays = {(1, 1): two_commits}
    await begun(place)
    place.colleague("main", {"other.txt": "x\n"})
    merged = people.merge(1, method=method)
    async with place.parts() as parts:
        assert (await run(parts)).code == 0
        assert states(parts) == [State.CLOSED]
        assert await verified(parts, "1") == []
        assert f"as `{merged}`" in parts.tracker.comments("1")[-1].text
    assert people.count == 1


async def test_a_branch_that_cannot_be_rebased_waits_for_a_person(
    place: Place, people: OnGitHub
) -> None:
    """Its own commits undo one another's conflicts in a merge, which a rebase leaves out."""
    people.repo.methods = frozenset({"rebase"})
    place.stage.plays = {(1, 1): solved_in_a_merge}
    ended = await begun(place, merge="auto")
    assert "This branch can't be rebased" in ended.why
    people.repo.methods = frozenset({"squash"})
    ended, now = await once(place, merge="auto")
    assert (ended.code, now) == (0, [State.CLOSED])
