"""A workspace is its own repository, and nothing in it is lost when it goes away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from framework.domain.errors import LeaseLost, WorkspaceError
from framework.domain.merge import Merged
from tests.integration.hubs import NOBODY, House, commit, git, make_issue, place_of, write

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
DYING = """
import os, sys
from pathlib import Path
import anyio
from tests.integration.hubs import House, commit, make_issue, write
async def main(root):
    house = House(root)
    async with house.workspaces.open(make_issue("1"), 1) as workspace:
        commit(workspace.directory, {"a": "committed"})
        write(workspace.directory, {"b": "not yet"})
        print("there", flush=True)
        if sys.argv[2] == "die":
            os._exit(9)
        input()
anyio.run(main, Path(sys.argv[1]))
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start={"a": "one\n", "d/b": "two\n", ".gitignore": "*.log\n"})


async def test_a_workspace_starts_at_the_tip(house: House) -> None:
    """Own branch, the target's files, no remote, no hook, and objects borrowed from the hub."""
    async with house.workspaces.open(make_issue("x/1"), 3) as workspace:
        clone = workspace.directory
        assert git(clone, "symbolic-ref", "--short", "HEAD") == workspace.branch
        assert workspace.branch.endswith("-e3")
        assert git(clone, "rev-parse", "HEAD", "main") == f"{workspace.base}\n{workspace.base}"
        assert workspace.base == house.hub.tip()
        assert (clone / "a").read_text() == "one\n"
        assert git(clone, "status", "--porcelain", "--ignored") == ""
        assert git(clone, "remote") == ""
        assert not (clone / ".git" / "hooks").exists()
        assert git(clone, "config", "gc.auto") == "0"
        assert git(clone, "config", "user.name") == "Nightshift Agent"
        assert workspace.home.is_dir()
        assert workspace.home.parent == clone.parent
        git(clone, "fsck", "--strict")
    assert not place_of(workspace).exists()
    assert house.rescues == []


async def test_byte_code_and_our_own_files_are_never_work(house: House) -> None:
    """They do not show in the clone, are not dirty, and are not rescued."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        write(workspace.directory, {"d/__pycache__/x.pyc": "", ".nightshift/x": "", "n.log": ""})
        assert git(workspace.directory, "status", "--porcelain") == ""
        assert (await house.workspaces.inspect(workspace)).dirty == ()
    assert house.rescues == []


async def test_a_target_named_like_our_branches_does_not_clash(tmp_path: Path) -> None:
    """`agent` cannot be a branch beside `agent/1-e1`."""
    house = House(tmp_path, target="agent")
    async with house.workspaces.open(make_issue(), 1) as workspace:
        assert git(workspace.directory, "branch", "--format=%(refname:short)") == "agent/1-e1"


async def test_inspection_tells_commits_from_edits(house: House) -> None:
    """Head, commits and dirty paths follow what the agent does."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        contents = await house.workspaces.inspect(workspace)
        assert (contents.head, contents.advanced, contents.dirty) == (workspace.base, False, ())
        write(workspace.directory, {"a": "changed\n", "new/c": ""})
        (workspace.directory / "d" / "b").unlink()
        assert (await house.workspaces.inspect(workspace)).dirty == ("a", "d/b", "new/c")
        head = commit(workspace.directory, {"a": "changed\n", "new/c": "", "e": "x\n"})
        contents = await house.workspaces.inspect(workspace)
        assert (contents.head, contents.advanced, contents.dirty) == (head, True, ("d/b",))
        git(workspace.directory, "reset", "--hard", "--quiet", workspace.base)
        contents = await house.workspaces.inspect(workspace)
        assert (contents.head, contents.advanced, contents.dirty) == (workspace.base, False, ())


async def test_a_second_look_at_a_commit_sees_new_edits(house: House) -> None:
    """What the first look kept of the commit hides no edit, not even one of the same size and
    with the same time."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        head = commit(workspace.directory, {"c": "1\n", "d/b": "1\n"})
        assert (await house.workspaces.inspect(workspace)).dirty == ()
        for name in ("a", "c", "d/b"):
            path = workspace.directory / name
            before = path.stat()
            path.write_text("x" * (before.st_size - 1) + "\n")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (await house.workspaces.inspect(workspace)).dirty == ("a", "c", "d/b")
    (rescue,) = house.rescues
    assert house.in_hub("rev-parse", f"{rescue.commit}^") == head
    assert house.text(rescue.commit, "c") == "x"


async def test_line_ends_that_git_changes_are_no_edits(house: House) -> None:
    """What differs from the commit byte for byte may be just what git makes of it."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        commit(workspace.directory, {".gitattributes": "*.txt text eol=crlf\n", "c.txt": "1\r\n"})
        assert git(workspace.directory, "cat-file", "-s", "HEAD:c.txt") == "2"
        assert (await house.workspaces.inspect(workspace)).dirty == ()


EDITS: dict[str, Callable[[Path], object]] = {
    "c": lambda clone: (clone / "c").chmod(0o755),
    "d/b": lambda clone: (clone / "d" / "b").unlink(),
    "l": lambda clone: ((clone / "l").unlink(), (clone / "l").symlink_to("b")),
    "gone": lambda clone: (clone / "gone").write_text(""),
    "new": lambda clone: (clone / "new").write_text(""),
    "a": lambda clone: (clone / "a").write_text("2\n"),
}


@pytest.mark.parametrize("what", EDITS)
async def test_every_edit_beside_a_commit_is_seen(house: House, what: str) -> None:
    """Of modes, links, deletions, new files and old ones, after a commit that made them all."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        clone = workspace.directory
        commit(clone, {"gone": "1\n"})
        (clone / "l").symlink_to("a")
        git(clone, "rm", "--quiet", "gone")
        commit(clone, {"c": "1\n", "d/b": "1\n", "l": "one\n"})
        assert (await house.workspaces.inspect(workspace)).dirty == ()
        EDITS[what](clone)
        assert (await house.workspaces.inspect(workspace)).dirty == (what,)


async def test_edits_are_seen_in_a_hub_that_is_packed(house: House) -> None:
    """Also after a person has cleared up in the hub."""
    house.in_hub("gc", "--quiet")
    async with house.workspaces.open(make_issue(), 1) as workspace:
        head = commit(workspace.directory, {"c": "1\n"})
        contents = await house.workspaces.inspect(workspace)
        assert (contents.head, contents.dirty) == (head, ())
        write(workspace.directory, {"c": "2\n", "b": "2\n"})
        assert (await house.workspaces.inspect(workspace)).dirty == ("b", "c")


async def test_an_edit_of_the_same_size_is_seen(house: House) -> None:
    """The index was kept with its time, so an edit right after the start is not missed."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        write(workspace.directory, {"a": "two\n"})
        assert (await house.workspaces.inspect(workspace)).dirty == ("a",)


async def test_many_may_look_at_once(house: House) -> None:
    """An agent that says twice at once that it is finished gets two answers."""
    looks: list[tuple[str, ...]] = []

    async def look() -> None:
        looks.append((await house.workspaces.inspect(workspace)).dirty)

    async with house.workspaces.open(make_issue(), 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        write(workspace.directory, {"a": "edited\n"})
        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(look)
    assert looks == [("a",)] * 6


async def test_commits_and_edits_are_rescued(house: House) -> None:
    """What was committed is the parent of what was not; the runner says that it made it."""
    async with house.workspaces.open(make_issue(), 2) as workspace:
        head = commit(workspace.directory, {"c": "committed\n"})
        write(workspace.directory, {"a": "edited\n", "new/f": "new\n", "x.log": "ignored"})
        (workspace.directory / "d" / "b").unlink()
        os.symlink("/etc/passwd", workspace.directory / "link")
        (workspace.directory / "run").write_text("#!/bin/sh\n")
        (workspace.directory / "run").chmod(0o755)
    (rescue,) = house.rescues
    assert (rescue.issue, rescue.epoch, rescue.ref) == ("1", 2, "refs/rescue/1/e2")
    assert house.in_hub("rev-parse", rescue.ref, f"{rescue.ref}~1") == f"{rescue.commit}\n{head}"
    assert house.files(rescue.commit) == [".gitignore", "a", "c", "link", "new/f", "run"]
    assert house.text(rescue.commit, "a") == "edited"
    assert house.text(rescue.commit, "link") == "/etc/passwd"
    assert house.in_hub("ls-tree", rescue.commit, "run").startswith("100755")
    assert "Uncommitted edits" in house.in_hub("log", "-1", "--format=%s", rescue.commit)
    assert await house.workspaces.rescued(make_issue()) == rescue


async def test_commits_alone_are_rescued_as_they_are(house: House) -> None:
    """Without edits the agent's own last commit is what is kept."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        head = commit(workspace.directory, {"c": "1\n"})
    assert [rescue.commit for rescue in house.rescues] == [head]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("odd", ["plain", "no:ref"])
async def test_branches_tags_stashes_and_detached_heads_are_rescued(
    house: House, packed: bool, odd: str
) -> None:
    """Work counts wherever in the clone it was committed, whatever else lies there."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        clone = workspace.directory
        git(clone, "checkout", "--quiet", "-b", "idea/one")
        idea = commit(clone, {"idea": "1\n"})
        git(clone, "checkout", "--quiet", workspace.branch)
        write(clone, {"a": "stashed\n"})
        git(clone, "stash", "--quiet")
        older = git(clone, "rev-parse", "stash")
        write(clone, {"a": "stashed again\n"})
        git(clone, "stash", "--quiet")
        git(clone, "checkout", "--quiet", "--detach")
        tagged = commit(clone, {"tagged": "1\n"})
        git(clone, "tag", "keep")
        git(clone, "reset", "--quiet", "--hard", workspace.branch)
        loose = commit(clone, {"loose": "1\n"})
        if packed:
            git(clone, "pack-refs", "--all")
        git(clone, "branch", "fix#1", idea)
        (clone / ".git" / "refs" / "heads" / odd).write_text(f"{idea}\n")
    kept = {rescue.commit: rescue.ref for rescue in house.rescues}
    assert idea in kept
    assert tagged in kept
    assert older in kept or odd == "no:ref"  # then git is asked, which names the latest only
    assert kept[loose] == "refs/rescue/1/e1-HEAD"
    assert any("stash" in ref for ref in kept.values())
    assert {house.in_hub("cat-file", "-t", one) for one in kept} == {"commit"}
    assert house.in_hub("for-each-ref", "refs/leaving") == ""


async def test_what_landed_is_not_rescued(house: House) -> None:
    """Only what would be lost is kept."""
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert house.rescues == []
    assert await house.workspaces.rescued(make_issue()) is None


async def test_edits_beside_a_landing_are_rescued_but_not_offered(house: House) -> None:
    """Leftovers of the attempt that landed are no start for the next one."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)
        write(workspace.directory, {"scratch": "x"})
    assert [rescue.epoch for rescue in house.rescues] == [1]
    assert await house.workspaces.rescued(issue) is None


async def test_the_latest_rescue_is_offered(house: House) -> None:
    """Later attempts count more, and the attempt's own branch more than its others."""
    for epoch in (2, 10):
        async with house.workspaces.open(make_issue(), epoch) as workspace:
            git(workspace.directory, "checkout", "--quiet", "-b", "zz")
            commit(workspace.directory, {"z": f"{epoch}\n"})
            git(workspace.directory, "checkout", "--quiet", workspace.branch)
            commit(workspace.directory, {"c": f"{epoch}\n"})
    rescue = await house.workspaces.rescued(make_issue())
    assert rescue is not None
    assert rescue.ref == "refs/rescue/1/e10"
    assert await house.workspaces.rescued(make_issue("2")) is None


async def test_a_later_attempt_excludes_earlier_ones(house: House) -> None:
    """The epoch is recorded when a workspace opens; the same or a lower one cannot open."""
    async with house.workspaces.open(make_issue(), 5):
        assert house.hub.epoch("1") == 5
        for epoch in (5, 4):
            with pytest.raises(LeaseLost):
                async with house.workspaces.open(make_issue(), epoch):
                    pytest.fail("it opened")
        async with house.workspaces.open(make_issue(), 6) as workspace:
            assert workspace.epoch == 6


async def test_work_survives_a_cancellation(house: House) -> None:
    """Leaving is shielded: edits are saved although everything is being stopped."""
    with anyio.CancelScope() as scope:
        async with house.workspaces.open(make_issue(), 1) as workspace:
            write(workspace.directory, {"a": "edited\n"})
            scope.cancel()
            await anyio.sleep_forever()
    (rescue,) = house.rescues
    assert house.text(rescue.commit, "a") == "edited"
    assert not place_of(workspace).exists()


async def test_an_error_inside_is_not_swallowed(house: House) -> None:
    """The body's own error leaves, after the work was saved."""

    async def fail() -> None:
        async with house.workspaces.open(make_issue(), 1) as workspace:
            write(workspace.directory, {"a": "edited\n"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert len(house.rescues) == 1


async def test_what_cannot_be_saved_stays(house: House) -> None:
    """Without the hub's objects nothing is deleted; the next start saves it."""
    away = house.root / "away"
    clone = house.state / "1-e1" / "clone"

    async def lose_the_objects() -> None:
        async with house.workspaces.open(make_issue(), 1):
            commit(clone, {"c": "1\n"})
            write(clone, {"a": "edited\n"})
            house.hub.objects.rename(away)

    with pytest.raises(WorkspaceError, match="stays there"):
        await lose_the_objects()
    assert (clone / "a").read_text() == "edited\n"
    away.rename(house.hub.objects)
    (rescue,) = await house.workspaces.recover(frozenset())
    assert house.text(rescue.commit, "a") == "edited"
    assert house.text(rescue.commit, "c") == "1"
    assert not clone.parent.exists()


async def test_directories_files_and_links_that_changed_places(house: House) -> None:
    """A file where a directory was, a directory where a file was, and links over both."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        clone = workspace.directory
        commit(clone, {"x/one": "1\n", "y/two": "2\n", "z": "3\n"})
        for path in (clone / "x" / "one", clone / "y" / "two", clone / "z", clone / "d" / "b"):
            path.unlink()
        for name in ("x", "y", "d"):
            (clone / name).rmdir()
        write(clone, {"x": "a file now\n", "z/deep": "a directory now\n"})
        os.symlink(house.project, clone / "y")
        os.symlink("nowhere", clone / "d")
    (rescue,) = house.rescues
    assert house.files(rescue.commit) == [".gitignore", "a", "d", "x", "y", "z/deep"]
    assert house.text(rescue.commit, "y") == str(house.project)


async def test_files_without_permissions_are_rescued(house: House) -> None:
    """A mode is no way to keep work from being saved, or a directory from being deleted."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        write(workspace.directory, {"shut/f": "hidden\n", "plain": "unreadable\n"})
        write(workspace.home, {"shut/f": "x"})
        (workspace.directory / "plain").chmod(0)
        (workspace.directory / "shut").chmod(0)
        (workspace.home / "shut").chmod(0)
    (rescue,) = house.rescues
    assert house.text(rescue.commit, "shut/f") == "hidden"
    assert house.text(rescue.commit, "plain") == "unreadable"
    assert not place_of(workspace).exists()


async def test_pipes_hold_nobody_up(house: House) -> None:
    """Opening a pipe waits for its other end: pipes go away before anything is read."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        clone = workspace.directory
        write(clone, {"d/b": "edited\n"})
        (clone / ".gitignore").unlink()
        for path in (clone / ".gitignore", clone / "pipe", clone / ".git" / "packed-refs"):
            os.mkfifo(path)
    (rescue,) = house.rescues
    assert house.files(rescue.commit) == ["a", "d/b"]


async def test_a_repository_inside_is_rescued_as_files(house: House) -> None:
    """An agent that makes a repository of its own in the clone loses its history, not its files."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        inner = workspace.directory / "inner"
        inner.mkdir()
        git(inner, "init", "--quiet")
        commit(inner, {"src/x": "1\n"})
        assert (await house.workspaces.inspect(workspace)).dirty == ("inner/src/x",)
    (rescue,) = house.rescues
    assert house.text(rescue.commit, "inner/src/x") == "1"


async def test_deleting_follows_no_link(house: House) -> None:
    """What links of a workspace point to stays, wherever in it they are."""
    treasure = house.root / "treasure"
    write(treasure, {"deep/gold": "yes"})
    async with house.workspaces.open(make_issue(), 1) as workspace:
        os.symlink(treasure, workspace.directory / "here")
        os.symlink(treasure / "deep", workspace.home / "there")
    assert (treasure / "deep" / "gold").read_text() == "yes"
    assert not place_of(workspace).exists()


def run_dying(house: House, how: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", DYING, str(house.root), how],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


async def test_a_dead_runs_workspace_is_put_away(house: House) -> None:
    """After a kill everything is rescued, and recovering again finds nothing to do."""
    with run_dying(house, "die") as process:
        assert process.wait() == 9
    (rescue,) = await house.workspaces.recover(frozenset())
    assert house.text(rescue.commit, "a") == "committed"
    assert house.text(rescue.commit, "b") == "not yet"
    assert list(house.state.glob("*-e*")) == []
    assert await house.workspaces.recover(frozenset()) == []
    assert house.rescues == []


async def test_a_living_runs_workspace_stays(house: House) -> None:
    """Neither a process that works there nor a lease that lives is disturbed."""
    with run_dying(house, "live") as process:
        assert await house.workspaces.recover(frozenset()) == []
        process.kill()
    assert await house.workspaces.recover(frozenset({("1", 1)})) == []
    assert len(await house.workspaces.recover(frozenset({("1", 2), ("2", 1)}))) == 1


async def test_a_kill_during_recovery_loses_nothing(house: House) -> None:
    """A workspace half deleted is not mistaken for one whose agent deleted its files."""
    with run_dying(house, "die"):
        pass
    (rescue,) = await house.open_workspaces().recover(frozenset())
    half = house.state / ".gone-1234"
    write(half, {"attempt.json": '{"issue": "1", "epoch": 1, "base": "0"}', "clone/a": "x"})
    assert await house.workspaces.recover(frozenset()) == []
    assert not half.exists()
    assert house.in_hub("rev-parse", rescue.ref) == rescue.commit


async def test_a_kill_while_opening_leaves_nothing_to_save(house: House) -> None:
    """A clone that no agent has seen yet is only deleted, at whatever point it was."""
    with run_dying(house, "die"):
        pass
    place = house.state / "1-e1"
    (place / "index").unlink()  # the last step of opening
    assert await house.workspaces.recover(frozenset()) == []
    assert not place.exists()
    write(house.state, {"2-e1/owner.lock": ""})  # the first one
    assert await house.workspaces.recover(frozenset()) == []
    assert not (house.state / "2-e1").exists()


async def test_one_broken_workspace_does_not_stop_the_others(house: House) -> None:
    """All others are put away before the error says which one was left."""
    with run_dying(house, "die"):
        pass
    write(house.state, {"0-e1/owner.lock": "", "0-e1/attempt.json": "{"})
    with pytest.raises(WorkspaceError, match=r"0-e1.*cannot be read"):
        await house.workspaces.recover(frozenset())
    assert not (house.state / "1-e1").exists()
    assert house.in_hub("rev-parse", "refs/rescue/1/e1")


async def test_foreign_directories_are_left_alone(house: House) -> None:
    """Only directories that we made and locked are ours."""
    write(house.state, {"planner/x-e1/f": "", "x-e1/f": ""})
    await house.workspaces.recover(frozenset())
    assert (house.state / "x-e1" / "f").exists()
    assert (house.state / "planner" / "x-e1" / "f").exists()


async def test_many_workspaces_open_at_once(house: House) -> None:
    """Sixteen attempts share a hub without getting into each other's way."""

    async def work(number: str) -> None:
        async with house.workspaces.open(make_issue(number), 1) as workspace:
            await anyio.to_thread.run_sync(commit, workspace.directory, {f"f{number}": "x\n"})

    async with anyio.create_task_group() as tasks:
        for number in range(16):
            tasks.start_soon(work, str(number))
    heads = {rescue.issue: rescue for rescue in house.rescues}
    assert len(heads) == 16
    assert all(f"f{number}" in house.files(heads[str(number)].commit) for number in range(16))
