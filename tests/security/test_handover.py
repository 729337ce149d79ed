"""The short way from a clone into the hub takes nothing that the long way, a checked fetch, would
refuse, and what comes by it is complete."""

from __future__ import annotations

import os
import shutil
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.domain.merge import Merged, Refused
from framework.workspaces import attempt
from framework.workspaces.base import Workspace
from framework.workspaces.handover import hand_over
from framework.workspaces.intake import Intake
from tests.integration.hubs import (
    NOBODY,
    House,
    available_boxes,
    commit,
    git,
    make_issue,
    write,
)

pytestmark = pytest.mark.anyio
ISSUE = make_issue()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=available_boxes())
def house(tmp_path: Path, request: pytest.FixtureRequest) -> House:
    return House(tmp_path, box_name=request.param, start={"a": "one\n", "sub/b": "two\n"})


@pytest.fixture
def open_house(tmp_path: Path) -> House:
    return House(tmp_path, box_name="none", start={"a": "one\n", "sub/b": "two\n"})


def take(house: House, workspace: Workspace, head: str) -> bool:
    return hand_over(house.hub, attempt.of(workspace), head)


def fetch(house: House, workspace: Workspace) -> str:
    """The long way, and why it refuses."""
    one = attempt.of(workspace)
    return Intake(house.hub, house.box).fetch(one, f"+refs/heads/{one.branch}:refs/long")


def has(house: House, name: str) -> bool:
    return house.hub.git.call("cat-file", "-e", name).code == 0


async def test_the_short_way_brings_all_there_is(house: House) -> None:
    """Merges, links, modes and deletions come as they are, and the hub stays in order."""
    async with house.workspaces.open(ISSUE, 1) as workspace:
        clone = workspace.directory
        git(clone, "checkout", "--quiet", "-b", "other")
        write(clone, {"run": "#!/bin/sh\n"})
        (clone / "run").chmod(0o755)
        (clone / "link").symlink_to("a")
        commit(clone, {"run": "#!/bin/sh\n", "d/e/f": "1\n"})
        git(clone, "add", "link")
        git(clone, "checkout", "--quiet", workspace.branch)
        git(clone, "rm", "--quiet", "a")
        git(clone, "commit", "--quiet", "-m", "gone")
        git(clone, "merge", "--quiet", "--no-edit", "other")
        head = git(clone, "rev-parse", "HEAD")
        assert take(house, workspace, head)
        assert house.hub.ref(attempt.of(workspace).ref) == head
        assert house.in_hub("rev-list", head) == git(clone, "rev-list", head)
        assert house.in_hub("fsck", "--strict", "--full", "--no-dangling") == ""
        second = commit(clone, {"more": "1\n"})
        assert take(house, workspace, second)  # and again, on top of the first
    assert house.in_hub("fsck", "--strict", "--full", "--no-dangling") == ""


def _tree(clone: Path, *rows: tuple[bytes, str]) -> str:
    (clone / "rows").write_bytes(b"".join(row + b"\0" + bytes.fromhex(name) for row, name in rows))
    tree = git(clone, "hash-object", "-w", "-t", "tree", "--literally", "rows")
    (clone / "rows").unlink()
    return tree


def _with_tree(clone: Path, tree: str) -> str:
    return git(clone, "commit-tree", tree, "-p", "HEAD", "-m", "x")


def _forged(clone: Path, kind: str, text: str) -> str:
    write(clone, {"forged": text})
    return git(clone, "hash-object", "-w", "-t", kind, "--literally", "forged")


def _without(clone: Path, name: str) -> None:
    (clone / ".git" / "objects" / name[:2] / name[2:]).unlink()


def _missing(what: str) -> Callable[[Path], str]:
    def make(clone: Path) -> str:
        commit(clone, {"sub/new": "1\n"})
        head = commit(clone, {"sub/new": "2\n"})
        _without(clone, git(clone, "rev-parse", what))
        return head

    return make


def _corrupt(clone: Path) -> str:
    head = commit(clone, {"c": "right\n"})
    blob = git(clone, "rev-parse", "HEAD:c")
    path = clone / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o600)
    path.write_bytes(zlib.compress(b"blob 6\0wrong\n"))
    return head


WHO = "x <x@example.org> 1 +0000"
HOSTILE: dict[str, Callable[[Path], str]] = {
    "a wrong blob": _corrupt,
    "no blob": _missing("HEAD:sub/new"),
    "no tree": _missing("HEAD:sub"),
    "no parent": _missing("HEAD^"),
    "no blob of a parent": _missing("HEAD^:sub/new"),
    **{
        f"{name.decode()} in a tree": lambda clone, name=name: _with_tree(
            clone, _tree(clone, (b"100644 " + name, git(clone, "rev-parse", "HEAD:a")))
        )
        for name in (b".git", b".GIT", b"git~1", b"..", b".", b"a/b", b"", ".g\u200cit".encode())
    },
    "a name twice": lambda clone: _with_tree(
        clone, _tree(clone, *[(b"100644 x", git(clone, "rev-parse", "HEAD:a"))] * 2)
    ),
    "names out of order": lambda clone: _with_tree(
        clone,
        _tree(
            clone, *[(b"100644 " + one, git(clone, "rev-parse", "HEAD:a")) for one in (b"y", b"x")]
        ),
    ),
    "a zero mode": lambda clone: _with_tree(
        clone, _tree(clone, (b"0100644 x", git(clone, "rev-parse", "HEAD:a")))
    ),
    "a blob as a tree": lambda clone: _with_tree(
        clone, _tree(clone, (b"40000 x", git(clone, "rev-parse", "HEAD:a")))
    ),
    "no author": lambda clone: _forged(
        clone,
        "commit",
        f"tree {git(clone, 'rev-parse', 'HEAD^{tree}')}\nparent {git(clone, 'rev-parse', 'HEAD')}\n"
        f"committer {WHO}\n\nx\n",
    ),
    "a blob as parent": lambda clone: _forged(
        clone,
        "commit",
        f"tree {git(clone, 'rev-parse', 'HEAD^{tree}')}\n"
        f"parent {git(clone, 'rev-parse', 'HEAD:a')}\nauthor {WHO}\ncommitter {WHO}\n\nx\n",
    ),
    "nothing behind the ref": lambda clone: "1" * 40,
    "a blob behind the ref": lambda clone: _forged(clone, "blob", "x"),
    "a tree behind the ref": lambda clone: git(clone, "rev-parse", "HEAD:sub"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_is_broken_comes_on_neither_way(open_house: House, what: str) -> None:
    """Both ways refuse it, the agent's branch is said to be unreadable, and no ref is on it."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        clone = workspace.directory
        head = HOSTILE[what](clone)
        (clone / ".git" / "refs" / "heads" / workspace.branch).write_text(f"{head}\n")
        assert not take(house, workspace, head)
        assert house.hub.ref(attempt.of(workspace).ref) is None
        if "behind the ref" not in what:
            assert fetch(house, workspace) != ""
            assert not has(house, head)
        assert (await house.workspaces.inspect(workspace)).head is None
        assert isinstance(await house.lander.land(workspace, ISSUE, NOBODY), Refused)
    assert house.in_hub("fsck", "--strict", "--connectivity-only", "--no-dangling") == ""


async def test_a_forged_base_changes_nothing(open_house: House) -> None:
    """A clone that has another content under the base's name is not asked for the base."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        clone = workspace.directory
        head = commit(clone, {"c": "1\n"})
        before = house.in_hub("cat-file", "commit", workspace.base)
        forged = before.replace("author", f"parent {head}\nauthor", 1).encode() + b"\n"
        path = clone / ".git" / "objects" / workspace.base[:2] / workspace.base[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(b"commit %d\0%s" % (len(forged), forged)))
        assert take(house, workspace, head)
        assert house.in_hub("cat-file", "commit", workspace.base) == before
        assert house.in_hub("rev-list", head).split() == [head, workspace.base]
    assert house.in_hub("fsck", "--strict", "--full", "--no-dangling") == ""


def _shelf_elsewhere(objects: Path, head: str, other: Path) -> None:
    shutil.move(objects / head[:2], other)
    (objects / head[:2]).symlink_to(other / head[:2])


def _object_elsewhere(objects: Path, head: str, other: Path) -> None:
    shutil.move(objects / head[:2] / head[2:], other)
    (objects / head[:2] / head[2:]).symlink_to(other / head[2:])


def _all_elsewhere(objects: Path, head: str, other: Path) -> None:
    shutil.move(objects, other)
    objects.symlink_to(other / "objects")


@pytest.mark.parametrize("hide", [_shelf_elsewhere, _object_elsewhere, _all_elsewhere])
async def test_no_link_is_followed(
    open_house: House, hide: Callable[[Path, str, Path], None]
) -> None:
    """What lies outside the clone is not taken for the agent's, however its files point there."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        head = commit(workspace.directory, {"c": "1\n"})
        other = house.root / "other"
        other.mkdir()
        hide(workspace.directory / ".git" / "objects", head, other)
        assert not take(house, workspace, head)
        assert not has(house, head)


async def test_what_swells_is_not_unpacked(open_house: House) -> None:
    """A small file with a huge content costs no more memory than the bound."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        clone = workspace.directory
        head = commit(clone, {"c": "1\n"})
        blob = git(clone, "rev-parse", "HEAD:c")
        path = clone / ".git" / "objects" / blob[:2] / blob[2:]
        path.unlink()
        swell = zlib.compressobj(9)
        path.write_bytes(
            swell.compress(b"blob 100000000\0")
            + b"".join(swell.compress(bytes(1_000_000)) for _ in range(100))
            + swell.flush()
        )
        tracemalloc.start()
        assert not take(house, workspace, head)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 20_000_000


async def test_what_the_agent_has_packed_goes_the_long_way(house: House) -> None:
    """After `git gc` in the clone nothing is a plain file any more, and the commit comes."""
    async with house.workspaces.open(ISSUE, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        head = commit(workspace.directory, {"c": "2\n"})
        git(workspace.directory, "gc", "--quiet")
        assert not take(house, workspace, head)
        assert (await house.workspaces.inspect(workspace)).head == head


async def test_the_configuration_of_a_clone_is_not_read(open_house: House) -> None:
    """Where the fetch has git read the clone's own settings, the short way does not look."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        head = commit(workspace.directory, {"c": "1\n"})
        (workspace.directory / ".git" / "config").write_text("[[[\0")
        assert take(house, workspace, head)


async def test_what_is_large_goes_the_long_way(open_house: House) -> None:
    """Beyond its bound the short way gives up, and the commit comes all the same."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        (workspace.directory / "large").write_bytes(os.urandom(4_500_000))
        git(workspace.directory, "add", "large")
        git(workspace.directory, "commit", "--quiet", "-m", "large")
        head = git(workspace.directory, "rev-parse", "HEAD")
        assert not take(house, workspace, head)
        assert (await house.workspaces.inspect(workspace)).head == head
        assert isinstance(await house.lander.land(workspace, ISSUE, NOBODY), Merged)


async def test_a_pipe_keeps_nobody_waiting(open_house: House) -> None:
    """A pipe in the place of an object is not read."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        clone = workspace.directory
        head = commit(clone, {"c": "1\n"})
        _without(clone, head)
        os.mkfifo(clone / ".git" / "objects" / head[:2] / head[2:])
        assert not take(house, workspace, head)
        shutil.rmtree(clone / ".git")  # the fetch would wait for it as long as it may
