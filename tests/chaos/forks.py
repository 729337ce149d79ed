"""Processes forked from one that has loaded everything already: there within milliseconds."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

BROKE = 3
"""How a child exits whose work raised; why is in its log."""
_DIE_WITH_PARENT = 1


def fork(log: Path, work: Callable[[], int]) -> int:
    """The pid of a child that does `work` and exits with its answer, its errors added to `log`.

    It dies with its parent. For processes with one thread and nothing open that must not be on
    both sides of a fork.
    """
    child = os.fork()
    if child:
        return child
    code = BROKE
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
        code = work()
    except BaseException:  # noqa: BLE001 - it ends here, and the log says why
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)


def ended(child: int) -> int:
    """Wait for its end; the exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def gone(child: int) -> int | None:
    """As `ended`, but None while it is still there."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def stopped(child: int) -> bool:
    """Wait until it is stopped by SIGSTOP; False when it ended instead."""
    return os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
