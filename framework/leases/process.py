"""Who a process is, so that a dead holder's lease is free at once.

A pid alone comes back within seconds, so a process is its pid and its start time, within one
boot of one host. Processes that see different pids (another machine, another container) count
as different hosts, because nobody there can tell whether the process lives.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

import psutil

from ..domain.lease import Process

_GONE = frozenset({"Z", "X", "x"})
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MACHINE = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def this_process() -> Process:
    """The calling process."""
    pid = os.getpid()
    started = _started(pid)
    if started is None:
        raise RuntimeError("this process does not find itself in the process table")
    return Process(host=_host(), boot=_boot(), pid=pid, started=started)


def is_alive(process: Process) -> bool:
    """False only when the process is known to be dead.

    Known: it ran on this host, and either before the last boot, or its pid is unused, a zombie,
    or has another start time by now. Not promised: that a dead process is noticed from another
    host, nor from another container or after this container was made anew.
    """
    if process.host != _host():
        return True
    if process.boot != _boot():
        return False
    try:
        return _started(process.pid) == process.started
    except (PermissionError, psutil.AccessDenied):
        return True


def _started(pid: int) -> float | None:
    """When the process with this pid started; None when there is none, or only a zombie."""
    if sys.platform == "linux":
        return _started_on_linux(pid)
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _started_on_linux(pid: int) -> float | None:
    """Seconds since boot, which no change of the clock moves. psutil's seconds since the epoch
    follow every such change, and a living process would look like another one."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        if psutil.pid_exists(pid):
            raise PermissionError(f"process {pid} is hidden from us") from None
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _GONE else int(fields[19]) / os.sysconf("SC_CLK_TCK")


@cache
def _host() -> str:
    """This machine and its process table: the name may be shared, so may a copied machine id."""
    machine = next((path.read_text().strip() for path in _MACHINE if path.is_file()), "")
    table = Path("/proc/self/ns/pid")
    return "/".join([platform.node(), machine, os.readlink(table) if table.is_symlink() else ""])


@cache
def _boot() -> str:
    return _BOOT.read_text().strip() if _BOOT.is_file() else str(round(psutil.boot_time()))
