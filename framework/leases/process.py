"""Who a process is, so that a dead holder's lease is free at once.

A pid alone comes back within seconds, so a process is its pid and its start time, within one
boot of one host. Processes that see different pids (another machine, another container) count
as different hosts, because nobody there can tell whether the process lives.

On Linux all of it is read from /proc; psutil is imported only elsewhere, since it is slow to.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from ..domain.lease import Process

_GONE = frozenset({b"Z", b"X", b"x"})
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_MACHINE = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def this_process() -> Process:
    """The calling process."""
    pid = os.getpid()
    started = _started(pid)
    if started is None:
        raise RuntimeError("this process does not find itself in the process table")
    return Process(host=_host(), boot=this_boot(), pid=pid, started=started)


def is_alive(process: Process) -> bool:
    """False only when the process is known to be dead.

    Known: it ran on this host, and either before the last boot, or its pid is unused, a zombie,
    or has another start time by now. Not promised: that a dead process is noticed from another
    host, nor from another container or after this container was made anew.
    """
    if process.host != _host():
        return True
    if process.boot != this_boot():
        return False
    try:
        return _started(process.pid) == process.started
    except PermissionError:
        return True


@cache
def this_boot() -> str:
    """What tells this run of the machine from those before: nothing but the disk outlives it."""
    if _BOOT.is_file():
        return _BOOT.read_text().strip()
    import psutil

    return str(round(psutil.boot_time()))


def _started(pid: int) -> float | None:
    """When the process with this pid started; None when there is none, or only a zombie.
    Raises PermissionError when it is there but hidden from us."""
    return _started_on_linux(pid) if sys.platform == "linux" else _started_elsewhere(pid)


def _started_on_linux(pid: int) -> float | None:
    """Seconds since boot, which no change of the clock moves. psutil's seconds since the epoch
    follow every such change, and a living process would look like another one."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as stat:
            text = stat.read()
    except (FileNotFoundError, ProcessLookupError):
        if _is_used(pid):
            raise PermissionError(f"process {pid} is hidden from us") from None
        return None
    fields = text.rpartition(b")")[2].split()
    return None if fields[0] in _GONE else int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _is_used(pid: int) -> bool:
    """Whether the kernel knows the pid although /proc does not show it (mounted with hidepid)."""
    if pid <= 0:  # for kill, these are groups of processes
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _started_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied as error:
        raise PermissionError(f"process {pid} is hidden from us") from error


@cache
def _host() -> str:
    """This machine and its process table: the name may be shared, so may a copied machine id."""
    machine = next((path.read_text().strip() for path in _MACHINE if path.is_file()), "")
    table = Path("/proc/self/ns/pid")
    return "/".join([_name(), machine, os.readlink(table) if table.is_symlink() else ""])


def _name() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    import platform  # slow to import, and the only way on Windows

    return platform.node()
