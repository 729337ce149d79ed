"""One git process makes many ref transactions, each whole or not at all, and outlives nobody."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from framework.domain.errors import GitFailed
from framework.workspaces.hub import Hub
from framework.workspaces.updates import RefUpdates
from tests.integration.hubs import House

LANDER = """
import sys
from pathlib import Path
from tests.integration.hubs import House
house = House(Path(sys.argv[1]), start={"a": "one\\n"})
house.hub.move([f"update refs/x {house.hub.tip()}"])
print(house.hub._updates._process.pid, flush=True)
input()
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return House(tmp_path, start={"a": "one\n"}).hub


def pid_of(updates: RefUpdates) -> int:
    assert updates._process is not None
    return updates._process.pid


def ends(handle: int) -> bool:
    """Whether the process ends within ten seconds."""
    waiter = select.poll()
    waiter.register(handle, select.POLLIN)
    return bool(waiter.poll(10_000))


def test_one_process_makes_them_all(hub: Hub) -> None:
    """What is written to refs and to the object store meanwhile is seen by the next one."""
    updates, tip = RefUpdates(hub.git), hub.tip()
    updates.make([f"create refs/x {tip}"])
    first = pid_of(updates)
    other = hub.commit(hub.tree(tip), tip, message="x\n")
    hub.git.run("update-ref", "refs/x", other)
    hub.git.run("pack-refs", "--all")
    updates.make([f"update refs/x {tip} {other}", f"create refs/y {other}"])
    assert (hub.ref("refs/x"), hub.ref("refs/y"), pid_of(updates)) == (tip, other, first)
    assert not list(hub.path.rglob("*.lock"))


@pytest.mark.parametrize(
    "wrong",
    ["verify refs/x {other}", "create refs/x {tip}", "update refs/z {none}", "no command"],
)
def test_all_or_nothing(hub: Hub, wrong: str) -> None:
    """One command that cannot be done undoes the others and says why, and the next one works."""
    updates, tip = RefUpdates(hub.git), hub.tip()
    other = hub.commit(hub.tree(tip), tip, message="x\n")
    updates.make([f"create refs/x {tip}"])
    with pytest.raises(GitFailed, match=r"update-ref --stdin` failed .*: fatal:"):
        updates.make([f"update refs/y {tip}", wrong.format(tip=tip, other=other, none="1" * 40)])
    assert (hub.ref("refs/x"), hub.ref("refs/y"), hub.ref("refs/z")) == (tip, None, None)
    assert not list(hub.path.rglob("*.lock"))
    updates.make([f"update refs/y {tip}"])
    assert hub.ref("refs/y") == tip


def test_a_process_that_was_killed_is_replaced(hub: Hub) -> None:
    """Whatever ends it between two transactions, the second one works."""
    updates, tip = RefUpdates(hub.git), hub.tip()
    updates.make([f"create refs/x {tip}"])
    handle = os.pidfd_open(pid_of(updates))
    os.kill(pid_of(updates), signal.SIGKILL)
    assert ends(handle)
    os.close(handle)
    updates.make([f"create refs/y {tip}"])
    assert hub.ref("refs/y") == tip


def test_a_process_that_hangs_is_given_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as a failure of git, nothing is left running, and the next one works."""
    monkeypatch.setattr("framework.workspaces.updates.SECONDS", 0.1)
    monkeypatch.setattr("framework.workspaces.updates._PATIENCE", 0.1)
    updates, tip = RefUpdates(hub.git), hub.tip()
    updates.make([f"create refs/x {tip}"])
    process = updates._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(GitFailed, match="no answer in time"):
        updates.make([f"create refs/y {tip}"])
    assert process.returncode == -signal.SIGKILL
    assert hub.ref("refs/y") is None
    updates.make([f"create refs/y {tip}"])


def test_it_ends_with_its_owner(hub: Hub) -> None:
    """Nobody has to close it."""
    updates = RefUpdates(hub.git)
    updates.make([f"create refs/x {hub.tip()}"])
    process = updates._process
    assert process is not None
    del updates
    assert process.returncode == 0


def test_it_does_not_outlive_a_kill(tmp_path: Path) -> None:
    """`kill -9` of the runner leaves no git behind."""
    runner = subprocess.Popen(
        [sys.executable, "-c", LANDER, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with runner:
        assert runner.stdout is not None
        handle = os.pidfd_open(int(runner.stdout.readline()))
        runner.kill()
    assert ends(handle)
    os.close(handle)


def test_a_prepared_transaction_is_made_when_told(hub: Hub) -> None:
    """Until then its refs are locked and as they were, and other transactions go on."""
    tip = hub.tip()
    with hub.prepared([f"create refs/x {tip}", f"verify refs/heads/main {tip}"]) as make:
        assert hub.ref("refs/x") is None
        with pytest.raises(GitFailed):
            hub.move([f"update refs/heads/main {tip} {tip}"])
        hub.move([f"create refs/y {tip}"])
        make()
        assert hub.ref("refs/x") == tip
    assert not list(hub.path.rglob("*.lock"))


def test_a_prepared_transaction_that_is_left_changes_nothing(hub: Hub) -> None:
    """Neither by an error in the block nor by one that is not told to make it; no lock stays."""
    tip = hub.tip()
    with hub.prepared([f"create refs/x {tip}"]):
        pass
    with pytest.raises(ValueError, match="mine"), hub.prepared([f"create refs/x {tip}"]):
        raise ValueError("mine")
    with pytest.raises(GitFailed), hub.prepared([f"update refs/heads/main {tip} {'1' * 40}"]):
        raise AssertionError("it cannot be prepared")
    assert hub.ref("refs/x") is None
    assert not list(hub.path.rglob("*.lock"))
