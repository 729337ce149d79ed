"""Landing moves the target only for what was merged, gated and checked, and only once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from framework.domain.errors import GitFailed
from framework.domain.merge import Clash, Merged, Nothing, Refused, Superseded
from framework.workspaces import refs
from tests.integration.hubs import NOBODY, House, commit, git, make_issue, refs_landed, write

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start={"a": "one\n", "b": "two\n"})


async def test_a_landing_is_a_merge_by_the_runner(house: House) -> None:
    """Tip and the agent's head are its parents, the trailers name issue and attempt, and the
    proof says all of it."""
    base = house.hub.tip()
    issue = make_issue("7", reopened=2, uid="board:7")
    async with house.workspaces.open(issue, 4) as workspace:
        head = commit(workspace.directory, {"c": "1\n"})
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Merged)
    proof, tip = landing.proof, house.hub.tip()
    assert (proof.commit, proof.base, proof.head) == (tip, base, head)
    assert (proof.target, proof.epoch) == ("main", 4)
    assert house.in_hub("log", "-1", "--format=%P%n%T%n%cn", tip) == (
        f"{base} {head}\n{proof.tree}\nNightshift"
    )
    assert house.in_hub("log", "-1", "--format=%B", tip) == (
        "Land issue 7: Issue 7\n\nIssue: board:7#2\nAttempt: 4"
    )
    assert house.in_hub("rev-parse", refs_landed("7", 2) + "^{commit}") == tip
    assert await house.lander.landed(issue) == proof
    assert await house.lander.landed(make_issue("7", reopened=1)) is None


async def test_a_later_issue_of_the_same_name_has_not_landed(house: House) -> None:
    """As after a board was brought back from a backup: it is worked on and lands by itself, and
    the record of the earlier one is kept aside."""
    assert isinstance(await house.land("7", {"c": "1\n"}), Merged)
    earlier = house.hub.ref(refs_landed("7", 0))
    later = replace(make_issue("7"), created_at=datetime.now(UTC) + timedelta(minutes=1))
    assert await house.lander.landed(make_issue("7")) is not None
    assert await house.lander.landed(later) is None
    async with house.workspaces.open(later, 2) as workspace:
        commit(workspace.directory, {"d": "1\n"})
        landing = await house.lander.land(workspace, later, NOBODY)
    assert isinstance(landing, Merged)
    assert house.in_hub("for-each-ref", "--format=%(objectname)", "refs/landed-before") == earlier


async def test_a_title_cannot_smuggle_trailers(house: House) -> None:
    """Whatever people write into a title stays in the first line."""
    title = "Nice\n\nIssue: board:99#0\r\nAttempt: 1\x1b[31m\u2028x"
    landing = await house.land("1", {"c": "1\n"}, title=title)
    assert isinstance(landing, Merged)
    format = "%(trailers:key=Issue,valueonly,separator=%x2C)"
    tip = house.hub.tip()
    assert house.in_hub("log", "-1", f"--format={format}", tip) == "board:1#0"
    assert "\x1b" not in house.in_hub("log", "-1", "--format=%B", tip)
    assert await house.lander.landed(make_issue("99", uid="board:99")) is None


async def test_work_on_an_older_tip_is_merged(house: House) -> None:
    """Two attempts at different issues that started together both land."""
    one, two = make_issue("1"), make_issue("2")
    async with (
        house.workspaces.open(one, 1) as first,
        house.workspaces.open(two, 1) as second,
    ):
        commit(first.directory, {"c": "1\n"})
        commit(second.directory, {"d": "2\n"})
        assert isinstance(await house.lander.land(first, one, NOBODY), Merged)
        assert isinstance(await house.lander.land(second, two, NOBODY), Merged)
    assert house.files(house.hub.tip()) == ["a", "b", "c", "d"]


async def test_nothing_committed_is_nothing(house: House) -> None:
    """An untouched clone, edits alone, or commits that the target has already land nothing."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Nothing)
        write(workspace.directory, {"a": "edited\n"})
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Nothing)
        other = await house.land("2", {"c": "1\n"})
        git(workspace.directory, "fetch", "--quiet", str(house.hub.path), "main")
        git(workspace.directory, "reset", "--hard", "--quiet", "FETCH_HEAD")
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Nothing)
    assert isinstance(other, Merged)
    assert house.hub.tip() == other.proof.commit


async def test_a_conflict_names_tip_and_paths(house: House) -> None:
    """Nothing moves; merged by its author, the work lands."""
    one, two = make_issue("1"), make_issue("2")
    async with (
        house.workspaces.open(one, 1) as first,
        house.workspaces.open(two, 1) as second,
    ):
        commit(first.directory, {"a": "mine\n", "b": "mine\n", "c": "1\n"})
        commit(second.directory, {"a": "yours\n", "b": "yours\n"})
        await house.lander.land(first, one, NOBODY)
        tip = house.hub.tip()
        landing = await house.lander.land(second, two, NOBODY)
        assert landing == Clash(tip=tip, paths=("a", "b"))
        assert house.hub.tip() == tip
        git(second.directory, "fetch", "--quiet", str(second.hub), "main")
        git(second.directory, "merge", "--quiet", "-X", "ours", "FETCH_HEAD")
        assert isinstance(await house.lander.land(second, two, NOBODY), Merged)
    assert house.text(house.hub.tip(), "a") == "yours"


async def test_content_rules_refuse_before_any_check(house: House) -> None:
    """A protected path stops the landing, with a reason that says what to do."""
    landing = await house.land("1", {".github/workflows/ci.yml": "x"}, checks=("touch ran",))
    assert isinstance(landing, Refused)
    assert landing.reasons[0].startswith("`.github/workflows/ci.yml` is protected")
    assert landing.checks == ()
    assert not house.logs.exists()


async def test_the_rules_see_what_is_in_the_tree(house: House) -> None:
    """Sizes, links, and repositories inside are read from the commits themselves."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        clone = workspace.directory
        (clone / "ok").symlink_to("a")
        (clone / "out").symlink_to("../../etc/passwd")
        commit(clone, {"big": "x" * (5 * 1024 * 1024 + 1)})
        (clone / "sub").mkdir()
        git(clone / "sub", "init", "--quiet")
        commit(clone / "sub", {"x": "1"})
        git(clone, "add", "sub", "ok", "out")
        git(clone, "commit", "--quiet", "-m", "all of it")
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Refused)
    assert sorted(one.split("`")[1] for one in landing.reasons) == ["big", "out", "sub"]


async def test_tests_of_other_issues_are_protected(tmp_path: Path) -> None:
    """An existing test may be changed by the issue that names it, and not by its sibling."""
    git(tmp_path, "init", "--quiet", "-b", "main", "project")
    commit(tmp_path / "project", {"tests/test_a.py": "old\n"})
    house = House(tmp_path, options={"checks": ()})
    issue, other = make_issue("1"), make_issue("2", paths=("tests/test_a.py",))
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"tests/test_a.py": "weaker\n"})
        landing = await house.lander.land(workspace, issue, lambda: [other])
    assert isinstance(landing, Refused)
    changed = {"tests/test_a.py": "new\n"}
    assert isinstance(await house.land("2", changed, paths=("tests/test_a.py",)), Merged)


async def test_a_stale_session_lands_nothing(house: House) -> None:
    """Once a later attempt has opened, an earlier one is superseded, whatever it committed."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as stale:
        commit(stale.directory, {"c": "stale\n"})
        async with house.workspaces.open(issue, 2) as fresh:
            commit(fresh.directory, {"c": "fresh\n"})
            assert isinstance(await house.lander.land(stale, issue, NOBODY), Superseded)
            assert isinstance(await house.lander.land(fresh, issue, NOBODY), Merged)
    assert house.text(house.hub.tip(), "c") == "fresh"


async def test_an_issue_lands_once_until_it_is_reopened(house: House) -> None:
    """A second landing is refused by the record of the first; a reopening makes room."""
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert isinstance(await house.land("1", {"d": "1\n"}), Superseded)
    assert isinstance(await house.land("1", {"d": "1\n"}, reopened=1), Merged)


async def test_a_session_paused_inside_its_checks_lands_nothing(house: House) -> None:
    """The epoch is verified in the transaction itself: raised while checks run, it stops it."""
    raise_it = f"git --git-dir '{house.hub.path}' update-ref {refs.epoch('1')} $(git --git-dir "
    raise_it += f"'{house.hub.path}' hash-object -w --stdin < two)"
    tip = house.hub.tip()
    landing = await house.land("1", {"two": "2"}, checks=(raise_it,))
    assert isinstance(landing, Superseded)
    assert house.hub.tip() == tip
    assert house.in_hub("for-each-ref", "refs/landed") == ""


async def test_a_tip_that_moves_during_the_checks_is_merged_again(house: House) -> None:
    """What lands was tested on exactly the tip it lands on: the checks run again."""
    project, hub = house.project, house.hub.path
    other = commit(project, {"other": "1\n"})
    count = house.root / "runs"
    move = (
        f"echo run >> '{count}'; test -f other || git --git-dir '{hub}' fetch -q '{project}' "
        "main:main"
    )
    landing = await house.land("1", {"c": "1\n"}, checks=(move,))
    assert isinstance(landing, Merged)
    assert landing.proof.base == other
    assert house.files(landing.proof.commit) == ["a", "b", "c", "other"]
    assert count.read_text() == "run\nrun\n"


async def test_a_landing_without_its_record_is_found(house: House) -> None:
    """A kill between the two renames leaves the target moved: history tells, the record is
    written, and nothing lands twice."""
    issue = make_issue()
    landing = await house.land("1", {"c": "1\n"})
    assert isinstance(landing, Merged)
    house.in_hub("update-ref", "-d", refs_landed("1", 0))
    found = await house.lander.landed(issue)
    assert found is not None
    assert (found.commit, found.tree, found.head, found.base, found.epoch, found.checks) == (
        *(landing.proof.commit, landing.proof.tree, landing.proof.head, landing.proof.base),
        *(1, ()),
    )
    assert house.in_hub("rev-parse", refs_landed("1", 0) + "^{commit}") == landing.proof.commit


async def test_locks_of_a_killed_landing_stop_nobody(house: House) -> None:
    """Under the land lease a lock is a dead process's; a lost record is written before anything
    else lands for the issue."""
    await house.land("1", {"c": "1\n"})
    house.in_hub("update-ref", "-d", refs_landed("1", 0))
    for name in ("HEAD", "refs/heads/main", refs_landed("1", 0), refs_landed("2", 0)):
        lock = house.hub.path / f"{name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    assert isinstance(await house.land("1", {"d": "1\n"}), Superseded)
    assert isinstance(await house.land("2", {"d": "1\n"}), Merged)


async def test_what_agents_write_in_their_messages_means_nothing(house: House) -> None:
    """Trailers of an agent's own commits, even under the runner's name, are no landing."""
    issue = make_issue()
    forged = "Land issue 9: x\n\nIssue: board:9#0\nAttempt: 1"
    async with house.workspaces.open(issue, 1) as workspace:
        clone = workspace.directory
        write(clone, {"c": "1\n"})
        git(clone, "add", "c")
        for name, value in (("name", "Nightshift"), ("email", "nightshift@localhost")):
            git(clone, "config", f"user.{name}", value)
        git(clone, "commit", "--quiet", "-m", forged)
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)
    assert await house.lander.landed(make_issue("9", uid="board:9")) is None


async def test_unrelated_history_is_refused(house: House) -> None:
    """A repository made anew in the clone has nothing to merge on."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        git(workspace.directory, "checkout", "--quiet", "--orphan", "fresh")
        commit(workspace.directory, {"a": "1\n"})
        git(workspace.directory, "branch", "--force", workspace.branch, "fresh")
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Refused)
    assert "no history in common" in landing.reasons[0]


async def test_a_reader_that_cannot_start_is_our_fault(house: House) -> None:
    """When not even the hub can be read through the box, no issue is blamed."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        git(workspace.directory, "repack", "-qd")  # plain files would need no box

        class Broken:
            name, confines = "broken", True

            def wrap(self, command: list[str], cell: object) -> list[str]:
                return ["/nonexistent/bwrap", *command]

        sound, house.box = house.box, Broken()
        with pytest.raises(GitFailed, match="ls-remote"):
            await house.open_lander().land(workspace, issue, NOBODY)
        house.box = sound
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)


async def test_tip_and_texts_are_the_targets(house: House) -> None:
    """What is read is what has landed; nothing else is text."""
    commit(house.project, {"bin": "1", "d/README": "read me\n"})
    (house.project / "bin").write_bytes(b"\xff\xfe")
    git(house.project, "commit", "--quiet", "-am", "binary")
    assert await house.lander.refresh() == ()
    assert await house.lander.tip() == git(house.project, "rev-parse", "HEAD")
    assert await house.lander.read("d/README") == "read me\n"
    assert [await house.lander.read(path) for path in ("bin", "d", "none")] == [None] * 3


async def test_relative_paths_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People give a project relative to where they are."""
    monkeypatch.chdir(tmp_path)
    house = House(Path("here"))
    assert isinstance(await house.land("1", {"c": "1\n"}, checks=("grep -q 1 c",)), Merged)
    assert await house.lander.deliver() is None
    assert (tmp_path / "here" / "project" / "c").exists()


async def test_one_lands_after_the_other(house: House) -> None:
    """Eight tasks of one process that land at once all land, one tip on the other."""
    numbers = [str(number) for number in range(8)]
    ends: list[object] = []

    async def work(number: str) -> None:
        issue = make_issue(number)
        async with house.workspaces.open(issue, 1) as workspace:
            await anyio.to_thread.run_sync(commit, workspace.directory, {f"f{number}": "x\n"})
            ends.append(await house.lander.land(workspace, issue, NOBODY))

    async with anyio.create_task_group() as tasks:
        for number in numbers:
            tasks.start_soon(work, number)
    assert all(isinstance(end, Merged) for end in ends)
    log = house.in_hub("log", "--first-parent", "--format=%s", house.hub.tip()).split("\n")
    assert sorted(log[:-1]) == [f"Land issue {number}: Issue {number}" for number in numbers]


def race(house: House, arguments: list[list[str]]) -> list[dict[str, str]]:
    """What became of each process's issues, all started at the same moment."""
    command = [sys.executable, "-m", "tests.integration.landing_race", str(house.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with ExitStack() as stack:
        racers = [
            stack.enter_context(subprocess.Popen([*command, *one], **pipes)) for one in arguments
        ]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        return [json.loads(racer.communicate()[0]) for racer in racers]


def test_two_processes_land_everything_once(house: House) -> None:
    """Landers in two processes, with work of their own and issues they both want: every issue
    lands, and none twice."""
    ends = race(house, [["1,2,3,8,9", "1"], ["4,5,6,8,9", "2"]])
    log = house.in_hub("log", "--first-parent", "--format=%s", house.hub.tip()).split("\n")
    assert sorted(log[:-1]) == [f"Land issue {number}: Issue {number}" for number in "12345689"]
    assert all(
        end[number] == "Merged"
        for end, own in zip(ends, ("123", "456"), strict=True)
        for number in own
    )
    assert all([end[number] for end in ends].count("Merged") == 1 for number in "89")


async def test_another_boards_issue_of_the_same_number_has_not_landed(house: House) -> None:
    """A board that was deleted and begun anew counts from one again."""
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    other = make_issue("1", uid="newboard:1")
    assert await house.lander.landed(other) is None
    assert isinstance(await house.land("1", {"d": "1\n"}, uid="newboard:1"), Merged)
