"""What people commit comes in, what has landed goes out, and nothing of theirs is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.domain.merge import Merged
from tests.integration.hubs import House, commit, git, make_issue, write

pytestmark = pytest.mark.anyio
KEPT = "refs/nightshift/main"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start={"a": "one\n", "b": "two\n"})


def at(house: House, ref: str = "main") -> str:
    return git(house.project, "rev-parse", ref)


async def test_a_clean_checkout_is_forwarded(house: House) -> None:
    """Files and branch follow; nothing is said, no hook runs, FETCH_HEAD stays the person's."""
    canary = house.root / "canary"
    hook = house.project / ".git" / "hooks" / "post-merge"
    write(hook.parent, {"post-merge": f"#!/bin/sh\ntouch {canary}\n"})
    hook.chmod(0o755)
    await house.land("1", {"c": "1\n"})
    assert await house.lander.deliver() is None
    assert at(house) == house.hub.tip()
    assert (house.project / "c").read_text() == "1\n"
    assert git(house.project, "status", "--porcelain") == ""
    assert not canary.exists()
    assert not (house.project / ".git" / "FETCH_HEAD").exists()
    assert await house.lander.deliver() is None
    assert await house.lander.refresh() == ()


async def test_untracked_files_do_not_count_as_changes(house: House) -> None:
    """They stay, and the branch moves."""
    write(house.project, {"notes": "mine"})
    await house.land("1", {"c": "1\n"})
    assert await house.lander.deliver() is None
    assert (house.project / "notes").read_text() == "mine"


@pytest.mark.parametrize("ignored", [False, True])
async def test_an_untracked_file_in_the_way_is_kept(house: House, ignored: bool) -> None:
    """Also an ignored one, which git by itself would overwrite."""
    write(house.project, {"c": "mine"})
    if ignored:
        (house.project / ".git" / "info" / "exclude").write_text("c\n")
    await house.land("1", {"c": "1\n"})
    said = await house.lander.deliver()
    assert said is not None
    assert "git refuses" in said
    assert (house.project / "c").read_text() == "mine"
    assert at(house, KEPT) == house.hub.tip()


@pytest.mark.parametrize("staged", [False, True])
async def test_a_dirty_checkout_gets_a_ref(house: House, staged: bool) -> None:
    """Index and files are left as they are; the sentence says how to take the work."""
    write(house.project, {"a": "mine\n"})
    if staged:
        git(house.project, "add", "a")
    before, tip = (house.project / ".git" / "index").read_bytes(), at(house)
    await house.land("1", {"c": "1\n"})
    said = await house.lander.deliver()
    assert said is not None
    assert "not committed" in said
    assert f"git merge --ff-only {KEPT}" in said
    assert (house.project / ".git" / "index").read_bytes() == before
    assert (at(house), at(house, KEPT)) == (tip, house.hub.tip())
    git(house.project, "stash", "--quiet")
    git(house.project, "merge", "--quiet", "--ff-only", KEPT)
    assert await house.lander.deliver() is None


async def test_a_branch_that_is_not_checked_out_is_forwarded(house: House) -> None:
    """The person works elsewhere, and their files stay."""
    git(house.project, "checkout", "--quiet", "-b", "side")
    write(house.project, {"a": "mine\n"})
    await house.land("1", {"c": "1\n"})
    assert await house.lander.deliver() is None
    assert at(house, "main") == house.hub.tip()
    assert not (house.project / "c").exists()
    assert (house.project / "a").read_text() == "mine\n"


async def test_a_branch_in_another_worktree_is_left(house: House) -> None:
    """Moving a ref under somebody's checkout would turn the landed work into their edits."""
    git(house.project, "checkout", "--quiet", "-b", "side")
    git(house.project, "worktree", "add", "--quiet", str(house.root / "w"), "main")
    tip = at(house, "main")
    await house.land("1", {"c": "1\n"})
    said = await house.lander.deliver()
    assert said is not None
    assert "another worktree" in said
    assert (at(house, "main"), at(house, KEPT)) == (tip, house.hub.tip())


async def test_a_detached_head_gets_a_ref(house: House) -> None:
    """A rebase or a bisection may be going on."""
    git(house.project, "checkout", "--quiet", "--detach")
    tip = at(house, "main")
    await house.land("1", {"c": "1\n"})
    assert "no branch is checked out" in (await house.lander.deliver() or "")
    assert (at(house, "main"), at(house, KEPT)) == (tip, house.hub.tip())


async def test_an_unborn_branch_is_delivered(tmp_path: Path) -> None:
    """A project that had no commit gets its first ones, with its loose files untouched."""
    write(tmp_path / "project", {"app_spec.txt": "spec"})
    house = House(tmp_path)
    await house.land("1", {"c": "1\n"})
    assert await house.lander.deliver() is None
    assert at(house) == house.hub.tip()
    assert git(house.project, "status", "--porcelain") == "?? app_spec.txt"
    assert (house.project / "c").read_text() == "1\n"


@pytest.mark.parametrize("staged", [False, True])
async def test_an_unborn_branch_with_files_in_the_way_gets_a_ref(
    tmp_path: Path, staged: bool
) -> None:
    """Neither a staged file nor an untracked one is overwritten."""
    write(tmp_path / "project", {"c": "mine"})
    house = House(tmp_path)
    if staged:
        git(house.project, "add", "c")
    await house.land("1", {"c": "1\n"})
    assert KEPT in (await house.lander.deliver() or "")
    assert (house.project / "c").read_text() == "mine"
    assert at(house, KEPT) == house.hub.tip()


async def test_peoples_commits_come_in(house: House) -> None:
    """The target follows a person who is ahead of it."""
    mine = commit(house.project, {"mine": "1\n"})
    assert await house.lander.refresh() == ()
    assert house.hub.tip() == mine
    assert await house.lander.refresh() == ()


async def test_peoples_commits_are_merged_with_what_landed(house: House) -> None:
    """The runner merges both histories, and the person can be forwarded to the result."""
    await house.land("1", {"c": "1\n"})
    landed = house.hub.tip()
    mine = commit(house.project, {"mine": "1\n"})
    assert await house.lander.refresh() == ()
    assert house.in_hub("log", "-1", "--format=%P", house.hub.tip()) == f"{landed} {mine}"
    assert house.in_hub("log", "-1", "--format=%s", house.hub.tip()).startswith("Merge main")
    assert await house.lander.landed(make_issue("1")) is not None
    assert await house.lander.deliver() is None
    assert at(house) == house.hub.tip()


async def test_a_person_who_is_ahead_gets_nothing(house: House) -> None:
    """Delivering to somebody who has it all already changes nothing and says nothing."""
    await house.land("1", {"c": "1\n"})
    await house.lander.deliver()
    mine = commit(house.project, {"mine": "1\n"})
    assert await house.lander.deliver() is None
    write(house.project, {"a": "dirty\n"})
    assert await house.lander.deliver() is None
    assert at(house) == mine


async def test_diverged_work_is_not_forced_on_anybody(house: House) -> None:
    """Before their commits are taken in, the person keeps their branch and gets a ref."""
    await house.land("1", {"c": "1\n"})
    mine = commit(house.project, {"mine": "1\n"})
    said = await house.lander.deliver()
    assert said is not None
    assert f"git merge {KEPT}" in said
    assert (at(house), at(house, KEPT)) == (mine, house.hub.tip())


async def test_a_conflict_with_a_person_is_told_once(house: House) -> None:
    """The hub keeps its tip, and what the warning says to do resolves it."""
    await house.land("1", {"a": "landed\n"})
    tip = house.hub.tip()
    commit(house.project, {"a": "mine\n"})
    (warning,) = await house.lander.refresh()
    assert "in a." in warning
    assert house.hub.tip() == tip
    assert await house.lander.refresh() == ()
    git(house.project, "fetch", "--quiet", str(house.hub.path), "main")
    git(house.project, "merge", "--quiet", "-X", "ours", "FETCH_HEAD")
    assert await house.lander.refresh() == ()
    assert house.hub.tip() == at(house)


async def test_a_first_commit_of_the_persons_joins_ours(tmp_path: Path) -> None:
    """A project that was empty when we began may get a history of its own meanwhile."""
    house = House(tmp_path)
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    commit(house.project, {"mine": "1\n"})
    assert await house.lander.refresh() == ()
    assert house.files(house.hub.tip()) == ["c", "mine"]
    assert await house.lander.deliver() is None
    assert (house.project / "c").exists()


async def test_a_history_that_was_rewritten_is_merged(house: House) -> None:
    """What has landed stays landed, whatever a person does to their branch."""
    await house.land("1", {"c": "1\n"})
    await house.lander.deliver()
    landed = house.hub.tip()
    git(house.project, "reset", "--hard", "--quiet", "HEAD~1")
    commit(house.project, {"mine": "1\n"})
    assert await house.lander.refresh() == ()
    assert house.hub.is_in(landed, house.hub.tip())
    assert house.files(house.hub.tip()) == ["a", "b", "c", "mine"]
