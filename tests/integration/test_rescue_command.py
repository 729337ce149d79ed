"""`nightshift rescue` on real hubs: what is listed, what is shown, and what a restore touches."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from framework.domain.issue import Draft
from framework.trackers.sqlite import SqliteTracker
from tests.integration.hubs import NOBODY, House, commit, git, make_issue, write

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; from framework.cli.nightshift import main; raise SystemExit(main())"
ESCAPE = "\x1b]0;owned\x07"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A project with a board of one issue."""
    house = House(tmp_path, start={"a": "one\n", "d/b": "two\n"})
    with closing(SqliteTracker(house.project / ".nightshift" / "issues.db")) as tracker:
        tracker.create(Draft(title=f"Parse {ESCAPE}amounts"))
    return house


def rescue(house: House, *words: str, code: int = 0) -> str:
    """What the command prints: to stdout when it ends well, else to stderr."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "rescue", *words],
        cwd=house.project,
        env={"PATH": os.environ["PATH"], "HOME": str(house.root), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stderr if code else ran.stdout


def listed(house: House, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(rescue(house, "list", "--json", *words))["items"]
    return found


async def leave(house: House, number: str, epoch: int, files: dict[str, str]) -> None:
    """An attempt that commits one file and leaves the others as they are, uncommitted."""
    async with house.workspaces.open(make_issue(number), epoch) as workspace:
        commit(workspace.directory, {"c": f"{number} {epoch}\n"})
        write(workspace.directory, files)


def state_of(project: Path) -> tuple[str, ...]:
    """All of the person's that a restore must not touch."""
    return (
        git(project, "status", "--porcelain"),
        git(project, "symbolic-ref", "HEAD"),
        git(project, "for-each-ref", "refs/heads/main", "refs/heads/mine"),
        (project / ".git" / "index").read_bytes().hex(),
        str((project / ".git" / "FETCH_HEAD").exists()),
    )


async def test_the_list_tells_of_each_what_it_holds(house: House) -> None:
    """Commits and lines beyond the target, edits, the title, and the latest attempt first."""
    await leave(house, "1", 1, {})
    await leave(house, "1", 2, {"a": "two\nthree\n"})
    await leave(house, "7", 1, {})
    later, earlier, unknown = listed(house)
    assert (later["ref"], earlier["ref"]) == ("refs/rescue/1/e2", "refs/rescue/1/e1")
    assert (later["commits"], later["files"], later["added"], later["removed"]) == (2, 2, 3, 1)
    assert (later["uncommitted"], earlier["uncommitted"]) == (True, False)
    assert earlier["commits"] == 1
    assert later["title"].startswith("Parse")
    assert (unknown["issue"], unknown["title"]) == ("7", None)
    assert [one["landed"] for one in (later, earlier)] == [False, False]
    assert [one["name"] for one in listed(house, "--issue", "7")] == ["7/e1"]
    text = rescue(house, "list")
    assert "1/e2" in text
    assert "with edits" in text
    assert "#1 Parse" in text
    assert "\x1b" not in text


async def test_what_has_landed_meanwhile_is_said(house: House) -> None:
    """Once the target contains it there is nothing beyond it, and its change still is shown."""
    await leave(house, "1", 1, {})
    issue = make_issue("2")
    async with house.workspaces.open(issue, 1) as workspace:
        git(workspace.directory, "fetch", "--quiet", str(house.hub.path), "refs/rescue/1/e1")
        git(workspace.directory, "merge", "--quiet", "--no-ff", "-m", "take", "FETCH_HEAD")
        await house.lander.land(workspace, issue, NOBODY)
    (one,) = listed(house)
    assert (one["landed"], one["commits"]) == (True, 0)
    assert "+1 1" in rescue(house, "show", "1", "--patch")


async def test_a_project_without_saved_work_has_an_empty_list(house: House) -> None:
    """In words, and as JSON; and a directory without a run is wrong usage."""
    assert "Nothing is saved" in rescue(house, "list")
    assert listed(house) == []
    assert "no run has worked there" in rescue(house, "list", str(house.root), code=2)


async def test_a_patch_is_what_git_applies(house: House) -> None:
    """Piped, the patch is byte for byte what the attempt changed, binary files included."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        write(workspace.directory, {"a": "\x00\x01binary\n", "new": "x\n"})
        (workspace.directory / "d" / "b").unlink()
    patch = rescue(house, "show", "1/e1", "--patch")
    (house.root / "patch").write_text(patch)
    git(house.project, "apply", str(house.root / "patch"))
    assert (house.project / "a").read_text() == "\x00\x01binary\n"
    assert (house.project / "new").read_text() == "x\n"
    assert not (house.project / "d" / "b").exists()


async def test_without_a_patch_the_commits_and_files_are_shown(house: House) -> None:
    """The default is an overview; refs are taken long and short."""
    await leave(house, "1", 1, {"a": "two\n"})
    for name in ("1", "#1", "1/e1", "rescue/1/e1", "refs/rescue/1/e1"):
        text = rescue(house, "show", name)
        assert "Uncommitted edits of attempt 1" in text
        assert "2 files changed" in text
    assert "Nothing is saved under" in rescue(house, "show", "9", code=1)


async def test_a_terminal_gets_no_control_codes(house: House) -> None:
    """What an agent put into files and messages cannot act on the screen it is shown on."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        commit(workspace.directory, {"a": f"{ESCAPE}two\n"}, f"work {ESCAPE}")
    for how in ("--patch", "--stat"):
        shown = on_terminal(house, "show", "1", how)
        assert b"two" in shown or how == "--stat"
        assert b"\x1b" not in shown
        assert b"\x07" not in shown


def on_terminal(house: House, *words: str) -> bytes:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "rescue", *words],
        cwd=house.project,
        env={"PATH": os.environ["PATH"], "HOME": str(house.root), "PYTHONPATH": str(ROOT)},
        stdout=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 0
    return shown


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError:  # Linux says so when the other side has closed
        return b""


async def test_showing_runs_no_program_of_the_project(house: House) -> None:
    """Attributes that ask for a driver, in the work and in the target, start nothing."""
    trap = house.root / "sprung"
    attributes = "* diff=trap filter=trap\n"
    config = f'[diff "trap"]\n\ttextconv = touch {trap};\n\tcommand = touch {trap};\n'
    await house.land("2", {".gitattributes": attributes})
    await leave(house, "1", 1, {".gitattributes": attributes, "d/b": "three\n"})
    (house.root / ".gitconfig").write_text(config)
    git(house.project, "config", "diff.trap.textconv", f"touch {trap};")
    assert "three" in rescue(house, "show", "1", "--patch")
    assert not trap.exists()


async def test_a_restore_makes_a_branch_and_nothing_else(house: House) -> None:
    """Checkout, index, edits and other branches stay; repeating it is fine."""
    await leave(house, "1", 3, {"a": "two\n"})
    (ref,) = house.rescues
    git(house.project, "branch", "mine")
    write(house.project, {"a": "the person's own edit\n"})
    before = state_of(house.project)
    text = rescue(house, "restore", "1")
    assert "git switch rescue/1-e3" in text
    assert git(house.project, "rev-parse", "rescue/1-e3") == ref.commit
    assert git(house.project, "show", "rescue/1-e3:a") == "two"
    rescue(house, "restore", "1/e3", "--branch", "again")
    rescue(house, "restore", "1/e3", "--branch", "again")
    assert git(house.project, "rev-parse", "again") == ref.commit
    assert state_of(house.project) == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mine", "is there already"),
        ("main", "is there already"),
        ("main/x", "cannot be made"),
        ("-f", "no branch name"),
        ("a..b", "no branch name"),
    ],
)
async def test_a_name_that_is_taken_is_refused(house: House, name: str, why: str) -> None:
    """An existing branch is never moved, and what cannot be a branch is said in words."""
    await leave(house, "1", 1, {})
    git(house.project, "branch", "mine")
    before = state_of(house.project)
    said = rescue(house, "restore", "1", f"--branch={name}", code=1)
    assert why in said
    assert "--branch" in said
    assert state_of(house.project) == before


async def test_a_branch_that_is_checked_out_without_commits_is_refused(house: House) -> None:
    """Its first commit would change what the person has checked out."""
    await leave(house, "1", 1, {})
    git(house.project, "checkout", "--quiet", "--orphan", "fresh")
    assert "is there already" in rescue(house, "restore", "1", "--branch", "fresh", code=1)
    assert git(house.project, "symbolic-ref", "HEAD") == "refs/heads/fresh"
    git(house.project, "rev-parse", "--verify", "fresh", fails=True)


async def test_what_is_no_commit_is_listed_and_told(house: House) -> None:
    """A ref that a person has put there may name a file's content: git shows that."""
    blob = house.in_hub("rev-parse", "main:a")
    house.in_hub("update-ref", "refs/rescue/1/e1-odd", blob)
    (odd,) = listed(house)
    assert (odd["commit"], odd["commits"]) == (blob, None)
    assert "no commit" in rescue(house, "list")
    assert "is no commit" in rescue(house, "show", odd["ref"], code=1)
    assert "is no commit" in rescue(house, "restore", odd["ref"], code=1)


async def test_no_hub_nothing_saved_and_a_damaged_one_are_told_apart(house: House) -> None:
    """Only where all can be seen it is said that nothing is saved, and nowhere that all landed."""
    assert rescue(house, "list") == f"Nothing is saved in {house.hub.path}.\n"
    assert "Nothing is saved of issue 7 in" in rescue(house, "list", "--issue", "#7")
    (house.hub.path / "HEAD").rename(house.root / "HEAD")
    assert f"The hub {house.hub.path} is damaged" in rescue(house, "list", code=1)
    house.hub.path.rename(house.root / "renamed")
    assert rescue(house, "list").startswith(f"There is no hub at {house.hub.path}, so nothing")
