"""Checks decide on exactly the tree that lands, and on nothing that an agent can soften."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import psutil
import pytest
from anyio import to_thread

from framework.domain.merge import Landing, Merged, Refused
from framework.workspaces import checks
from tests.integration.hubs import (
    BOXES,
    NO_BOX,
    NOBODY,
    House,
    available_boxes,
    commit,
    git,
    make_issue,
)
from tests.theatre import wait_for

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """With the best box there is here, or with the one that a test asks for."""
    name = getattr(request, "param", available_boxes()[0])
    if name not in available_boxes():
        pytest.skip(NO_BOX)
    yield House(tmp_path, box_name=name, start={"a": "one\n"})
    assert list((tmp_path / "state").glob(".check-*")) == []


in_every_box = pytest.mark.parametrize("house", BOXES, indirect=True)


def told(landing: Landing) -> tuple[str, ...]:
    assert isinstance(landing, Refused)
    return landing.reasons


@in_every_box
async def test_checks_see_the_merged_tree_and_no_git(house: House) -> None:
    """They run in the files that land, with nothing beside them; what they print is kept."""
    look = "ls -A; cat a c; pwd | grep -c tree"
    landing = await house.land("1", {"c": "two\n"}, checks=(look,))
    assert isinstance(landing, Merged)
    (result,) = landing.proof.checks
    assert (result.command, result.code) == (look, 0)
    assert result.tail == "a\nc\none\ntwo\n1"
    log = (house.logs / "checks" / f"{result.log}.txt").read_bytes()
    assert log.decode().rstrip("\n") == result.tail
    assert hashlib.sha256(log).hexdigest() == result.log


async def test_a_failing_check_refuses(house: House) -> None:
    """Nothing moves; the reasons name command and code, all checks have run."""
    tip = house.hub.tip()
    landing = await house.land("1", {"c": "1\n"}, checks=("echo why >&2; exit 3", "true"))
    assert told(landing) == ("`echo why >&2; exit 3` failed with exit code 3",)
    assert isinstance(landing, Refused)
    assert [(one.code, one.tail) for one in landing.checks] == [(3, "why"), (0, "")]
    assert house.hub.tip() == tip
    assert house.in_hub("for-each-ref", "refs/landed") == ""


@in_every_box
async def test_the_environment_of_checks_is_small(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know that nobody watches, write no byte code, and see nothing of ours."""
    monkeypatch.setenv("NIGHTSHIFT_CANARY", "secret")
    names = 'test "$CI$PYTHONDONTWRITEBYTECODE" = 11 && echo x > "$HOME/x" && ! env | grep CANARY'
    assert isinstance(await house.land("1", {"c": "1\n"}, checks=(names,)), Merged)


async def test_export_ignore_hides_nothing_from_the_checks(tmp_path: Path) -> None:
    """Attributes that make `git archive` leave a test out have no say."""
    git(tmp_path, "init", "--quiet", "-b", "main", "project")
    attributes = {".gitattributes": "hidden export-ignore\n*.bin filter=none\n"}
    commit(tmp_path / "project", attributes)
    house = House(tmp_path)
    landing = await house.land("1", {"hidden": "", "x.bin": ""}, checks=("test ! -e hidden",))
    assert told(landing) == ("`test ! -e hidden` failed with exit code 1",)


async def test_the_projects_checks_come_from_the_target(house: House) -> None:
    """An attempt that empties the Makefile's tests, even one that may, is still judged by the
    target's commands; and each command runs once."""
    commit(house.project, {"Makefile": "test:\n\tgrep -q one a\n"})
    await house.lander.refresh()
    bad = {"a": "broken\n"}
    assert told(await house.land("1", bad)) == ("`make test` failed with exit code 2",)
    bad["Makefile"] = "all:\n"
    (reason,) = told(await house.land("2", bad))
    assert "decides what the checks do" in reason
    assert told(await house.land("4", bad, paths=("Makefile",))) == (
        "`make test` failed with exit code 2",
    )
    landing = await house.land("3", {"c": "1\n"}, checks=("make test", "true"))
    assert isinstance(landing, Merged)
    assert [one.command for one in landing.proof.checks] == ["make test", "true"]


async def test_an_override_replaces_what_is_detected(house: House) -> None:
    """The person's own list of checks is the project's."""
    commit(house.project, {"Makefile": "test:\n\tfalse\n"})
    house.lander = house.open_lander(checks=("true",))
    await house.lander.refresh()
    assert await house.lander.baseline() == (("true",), ())
    landing = await house.land("1", {"c": "1\n"})
    assert isinstance(landing, Merged)
    assert [one.command for one in landing.proof.checks] == ["true"]


async def test_what_was_red_before_is_not_held_against_anybody(house: House) -> None:
    """A project's check that fails on the tip is named in the proof; once it is green it binds."""
    house.lander = house.open_lander(checks=("test -e fixed", "true"))
    assert await house.lander.baseline() == (("true",), ("test -e fixed",))
    landing = await house.land("1", {"c": "1\n"})
    assert isinstance(landing, Merged)
    assert landing.proof.red_before == ("test -e fixed",)
    assert [one.passed for one in landing.proof.checks] == [False, True]
    assert isinstance(await house.land("2", {"fixed": ""}), Merged)
    assert await house.lander.baseline() == (("test -e fixed", "true"), ())
    issue = make_issue("3")
    async with house.workspaces.open(issue, 1) as workspace:
        git(workspace.directory, "rm", "--quiet", "fixed")
        git(workspace.directory, "commit", "--quiet", "-m", "break it again")
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert told(landing) == ("`test -e fixed` failed with exit code 1",)


async def test_an_issues_own_check_is_never_excused(house: House) -> None:
    """That it failed before is why the issue exists."""
    house.lander = house.open_lander(checks=("test -e fixed",))
    landing = await house.land("1", {"c": "1\n"}, checks=("test -e fixed",))
    assert told(landing) == ("`test -e fixed` failed with exit code 1",)


async def test_the_baseline_is_run_once_for_a_tree(tmp_path: Path) -> None:
    """What checks said of a tree is remembered, also of one that has landed."""
    count = tmp_path / "count"
    house = House(tmp_path)
    house.lander = house.open_lander(checks=(f"echo run >> {count}",))
    await house.lander.baseline()
    await house.lander.baseline()
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    await house.lander.baseline()
    assert count.read_text() == "run\nrun\n"


async def test_manual_checks_are_passed_on(house: House) -> None:
    """They are not run; the proof names them."""
    landing = await house.land("1", {"c": "1\n"}, checks=("manual: look at the colours", "true"))
    assert isinstance(landing, Merged)
    assert landing.proof.manual == ("look at the colours",)
    assert [one.command for one in landing.proof.checks] == ["true"]


@in_every_box
async def test_a_check_over_its_limit_is_killed(house: House) -> None:
    """It has no exit code, and what it started is gone."""
    house.lander = house.open_lander(check_seconds=0.3)
    marker = "31.4159"
    landing = await house.land(
        "1", {"c": "1\n"}, checks=(f"echo on; sleep {marker} & sleep {marker}",)
    )
    assert told(landing) == (f"`echo on; sleep {marker} & sleep {marker}` ran into the time limit",)
    assert isinstance(landing, Refused)
    assert (landing.checks[0].code, landing.checks[0].tail) == (None, "on")
    await gone(marker)


@in_every_box
async def test_cancelling_a_landing_kills_its_check(house: House) -> None:
    """Nothing runs on, nothing has moved."""
    marker = "27.1828"
    tip = house.hub.tip()

    async def cancel_when_running(scope: anyio.CancelScope) -> None:
        await to_thread.run_sync(wait_until, True, marker)
        scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancel_when_running, tasks.cancel_scope)
        await house.land("1", {"c": "1\n"}, checks=(f"sleep {marker}",))
    await gone(marker)
    assert house.hub.tip() == tip
    assert [rescue.issue for rescue in house.rescues] == ["1"]


@in_every_box
async def test_a_check_that_leaves_something_running_still_ends(house: House) -> None:
    """What holds the output open in the background is killed, not waited for."""
    marker = "16.1803"
    landing = await house.land("1", {"c": "1\n"}, checks=(f"sleep {marker} & echo done",))
    assert isinstance(landing, Merged)
    assert landing.proof.checks[0].tail == "done"
    assert landing.proof.checks[0].seconds < float(marker)
    await gone(marker)


async def test_endless_output_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log keeps the beginning and counts the rest; the tail is still the end."""
    monkeypatch.setattr(checks, "KEPT_BYTES", 50_000)
    command = "yes | head -c 150000; echo; seq 100"
    landing = await house.land("1", {"c": "1\n"}, checks=(command,))
    assert isinstance(landing, Merged)
    (result,) = landing.proof.checks
    log = (house.logs / "checks" / f"{result.log}.txt").read_text()
    assert log.endswith("[100293 more bytes were not kept]\n")
    assert len(log) < 51_000
    assert result.tail.split("\n") == [str(number) for number in range(81, 101)]


async def test_output_that_is_no_text_harms_nobody(house: House) -> None:
    """Bytes are kept as they are and shown as well as can be."""
    landing = await house.land("1", {"c": "1\n"}, checks=(r"printf '\377\000ok'",))
    assert isinstance(landing, Merged)
    assert landing.proof.checks[0].tail == "\ufffd\x00ok"


@in_every_box
async def test_python_of_this_interpreter_runs_in_checks(house: House) -> None:
    """Projects in Python are checked by the Python that runs us."""
    code = shlex.quote("import sys, unittest; print(sys.version_info[:2])")
    landing = await house.land("1", {"c": "1\n"}, checks=(f"python3 -c {code}",))
    assert isinstance(landing, Merged)
    assert landing.proof.checks[0].tail == str(sys.version_info[:2])


async def test_what_checks_change_does_not_land(house: House) -> None:
    """The tree was fixed before they ran."""
    landing = await house.land("1", {"c": "1\n"}, checks=("echo x > a; mkdir n; chmod 0 n",))
    assert isinstance(landing, Merged)
    assert house.text(landing.proof.commit, "a") == "one"


def running(marker: str) -> list[psutil.Process]:
    return [
        one
        for one in psutil.process_iter(["cmdline", "status"])
        if ["sleep", marker] == one.info["cmdline"] and one.info["status"] != psutil.STATUS_ZOMBIE
    ]


def wait_until(wanted: bool, marker: str) -> None:
    wait_for(lambda: bool(running(marker)) == wanted, f"sleep {marker}: {wanted}")


async def gone(marker: str) -> None:
    """Wait for the system to have done what it was told: the kill has been sent."""
    await to_thread.run_sync(wait_until, False, marker)
