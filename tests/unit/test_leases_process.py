"""Processes are told apart by more than their pid."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from framework.leases.process import is_alive, this_process


def test_this_process_is_alive_and_itself() -> None:
    """Asked twice, the identity is the same."""
    me = this_process()
    assert me == this_process()
    assert me.pid == os.getpid()
    assert is_alive(me)


@pytest.mark.parametrize(
    "change", [{"boot": "another"}, {"started": 1.5}, {"pid": 2**22 + 1}], ids=str
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
