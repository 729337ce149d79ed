"""`nightshift clean` on real hubs, boards and dead processes: what goes is what was said."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from framework.domain.event import RunStarted
from framework.domain.issue import Change, Draft, State
from framework.journals.sqlite import SqliteJournal
from framework.leases.file import FileLeases
from framework.leases.process import this_process
from framework.trackers.sqlite import SqliteTracker
from tests.integration.hubs import House, commit, git, make_issue, write

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
DAY = 24 * 3600
CLEAN = """
import sys
from framework import effect
from framework.cli.nightshift import main
if sys.argv[1]:
    effect.arm(sys.argv[1])
raise SystemExit(main(["clean", "--no-box", *sys.argv[2:]]))
"""
WORKING = """
import os, sys
from pathlib import Path
import anyio
from tests.integration.hubs import House, commit, make_issue, write
async def main(root, state, how):
    house = House(root)
    house.state = state
    async with house.open_workspaces().open(make_issue("1"), 9) as workspace:
        commit(workspace.directory, {"a": "committed"})
        write(workspace.directory, {"b": "not yet"})
        print("there", flush=True)
        if how == "die":
            os._exit(9)
        input()
anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A project with a closed issue, 1, and an open one, 2; its state is where clean looks."""
    house = House(tmp_path, start={"a": "one\n"})
    digest = hashlib.sha256(os.fsencode(house.project)).hexdigest()[:8]
    shutil.rmtree(house.state)
    house.state = tmp_path / "state" / "nightshift" / f"project-{digest}"
    house.workspaces = house.open_workspaces()
    with closing(SqliteTracker(house.project / ".nightshift" / "issues.db")) as tracker:
        tracker.create(Draft(title="closed"))
        tracker.create(Draft(title="open"))
        tracker.update("1", Change(state=State.CLOSED), forced=True)
    return house


def environment(house: House) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(house.root),
        "XDG_STATE_HOME": str(house.root / "state"),
        "PYTHONPATH": str(ROOT),
    }


def run(house: House, *words: str, crash: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CLEAN, crash, *words],
        cwd=house.project,
        env=environment(house),
        capture_output=True,
        text=True,
        check=False,
    )


def clean(house: House, *words: str, code: int = 0) -> dict[str, Any]:
    ran = run(house, "--json", *words)
    assert ran.returncode == code, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def names(told: dict[str, Any]) -> list[str]:
    return [one["name"] for one in told["items"]]


async def leave(house: House, number: str, epoch: int) -> None:
    async with house.workspaces.open(make_issue(number), epoch) as workspace:
        commit(workspace.directory, {"c": f"{number} {epoch}\n"})


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def make_old(house: House, days: float = 40) -> None:
    """All refs and objects of the hub, as if written that long ago."""
    for folder in ("refs/rescue", "refs/attempts", "objects"):
        for path in (house.hub.path / folder).rglob("*"):
            if path.is_file():
                age(path, days)


def snapshot(house: House) -> set[str]:
    """All refs of the hub, and all files and directories that clean might delete."""
    refs = set(house.in_hub("for-each-ref", "--format=%(refname)").split())
    tops = (house.project / ".nightshift", house.root / "state")
    paths = {str(path) for top in tops for path in top.rglob("*")}
    return refs | {one for one in paths if "/refs/" not in one}


def gone_by(plan: dict[str, Any], before: set[str]) -> set[str]:
    """What of `before` must be gone when the plan is carried out to the letter."""
    gone: set[str] = set()
    for one in plan["items"]:
        roots = one["parts"] if one["kind"] == "objects" else [one["name"], *one["parts"]]
        for root in roots:
            gone |= {path for path in before if path == root or path.startswith(f"{root}/")}
    return gone


@contextmanager
def working(house: House, how: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has a workspace of issue 1 open: with `die`, had."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKING, str(house.root), str(house.state), how],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        try:
            yield process
        finally:
            process.kill()


async def fill(house: House) -> None:
    """Something of every kind that clean knows, old and young."""
    for epoch in range(1, 6):
        await leave(house, "1", epoch)
    await leave(house, "2", 1)
    logs = house.project / ".nightshift" / "logs"
    write(logs, {"session_old.jsonl": "x", "session_new.jsonl": "x", "checks/old.txt": "x" * 9999})
    age(logs / "session_old.jsonl", 31)
    age(logs / "checks" / "old.txt", 31)
    talks = house.project / ".nightshift" / "conversations"
    write(talks, {"1-e1/a.jsonl": "x", "2-e1/b.jsonl": "x", "2-e7/c.jsonl": "x"})
    age(talks / "2-e1", 31)
    write(house.root, {"waste": "nothing refers to it"})
    house.in_hub("hash-object", "-w", str(house.root / "waste"))
    make_old(house)
    write(house.state, {".gone-1/clone/half": "x", ".probe-1/x": "x", "planning/home/x": "x"})
    write(house.project / ".nightshift", {".hub-1/HEAD": "x", ".hub-2/HEAD": "x"})
    stages = house.root / "state" / "nightshift" / "rehearsals"
    write(stages, {"old-1/pocket/x": "x", "new-1/pocket/x": "x"})
    for path in (".probe-1", "planning"):
        age(house.state / path, 2)
    age(house.project / ".nightshift" / ".hub-1", 2)
    age(stages / "old-1", 2)


async def test_a_dry_run_says_item_by_item_what_goes(house: House) -> None:
    """What the dry run lists is gone after the real run, and nothing else is; and it changes
    nothing itself, but for a lock file."""
    await fill(house)
    before = snapshot(house)
    plan = clean(house, "--dry-run")
    assert {one["kind"] for one in plan["items"]} == {
        *("leftover", "log", "conversation", "rehearsal", "ref", "objects")
    }
    talks = {Path(name).name for name in names(plan) if "/conversations/" in name}
    assert talks == {"1-e1", "2-e1"}, "of the closed issue, and the old one of the open issue"
    assert snapshot(house) - {str(house.state / ".places.lock")} == before - {
        str(house.state / ".places.lock")
    }
    done = clean(house)
    assert names(done) == names(plan)
    assert all(one["gone"] for one in done["items"])
    shelves = {one for one in before if one.startswith(str(house.hub.objects))}
    gone = before - snapshot(house)
    assert {one for one in gone if one not in shelves or len(Path(one).name) == 38} == gone_by(
        plan, before
    )
    assert done["freed"] == plan["freed"] > 0
    assert clean(house)["items"] == []


async def test_the_text_says_the_same(house: House) -> None:
    """Each line of the dry run is a line of the real run, which ends with what is freed."""
    await fill(house)
    told = run(house, "--dry-run").stdout.splitlines()
    done = run(house).stdout.splitlines()
    assert told[:-1] == done[:-1]
    assert "would go" in told[-1]
    assert "freed" in done[-1]
    assert run(house).stdout == "0 things gone, 0 B freed.\n"


async def test_saved_work_goes_by_age_and_count(house: House) -> None:
    """Of closed issues, older than the days, and beyond the newest: never of others."""
    for epoch in range(1, 6):
        await leave(house, "1", epoch)
        await leave(house, "2", epoch)
        await leave(house, "gone", epoch)
    rescues = lambda told: [one for one in names(told) if one.startswith("refs/rescue")]  # noqa: E731
    assert rescues(clean(house, "--dry-run")) == []
    make_old(house, 31)
    assert rescues(clean(house, "--dry-run")) == ["refs/rescue/1/e2", "refs/rescue/1/e1"]
    assert rescues(clean(house, "--dry-run", "--days", "32")) == []
    assert len(rescues(clean(house, "--dry-run", "--keep", "1"))) == 4
    clean(house, "--keep", "0")
    left = house.in_hub("for-each-ref", "--format=%(refname)", "refs/rescue/").split()
    assert {one.split("/")[2] for one in left} == {"2", "gone"}
    assert len(left) == 10


async def test_attempts_go_once_their_work_stands_elsewhere(house: House) -> None:
    """The fetched branch of a closed issue, saved under refs/rescue/, goes at once; of an open
    one it stays, and so does the only ref to some work."""
    await leave(house, "1", 1)
    await leave(house, "1", 2)
    await leave(house, "2", 1)
    house.in_hub("update-ref", "-d", "refs/rescue/1/e2")
    assert names(clean(house)) == ["refs/attempts/1/e1"]
    assert house.in_hub("rev-parse", "refs/rescue/1/e1", "refs/attempts/1/e2", "refs/attempts/2/e1")


async def test_a_dead_agents_work_is_saved_before_it_goes(house: House) -> None:
    """Commits and edits are under refs/rescue/ when the directory is gone, whenever we die."""
    with working(house, "die") as process:
        assert process.wait() == 9
    place = house.state / "1-e9"
    for point in ("rescue:before", "rescue:after", "tidy:before"):
        assert run(house, crash=point).returncode == -signal.SIGKILL
        assert (place / "clone" / "b").exists()
    told = clean(house)
    (one,) = told["items"]
    assert (one["kind"], one["name"]) == ("workspace", str(place))
    assert one["saved"] == ["refs/rescue/1/e9"]
    assert not place.exists()
    assert house.text("refs/rescue/1/e9", "a") == "committed"
    assert house.text("refs/rescue/1/e9", "b") == "not yet"
    assert "workspaces borrow them" in "".join(told["kept"])


async def test_what_cannot_be_saved_stays(house: House) -> None:
    """One workspace that cannot be read keeps none of the others; the end is not success."""
    with working(house, "die"):
        pass
    write(house.state, {"0-e1/owner.lock": "", "0-e1/attempt.json": "{"})
    told = clean(house, code=1)
    assert [one["gone"] for one in told["items"]] == [False, True]
    assert "cannot be read" in told["items"][0]["left"]
    assert (house.state / "0-e1" / "attempt.json").exists()


async def test_the_living_are_left_alone(house: House) -> None:
    """Neither a workspace that a process holds, nor one whose lease lives, nor any object."""
    await fill(house)
    with working(house, "live"):
        told = clean(house)
        assert (house.state / "1-e9" / "clone" / "b").exists()
    assert not any(one["kind"] in ("workspace", "objects") for one in told["items"])
    assert "a living process works there" in "".join(told["kept"])
    assert "refs/attempts/1/e9" not in names(told)
    with closing(FileLeases(house.project / ".nightshift" / "leases", floor=lambda _: 8)) as store:
        store.establish()
        lease = store.acquire("1", "run", timedelta(hours=1), process=this_process())
    assert lease is not None
    assert lease.epoch == 9
    told = clean(house)
    assert "its claim lives" in "".join(told["kept"])
    assert (house.state / "1-e9" / "clone" / "b").exists()


async def test_beside_a_run_only_what_is_safe_goes(house: House) -> None:
    """While a run goes, whatever it may be making stays, and so do all objects: it is said."""
    await fill(house)
    me = this_process()
    started = RunStarted(
        project=str(house.project),
        target="main",
        slots=1,
        tracker="sqlite",
        agent="scripted",
        host=me.host,
        boot=me.boot,
        pid=me.pid,
        started=me.started,
    )
    with closing(SqliteJournal(house.project / ".nightshift" / "journal.db", run="r1")) as journal:
        journal.append(started)
    stage = house.root / "state" / "nightshift" / "rehearsals" / "old-1"
    (stage / "pocket" / ".nightshift").mkdir()
    with closing(SqliteJournal(stage / "pocket/.nightshift/journal.db", run="r2")) as journal:
        journal.append(started)
    age(stage, 2)
    told = clean(house, "--days", "0")
    assert "r1 is going" in "".join(told["kept"])
    assert (house.project / ".nightshift" / "logs" / "session_new.jsonl").exists()
    kinds = [one["kind"] for one in told["items"]]
    assert {"log", "ref"} <= set(kinds)
    assert "objects" not in kinds
    assert "rehearsal" not in kinds
    assert (house.state / "planning").exists()
    assert (house.state / ".probe-1").exists()
    assert stage.exists()


async def test_no_link_is_followed(house: House) -> None:
    """A workspace, logs, a stage or a file that is a link: what it points to stays as it is."""
    treasure = house.root / "treasure"
    files = {"owner.lock": "", "attempt.json": '{"issue": "1", "epoch": 1, "base": "0"}'}
    write(treasure, {**files, "index": "", "clone/gold": "yes", "checks/old": "yes"})
    for path in (treasure, *treasure.rglob("*")):
        age(path, 90)
    before = {path: path.stat().st_mtime_ns for path in treasure.rglob("*")}
    stages = house.root / "state" / "nightshift" / "rehearsals"
    stages.mkdir(parents=True)
    for link in (
        *(house.state / name for name in ("1-e1", ".gone-1", ".probe-1", "planning")),
        house.project / ".nightshift" / "logs",
        stages / "old-1",
    ):
        link.symlink_to(treasure)
    assert clean(house)["items"] == []
    assert {path: path.stat().st_mtime_ns for path in treasure.rglob("*")} == before


@pytest.mark.parametrize("number", [2, 7, 8, 9], ids=["tree", "stage", "refs", "objects"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_kill_in_the_middle_is_made_good(house: House, when: str, number: int) -> None:
    """Killed at any of its removals and started again, it ends as it would have."""
    await fill(house)
    before = snapshot(house)
    plan = clean(house, "--dry-run")
    killed = run(house, crash=f"tidy:{when}:{number}")
    assert killed.returncode == -signal.SIGKILL, killed.stdout
    clean(house)
    assert not gone_by(plan, before) & snapshot(house)
    assert clean(house)["items"] == []
    assert house.in_hub("fsck", "--strict") == ""


async def test_half_a_deletion_is_ended_by_the_next(house: House) -> None:
    """What lost its name before a kill is known by that, wherever it was."""
    state = house.root / "state" / "nightshift"
    every = [
        *(house.state / ".gone-1", house.project / ".nightshift" / ".gone-2"),
        *(state / ".gone-3", state / "rehearsals" / ".gone-4"),
    ]
    for path in every:
        write(path, {"half": "x"})
    assert sorted(names(clean(house))) == sorted(map(str, every))
    assert not any(path.exists() for path in every)


async def test_a_nest_of_any_depth_is_deleted(house: House) -> None:
    """Deeper than Python calls, than files may be open and than paths are long."""
    top = house.state / ".gone-1"
    top.mkdir(parents=True)
    handle = os.open(top, os.O_RDONLY)
    for _ in range(5000):
        os.mkdir("in", dir_fd=handle)
        inner = os.open("in", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    assert names(clean(house)) == [str(top)]
    assert not top.exists()


async def test_objects_in_use_or_young_stay(house: House) -> None:
    """All that a ref needs is there afterwards, and what nothing needs stays for a day."""
    await fill(house)
    write(house.root, {"young": "made just now"})
    young = house.in_hub("hash-object", "-w", str(house.root / "young"))
    kept = house.in_hub("rev-parse", "refs/rescue/2/e1", "refs/rescue/1/e5", "main").split()
    clean(house, "--days", "0", "--keep", "1")
    assert house.in_hub("cat-file", "-t", young) == "blob"
    for one in kept:
        house.in_hub("rev-list", "--objects", one)
    assert house.in_hub("fsck", "--strict", "--no-dangling") == ""


async def test_without_a_board_all_saved_work_stays(house: House) -> None:
    """Whether issues are closed cannot be asked then, which is said."""
    await fill(house)
    (house.project / ".nightshift" / "issues.db").unlink()
    told = clean(house)
    assert "cannot be asked for" in told["kept"][0]
    assert not any(one["kind"] == "ref" for one in told["items"])


async def test_a_project_without_anything_has_nothing_to_clean(house: House) -> None:
    """Nothing goes, and nothing is made; where no run has worked it is wrong usage."""
    bare = house.root / "bare"
    (bare / ".nightshift").mkdir(parents=True)
    assert clean(house, str(bare))["items"] == []
    assert list((bare / ".nightshift").iterdir()) == []
    empty = house.root / "empty"
    empty.mkdir()
    ran = run(house, str(empty))
    assert ran.returncode == 2
    assert "no run has worked there" in ran.stderr


async def test_a_rehearsal_takes_its_workspaces_with_it(house: House) -> None:
    """A stage that ended goes with its state directory, unless it is the project itself."""
    state = house.root / "state" / "nightshift"
    stage = state / "rehearsals" / "20260101-000000-abcd"
    project = stage / "pocket"
    write(project, {".nightshift/x": "x"})
    digest = hashlib.sha256(os.fsencode(project)).hexdigest()[:8]
    write(state / f"pocket-{digest}", {".places.lock": ""})
    age(stage, 2)
    assert clean(house, str(project))["items"] == []
    (one,) = clean(house)["items"]
    assert (one["name"], one["parts"]) == (str(stage), [str(state / f"pocket-{digest}")])
    assert sorted(path.name for path in state.iterdir()) == [house.state.name, "rehearsals"]
    assert git(house.project, "status", "--porcelain") == ""
