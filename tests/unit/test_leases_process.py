"""Processes are told apart by more than their pid."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from framework.domain.lease import Process
from framework.leases.process import is_alive, this_process

ROOT = Path(__file__).parents[2]


def test_this_process_is_alive_and_itself() -> None:
    """Asked twice, the identity is the same."""
    me = this_process()
    assert me == this_process()
    assert me.pid == os.getpid()
    assert is_alive(me)


@pytest.mark.parametrize(
    "change",
    [
        {"boot": "another"},
        {"started": 1.5},
        {"pid": 2**22 + 1},
        {"pid": 2**80},
        {"pid": 0},
        {"pid": -1},
    ],
    ids=str,
)
def test_another_boot_start_time_or_an_unused_pid_is_dead(change: dict[str, object]) -> None:
    """A pid that came back, or that outlived a reboot on paper, is not the process."""
    assert not is_alive(replace(this_process(), **change))


def test_another_host_counts_as_alive() -> None:
    """Whatever its pid and boot say: nobody can tell from here."""
    assert is_alive(replace(this_process(), host="elsewhere", boot="another", pid=2**22 + 1))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table of Linux")
def test_a_zombie_is_dead() -> None:
    """A killed process whose parent has not looked yet still has its pid and start time."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with child:
        alive = replace(this_process(), pid=child.pid, started=started(child.pid))
        assert is_alive(alive)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(alive)


def started(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process table of Linux")
def test_what_earlier_versions_recorded_is_recognised() -> None:
    """A process is spelled as ever: name, machine and process table; boot; pid; seconds."""
    machine = next((path.read_text().strip() for path in map(Path, MACHINES) if path.is_file()), "")
    recorded = Process(
        host="/".join([platform.node(), machine, os.readlink("/proc/self/ns/pid")]),
        boot=Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        pid=os.getpid(),
        started=started(os.getpid()),
    )
    assert recorded == this_process()


MACHINES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
SLOW = {"asyncio", "psutil", "filelock", "logging", "random", "subprocess", "platform", "yaml"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they are needed")
@pytest.mark.parametrize("module", ["file", "sqlite", "memory"])
def test_a_lease_store_imports_nothing_slow(module: str) -> None:
    """A command that claims starts quickly; to use the store brings nothing slow either."""
    code = (
        f"import sys, framework.leases.{module}\n"
        "from framework.leases.process import is_alive, this_process\n"
        "assert is_alive(this_process())\n"
        "print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not SLOW & set(ran.stdout.split())
