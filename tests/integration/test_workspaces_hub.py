"""The hub is made from whatever a person's project is, and changes nothing that is theirs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framework.domain.errors import GitFailed, GitMissing, LeaseLost, TargetMissing, WorkspaceError
from framework.workspaces import _git
from framework.workspaces._git import Git
from framework.workspaces.hub import Hub, epoch_object
from tests.integration.hubs import commit, git, write

LOST = {
    "no head": lambda hub: (hub / "HEAD").unlink(),
    "no objects": lambda hub: (hub / "objects").rename(hub / "gone"),
    "empty objects": lambda hub: _overwrite(hub, b""),
    "other objects": lambda hub: _overwrite(hub, b"garbage" * 10),
    "settings": lambda hub: (hub / "config").write_text("[core\n"),
}


def _overwrite(hub: Path, data: bytes) -> None:
    for one in (hub / "objects").rglob("*"):
        if one.is_file():
            one.chmod(0o644)
            one.write_bytes(data)


def make(project: Path, target: str | None = None) -> Hub:
    return Hub(project=project, path=project / ".nightshift" / "hub.git", target=target)


def repository(project: Path, branch: str = "main") -> Path:
    project.mkdir(parents=True)
    git(project, "init", "--quiet", "-b", branch)
    return project


def test_a_directory_that_is_not_there_becomes_a_repository(tmp_path: Path) -> None:
    """An empty project starts with one empty commit, in the hub only."""
    hub = make(tmp_path / "todo")
    assert hub.target == "main"
    assert hub.git.run("log", "--format=%s%n%cn", hub.tip()) == "Start of todo\nNightshift"
    assert hub.git.run("ls-tree", hub.tip()) == ""
    assert git(tmp_path / "todo", "for-each-ref") == ""
    assert git(tmp_path / "todo", "status", "--porcelain") == ""


def test_loose_files_become_a_repository_and_stay_untracked(tmp_path: Path) -> None:
    """Nothing is added to git that a person did not add."""
    write(tmp_path / "p", {"app_spec.txt": "a spec"})
    hub = make(tmp_path / "p")
    assert git(tmp_path / "p", "status", "--porcelain") == "?? app_spec.txt"
    assert hub.git.run("ls-tree", hub.tip()) == ""


def test_a_fresh_repository_keeps_its_branch_name(tmp_path: Path) -> None:
    """An unborn branch is the target."""
    assert make(repository(tmp_path / "p", "trunk")).target == "trunk"


def test_a_dirty_checkout_stays_as_it_is(tmp_path: Path) -> None:
    """The hub takes the commits; index and files are not even touched."""
    project = repository(tmp_path / "p")
    first = commit(project, {"a": "1\n", "b": "1\n"})
    write(project, {"a": "2\n", "b": "2\n", "new": "x"})
    git(project, "add", "b")
    before = (project / ".git" / "index").read_bytes(), git(project, "status", "--porcelain")
    hub = make(project)
    assert hub.tip() == first
    assert ((project / ".git" / "index").read_bytes(), git(project, "status", "--porcelain")) == (
        before
    )


def test_the_hub_borrows_nothing_from_the_project(tmp_path: Path) -> None:
    """A project that loses its objects cannot take the hub's with it."""
    project = repository(tmp_path / "p")
    commit(project, {"a": "1\n"})
    hub = make(project)
    assert not (hub.objects / "info" / "alternates").exists()
    (project / ".git" / "objects").rename(tmp_path / "gone")
    assert hub.git.run("fsck", "--full", "--strict") == ""


def test_a_detached_head_asks_for_a_target(tmp_path: Path) -> None:
    """Nobody guesses a branch; naming one is enough."""
    project = repository(tmp_path / "p")
    first = commit(project, {"a": "1\n"})
    git(project, "checkout", "--quiet", "--detach")
    with pytest.raises(TargetMissing, match="git switch main"):
        make(project)
    assert make(project, "main").tip() == first


def test_a_target_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A typing error does not start a branch of its own."""
    project = repository(tmp_path / "p")
    commit(project, {"a": "1\n"})
    with pytest.raises(TargetMissing, match="git branch mian"):
        make(project, "mian")
    with pytest.raises(TargetMissing, match="no branch name"):
        make(project, "a..b")


def test_two_targets_share_a_hub(tmp_path: Path) -> None:
    """A second branch is taken from the project when it is first landed on."""
    project = repository(tmp_path / "p")
    first = commit(project, {"a": "1\n"})
    make(project)
    git(project, "checkout", "--quiet", "-b", "next")
    second = commit(project, {"a": "2\n"})
    assert make(project).tip() == second
    assert make(project, "main").tip() == first


def test_a_linked_worktree_is_a_project(tmp_path: Path) -> None:
    """Its own branch is the target, and its repository's exclude file hides our directory."""
    repository(tmp_path / "p")
    commit(tmp_path / "p", {"a": "1\n"})
    git(tmp_path / "p", "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "w"))
    assert make(tmp_path / "w").target == "side"
    assert git(tmp_path / "w", "status", "--porcelain") == ""


def test_a_part_of_a_repository_is_refused_by_name(tmp_path: Path) -> None:
    """The message names the directory to give instead."""
    project = repository(tmp_path / "p")
    commit(project, {"src/a": "1\n"})
    with pytest.raises(WorkspaceError, match=f"{project}: give that directory"):
        make(project / "src")


def test_a_new_directory_inside_a_repository_gets_its_own(tmp_path: Path) -> None:
    """What the outer repository does not track is nobody's yet."""
    outer = repository(tmp_path / "p")
    commit(outer, {"a": "1\n"})
    write(outer / "generations" / "todo", {".nightshift/issues.db": ""})
    hub = make(outer / "generations" / "todo")
    assert git(outer / "generations" / "todo", "rev-parse", "--show-prefix") == ""
    assert hub.git.run("log", "--format=%s", hub.tip()) == "Start of todo"


@pytest.mark.parametrize("place", ["bare", "bare/refs", "p/.git"])
def test_no_checkout_no_project(tmp_path: Path, place: str) -> None:
    """Bare repositories and git's own directories are refused."""
    repository(tmp_path / "p")
    git(tmp_path, "init", "--quiet", "--bare", "bare")
    with pytest.raises(WorkspaceError, match="checkout"):
        make(tmp_path / place)


def test_a_shallow_clone_is_refused(tmp_path: Path) -> None:
    """Without its history nothing can be merged; the message says how to get it."""
    commit(repository(tmp_path / "p"), {"a": "1\n"})
    commit(tmp_path / "p", {"a": "2\n"})
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/p", "s")
    with pytest.raises(WorkspaceError, match="--unshallow"):
        make(tmp_path / "s")


def test_our_directory_is_excluded_once(tmp_path: Path) -> None:
    """Opening again adds nothing to the person's exclude file, and keeps what is in it."""
    project = repository(tmp_path / "p")
    exclude = project / ".git" / "info" / "exclude"
    exclude.write_text("mine")
    make(project)
    make(project)
    assert exclude.read_text() == "mine\n.nightshift/\n"


def test_what_a_kill_left_of_a_hub_is_in_nobodys_way(tmp_path: Path) -> None:
    """A half-made hub has another name; one without its target gets it."""
    (tmp_path / "p" / ".nightshift" / ".hub-dead" / "refs").mkdir(parents=True)
    hub = make(tmp_path / "p")
    hub.git.run("update-ref", "-d", "refs/heads/main")
    assert make(tmp_path / "p").tip()


def test_a_hub_is_made_once_by_many(tmp_path: Path) -> None:
    """Runners that start together end with one hub and one first commit."""
    project = repository(tmp_path / "p")
    with ThreadPoolExecutor(6) as pool:
        tips = {hub.tip() for hub in pool.map(make, [project] * 6)}
    assert len(tips) == 1
    assert [one.name for one in (project / ".nightshift").iterdir()] == ["hub.git"]


def test_nobody_can_push(tmp_path: Path) -> None:
    """An agent outside a box is refused by the hub itself."""
    hub = make(tmp_path / "p")
    clone = repository(tmp_path / "c")
    commit(clone, {"a": "1\n"})
    said = git(clone, "push", "-f", str(hub.path), "HEAD:refs/heads/main", fails=True)
    assert "Nobody pushes here" in said
    assert git(clone, "push", str(hub.path), "HEAD:refs/heads/mine", fails=True)


def test_epochs_only_rise(tmp_path: Path) -> None:
    """Equal or lower ones are lost leases; another process reads the same."""
    hub = make(tmp_path / "p")
    assert hub.epoch("a/b c") == 0
    hub.raise_epoch("a/b c", 2)
    hub.raise_epoch("a/b c", 7)
    for late in (2, 7):
        with pytest.raises(LeaseLost, match="7"):
            hub.raise_epoch("a/b c", late)
    assert make(tmp_path / "p").epoch("a/b c") == 7
    hub.git.run("pack-refs", "--all")
    assert hub.epoch("a/b c") == 7


def test_epochs_raised_at_once_end_at_the_highest(tmp_path: Path) -> None:
    """Whoever is told that its epoch counts had the highest one at that moment."""
    hub = make(tmp_path / "p")

    def raise_to(epoch: int) -> bool:
        try:
            hub.raise_epoch("1", epoch)
        except LeaseLost:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(raise_to, [3, 1, 6, 2, 5, 4]))
    assert hub.epoch("1") == 6
    assert won[2]


def test_the_epochs_object_is_gits(tmp_path: Path) -> None:
    """The name that is computed for an epoch is the one git gives."""
    hub = make(tmp_path / "p")
    assert hub.git.run("hash-object", "--stdin", input="12") == epoch_object(12)


def test_blobs_are_read_in_one_go(tmp_path: Path) -> None:
    """What is missing, a directory or not nameable is None; order and bytes are kept."""
    project = repository(tmp_path / "p")
    commit(project, {"a": "one\n", "d/b": "", "c": "x" * 100_000})
    hub = make(project)
    names = [f"main:{one}" for one in ("c", "none", "d", "d/b", "a\nb", "a")]
    assert hub.blobs(names) == [b"x" * 100_000, None, None, b"", None, b"one\n"]


def test_git_that_fails_says_what_failed(tmp_path: Path) -> None:
    """The command and git's own words are in the error."""
    hub = make(tmp_path / "p")
    with pytest.raises(GitFailed, match=r"`git rev-parse --verify none` failed \(128\): fatal"):
        hub.git.run("rev-parse", "--verify", "none")


def test_git_that_hangs_is_stopped(tmp_path: Path) -> None:
    """A command over its limit is killed with its children, and the error says so."""
    hub = make(tmp_path / "p")
    with pytest.raises(GitFailed, match="took longer"):
        hub.git.run("-c", "alias.hang=!sleep 60", "hang", seconds=0.05)


@pytest.mark.parametrize("version", ["git version 2.37.9", "no git at all"])
def test_an_old_git_is_refused(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says which one is needed."""
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    _git._program.cache_clear()
    try:
        with pytest.raises(GitMissing, match=r"2\.38"):
            make(tmp_path / "p")
        program.unlink()
        _git._program.cache_clear()
        with pytest.raises(GitMissing, match="not installed"):
            make(tmp_path / "p")
    finally:
        _git._program.cache_clear()


def test_the_persons_environment_does_not_reach_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that would send git elsewhere are not passed on."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    hub = make(tmp_path / "p")
    assert hub.git.run("config", "--get-all", "gc.auto") == "0\n0"
    listed = Git().run("-c", "alias.environment=!env", "environment").splitlines()
    assert not [row for row in listed if "elsewhere" in row]


def test_a_stale_lock_on_an_epoch_goes_away_by_its_age(tmp_path: Path) -> None:
    """A dead process's lock does not keep an issue from being worked on; a fresh one does."""
    hub = make(tmp_path / "p")
    hub.raise_epoch("1", 1)
    lock = hub.path / "refs" / "nightshift" / "epochs" / "1.lock"
    lock.touch()
    with pytest.raises(GitFailed, match="lock"):
        hub.raise_epoch("1", 2)
    os.utime(lock, (1, 1))
    hub.raise_epoch("1", 2)
    assert hub.epoch("1") == 2


def test_a_killed_git_leaves_locks_that_are_swept(tmp_path: Path) -> None:
    """Alone, all locks go, and half-written packs; beside others only those that no live git of
    ours can hold."""
    hub = make(tmp_path / "p")
    half = [hub.objects / "pack" / name for name in ("tmp_pack_x", ".tmp-1-pack-x.pack")]
    for one in half:
        one.touch()
    old, new = hub.path / "HEAD.lock", hub.path / "refs" / "heads" / "main.lock"
    old.touch()
    new.touch()
    os.utime(old, (1, 1))
    hub.sweep(alone=False)
    assert (old.exists(), new.exists()) == (False, True)
    assert all(one.exists() for one in half)
    hub.sweep(alone=True)
    assert not any(one.exists() for one in (new, *half))


def test_subprocesses_are_not_interrupted_with_us(tmp_path: Path) -> None:
    """Host git runs in a session of its own, so an interrupt at the terminal does not stop it."""
    hub = make(tmp_path / "p")
    said = hub.git.run("-c", "alias.sid=!cut -d' ' -f6 /proc/self/stat", "sid")
    assert int(said) != os.getsid(0)


@pytest.mark.parametrize("lost", LOST)
def test_a_damaged_hub_is_told_with_the_way_out(tmp_path: Path, lost: str) -> None:
    """In words that name it and say what is safe; done as they say, all begins anew from the
    project. A question that git cannot answer is no damage."""
    project = repository(tmp_path / "p")
    first = commit(project, {"a": "one\n"})
    hub = make(project)
    with pytest.raises(GitFailed, match="`git rev-parse"):
        hub.git.run("rev-parse", "--verify", "nothing")
    LOST[lost](hub.path)
    with pytest.raises(GitFailed) as raised:
        hub.git.run("ls-tree", "-r", "refs/heads/main")
    told = str(raised.value)
    assert told.startswith(f"The hub {hub.path} is damaged (")
    assert "\n" not in told
    assert "Rename the hub: the next run makes a new one from your project" in told
    hub.path.rename(project / ".nightshift" / "renamed.git")
    assert make(project).tip() == first


def test_what_landed_long_ago_is_asked_of_git(tmp_path: Path) -> None:
    """A hub that was told of thousands of landings knows each, and keeps few in memory."""
    hub = make(tmp_path / "p")
    first = hub.tip()
    hub.note_landed(first)
    for number in range(2000):
        hub.note_landed(f"{number:040x}")
    assert hub.has_landed(first)
    assert not hub.has_landed(hub.commit(hub.tree(first), message="not landed"))
    assert len(hub._landed) < 1000
