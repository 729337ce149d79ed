"""An agent may do to its clone what it likes: no git of the host runs its code, no foreign
repository leaks through it, and its files are saved all the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.domain.merge import Landing, Merged, Refused
from framework.workspaces.base import Contents, Workspace
from tests.integration.hubs import (
    NO_BOX,
    NOBODY,
    House,
    available_boxes,
    commit,
    git,
    make_issue,
    place_of,
    refs_landed,
    write,
)

pytestmark = pytest.mark.anyio
ISSUE = make_issue()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """With the best box there is here."""
    return make_house(tmp_path, available_boxes()[0])


@pytest.fixture
def open_house(tmp_path: Path) -> House:
    """Without a box, where git of the host stands alone against the clone."""
    return make_house(tmp_path, "none")


def make_house(root: Path, box: str) -> House:
    return House(root, box_name=box, start={"a": "one\n", "sub/b": "two\n"})


async def look_land_leave(
    house: House, attack: Callable[[Workspace], None]
) -> tuple[Contents, Landing]:
    """What the host does to every workspace, after the agent has had its way."""
    async with house.workspaces.open(ISSUE, 1) as workspace:
        attack(workspace)
        contents = await house.workspaces.inspect(workspace)
        landing = await house.lander.land(workspace, ISSUE, NOBODY)
    assert not place_of(workspace).exists()
    assert await house.workspaces.recover(frozenset()) == []
    return contents, landing


CONFIGS = {
    "fsmonitor": "[core]\n\tfsmonitor = {run}\n",
    "hooks": "[core]\n\thooksPath = {directory}\n",
    "pager": "[core]\n\tpager = {run}\n[pager]\n\tstatus = true\n\tdiff = true\n",
    "editor": "[core]\n\teditor = {run}\n",
    "ssh": "[core]\n\tsshCommand = {run}\n\tgitProxy = {run}\n",
    "askpass": "[core]\n\taskPass = {run}\n[credential]\n\thelper = !{run}\n",
    "filter": '[filter "x"]\n\tclean = {run}\n\tsmudge = {run}\n\tprocess = {run}\n\trequired\n',
    "diff": '[diff]\n\texternal = {run}\n[diff "x"]\n\tcommand = {run}\n\ttextconv = {run}\n',
    "merge": '[merge "x"]\n\tdriver = {run}\n',
    "uploadpack": "[uploadpack]\n\tpackObjectsHook = {run}\n",
    "alternates": "[core]\n\talternateRefsCommand = {run}\n",
    "include": "[include]\n\tpath = {directory}/more\n",
    "worktree": "[core]\n\tworktree = {directory}\n\tbare = true\n",
    "remote": '[remote "origin"]\n\turl = ext::{run}\n\tuploadpack = {run}\n\tvcs = {run}\n',
    "gpg": "[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {run}\n",
    "maintenance": "[gc]\n\tauto = 1\n[maintenance]\n\tauto = true\n",
    "extension": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n",
}


@pytest.mark.parametrize("vector", CONFIGS)
async def test_no_configuration_of_an_agents_runs_on_the_host(
    open_house: House, vector: str
) -> None:
    """Inspecting, fetching, landing and saving run no program that the clone names."""
    house = open_house
    tools = house.root / "tools"
    canary = house.root / "canary"
    write(tools, {"run": f"#!/bin/sh\ntouch {canary}\ncat\n"})
    (tools / "run").chmod(0o755)
    poison = CONFIGS[vector].format(run=tools / "run", directory=tools)
    write(tools, {"more": f"[core]\n\tfsmonitor = {tools / 'run'}\n"})
    for hook in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        shutil.copy(tools / "run", tools / hook)

    def attack(workspace: Workspace) -> None:
        clone = workspace.directory
        commit(clone, {"c": "1\n"})
        with (clone / ".git" / "config").open("a") as file:
            file.write(poison)
        hooks = clone / ".git" / "hooks"
        hooks.mkdir()
        for hook in tools.iterdir():
            shutil.copy(hook, hooks / hook.name)
        attributes = "* filter=x diff=x merge=x working-tree-encoding=nonsense ident\n"
        write(clone, {"a": "edited\n", ".gitattributes": attributes})
        write(clone / ".git", {"info/attributes": attributes})

    await look_land_leave(house, attack)
    assert not canary.exists()
    assert house.text(house.rescues[0].commit, "a") == "edited"
    assert house.in_hub("fsck", "--strict", "--no-dangling") == ""


async def test_the_poison_works_on_those_who_drink_it(open_house: House) -> None:
    """A plain `git status` in a poisoned clone, or above a poisoned submodule, runs the agent's
    program: what the other tests prove is not a matter of bad poison."""
    house = open_house
    async with house.workspaces.open(ISSUE, 1) as workspace:
        clone, inner = workspace.directory, workspace.directory / "inner"
        inner.mkdir()
        git(inner, "init", "--quiet")
        commit(inner, {"x": "1\n"})
        git(clone, "add", "inner")
        git(inner, "config", "core.fsmonitor", f"touch {house.root}/inner; false")
        git(clone, "status")
        git(clone, "config", "core.fsmonitor", f"touch {house.root}/outer; false")
        git(clone, "status")
    assert (house.root / "inner").exists()
    assert (house.root / "outer").exists()


@pytest.mark.parametrize("kept", ["committed", "untracked"])
async def test_a_repository_inside_runs_nothing(open_house: House, kept: str) -> None:
    """A poisoned repository within the clone is never asked anything, even as a submodule."""
    house = open_house
    canary = house.root / "canary"

    def attack(workspace: Workspace) -> None:
        inner = workspace.directory / "inner"
        inner.mkdir()
        git(inner, "init", "--quiet")
        commit(inner, {"x": "1\n"})
        if kept == "committed":
            git(workspace.directory, "add", "inner")
            git(workspace.directory, "commit", "--quiet", "-m", "a submodule")
        git(inner, "config", "core.fsmonitor", f"touch {canary}; false")
        write(inner, {"x": "2\n"})

    _, landing = await look_land_leave(house, attack)
    assert not canary.exists()
    assert not isinstance(landing, Merged)


def foreign(house: House) -> tuple[Path, str]:
    """A repository of somebody else's, with a secret in it."""
    other = house.root / "foreign"
    other.mkdir()
    git(other, "init", "--quiet", "-b", "main")
    return other, commit(other, {"secret": "key\n"})


@pytest.mark.parametrize("pointer", ["alternates", "gitfile", "symlink", "commondir", "ref"])
async def test_pointers_to_a_foreign_repository_are_not_followed(
    tmp_path: Path, pointer: str
) -> None:
    """The boxed reader sees that clone and the hub's objects only: no foreign commit comes."""
    if "bubblewrap" not in available_boxes():
        pytest.skip(NO_BOX)
    house = make_house(tmp_path, "bubblewrap")
    other, secret = foreign(house)

    def attack(workspace: Workspace) -> None:
        dot = workspace.directory / ".git"
        ref = dot / "refs" / "heads" / workspace.branch
        if pointer == "alternates":
            alternates = dot / "objects" / "info" / "alternates"
            alternates.write_text(alternates.read_text() + f"{other}/.git/objects\n")
            ref.write_text(f"{secret}\n")
        elif pointer == "commondir":
            (dot / "commondir").write_text(f"{other}/.git\n")
            git(other, "branch", workspace.branch)
            (dot / "HEAD").write_text("x\n")
            ref.unlink()
        elif pointer == "ref":
            git(other, "branch", workspace.branch)
            ref.unlink()
            ref.symlink_to(other / ".git" / "refs" / "heads" / workspace.branch)
        else:
            git(other, "branch", workspace.branch)
            shutil.rmtree(dot)
            if pointer == "gitfile":
                dot.write_text(f"gitdir: {other}/.git\n")
            else:
                dot.symlink_to(other / ".git")

    contents, landing = await look_land_leave(house, attack)
    assert contents.head != secret
    assert isinstance(landing, Refused)
    assert "cannot be read" in landing.reasons[0]
    git(house.root, "--git-dir", str(house.hub.path), "cat-file", "-e", secret, fails=True)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "no .git": lambda clone: shutil.rmtree(clone / ".git"),
    "a file as .git": lambda clone: (
        shutil.rmtree(clone / ".git"),
        (clone / ".git").write_text("gitdir: /nowhere\n"),
    )[0],
    "a dangling link as .git": lambda clone: (
        shutil.rmtree(clone / ".git"),
        (clone / ".git").symlink_to("nowhere"),
    )[0],
    "no HEAD": lambda clone: (clone / ".git" / "HEAD").unlink(),
    "no refs": lambda clone: shutil.rmtree(clone / ".git" / "refs"),
    "no objects": lambda clone: shutil.rmtree(clone / ".git" / "objects"),
    "garbage as config": lambda clone: (clone / ".git" / "config").write_text("[[[\0") and None,
    "garbage as packed refs": lambda clone: (
        (clone / ".git" / "packed-refs").write_bytes(b"\xff" * 9) and None
    ),
    "a new repository": lambda clone: (
        shutil.rmtree(clone / ".git"),
        git(clone, "init", "--quiet", "-b", "mine"),
    )[0],
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_files_of_a_damaged_clone_are_saved(house: House, damage: str) -> None:
    """Whatever became of `.git`, the files are edits on top of the base."""

    def attack(workspace: Workspace) -> None:
        write(workspace.directory, {"a": "edited\n", "n/new": "1\n"})
        DAMAGE[damage](workspace.directory)

    contents, landing = await look_land_leave(house, attack)
    assert contents.dirty == ("a", "n/new")
    if contents.head is None:
        assert isinstance(landing, Refused)
        assert len(landing.reasons[0]) > 100  # with git's own words
    (rescue,) = [one for one in house.rescues if one.ref == "refs/rescue/1/e1"]
    assert house.text(rescue.commit, "a") == "edited"
    assert house.files(rescue.commit) == ["a", "n/new", "sub/b"]
    assert house.in_hub("rev-parse", f"{rescue.commit}^") == house.hub.tip()


async def test_commits_seen_before_the_damage_are_the_base_of_what_is_saved(house: House) -> None:
    """What was read once is not lost when `.git` goes."""

    async with house.workspaces.open(ISSUE, 1) as workspace:
        head = commit(workspace.directory, {"c": "1\n"})
        await house.workspaces.inspect(workspace)
        shutil.rmtree(workspace.directory / ".git")
        assert (await house.workspaces.inspect(workspace)).head is None
    assert [rescue.commit for rescue in house.rescues] == [head]


@pytest.mark.parametrize("instead", ["nothing", "file", "link"])
async def test_a_clone_that_is_gone_harms_nobody(open_house: House, instead: str) -> None:
    """Not even when something else stands in its place: a link leads nobody out."""
    house = open_house
    treasure = house.root / "treasure"
    write(treasure, {"gold": "mine\n"})

    def attack(workspace: Workspace) -> None:
        shutil.rmtree(workspace.directory)
        if instead == "file":
            workspace.directory.write_text("x")
        if instead == "link":
            workspace.directory.symlink_to(treasure)

    contents, landing = await look_land_leave(house, attack)
    assert (contents.head, contents.dirty) == (None, ())
    assert isinstance(landing, Refused)
    assert house.rescues == []
    assert (treasure / "gold").read_text() == "mine\n"


async def test_a_broken_object_is_refused(house: House) -> None:
    """Objects are checked as they come: a tree with a `.git` in it never enters the hub."""
    trees: list[str] = []

    def attack(workspace: Workspace) -> None:
        clone = workspace.directory
        blob = git(clone, "rev-parse", "HEAD:a")
        (clone / "row").write_bytes(b"100644 .GIT\0" + bytes.fromhex(blob))
        tree = git(clone, "hash-object", "-w", "-t", "tree", "--literally", "row")
        (clone / "row").unlink()
        parent = git(clone, "rev-parse", "HEAD")
        bad = git(clone, "commit-tree", tree, "-p", parent, "-m", "evil")
        git(clone, "update-ref", f"refs/heads/{workspace.branch}", bad)
        trees.append(tree)

    _, landing = await look_land_leave(house, attack)
    assert isinstance(landing, Refused)
    assert "hasDotgit" in landing.reasons[0]
    git(house.root, "--git-dir", str(house.hub.path), "cat-file", "-e", trees[0], fails=True)


async def test_good_branches_survive_a_bad_one(house: House) -> None:
    """Every branch that can be read is saved although another one cannot."""
    heads: set[str] = set()

    def attack(workspace: Workspace) -> None:
        clone = workspace.directory
        heads.add(commit(clone, {".github/workflows/x": ""}))
        for name in ("one", "two"):
            git(clone, "checkout", "--quiet", "-b", name, workspace.base)
            heads.add(commit(clone, {name: "1\n"}))
        git(clone, "checkout", "--quiet", workspace.branch)
        (clone / ".git" / "refs" / "heads" / "bad").write_text("1" * 40 + "\n")

    await look_land_leave(house, attack)
    assert {rescue.commit for rescue in house.rescues} == heads


async def test_a_branch_name_is_no_instruction(house: House) -> None:
    """A name that reads like a refspec moves nothing in the hub, and what is in it is saved."""
    tip, heads = house.hub.tip(), [""]

    def attack(workspace: Workspace) -> None:
        clone = workspace.directory
        heads[0] = commit(clone, {".github/workflows/x": ""})
        for name in ("x:refs/heads/main", "*", "x y", "q?"):
            path = clone / ".git" / "refs" / "heads" / "evil" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{heads[0]}\n")

    await look_land_leave(house, attack)
    assert house.hub.tip() == tip
    assert heads[0] in {rescue.commit for rescue in house.rescues}


async def test_the_hub_cannot_be_pushed_to(open_house: House) -> None:
    """Not even outside a box."""
    house = open_house
    tip = house.hub.tip()

    def attack(workspace: Workspace) -> None:
        commit(workspace.directory, {"c": "1\n"})
        for ref in ("main", "refs/nightshift/epochs/1", refs_landed("1", 0)):
            git(workspace.directory, "push", "-f", str(workspace.hub), f"HEAD:{ref}", fails=True)

    assert isinstance((await look_land_leave(house, attack))[1], Merged)
    assert house.in_hub("rev-parse", "main~1") == tip


async def test_a_claim_in_a_ref_file_is_only_a_claim(house: House) -> None:
    """A head that the clone does not have is not believed, though the file says so."""

    def attack(workspace: Workspace) -> None:
        ref = workspace.directory / ".git" / "refs" / "heads" / workspace.branch
        ref.write_text("1" * 40 + "\n")

    contents, landing = await look_land_leave(house, attack)
    assert contents.head is None
    assert isinstance(landing, Refused)


async def test_an_encoding_that_fails_does_not_stop_the_saving(house: House) -> None:
    """Attributes can name an encoding that git cannot produce; ours overrule them."""

    def attack(workspace: Workspace) -> None:
        write(workspace.directory, {".gitattributes": "* working-tree-encoding=UTF-16\n"})
        (workspace.directory / "a").write_bytes(b"\xff\xfe\x00")

    await look_land_leave(house, attack)
    (rescue,) = house.rescues
    size = house.in_hub("cat-file", "-s", f"{rescue.commit}:a")
    assert size == "3"


async def test_names_that_are_no_text_are_saved(house: House) -> None:
    """Line breaks, quotes and bytes that are not UTF-8 in names get through."""
    names = [b"line\nbreak", b'quo"te', b"\xff\xfe", b"-dash", b":colon"]

    def attack(workspace: Workspace) -> None:
        for name in names:
            Path(os.fsdecode(os.fsencode(workspace.directory) + b"/" + name)).write_text("x")

    contents, _ = await look_land_leave(house, attack)
    assert all(path.encode("utf-8") for path in contents.dirty)
    (rescue,) = house.rescues
    listed = house.hub.git.raw("ls-tree", "-r", "--name-only", "-z", rescue.commit, input="")
    assert sorted(listed.strip(b"\0").split(b"\0")) == sorted([*names, b"a", b"sub/b"])
