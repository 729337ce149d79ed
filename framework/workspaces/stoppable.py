"""Git that talks with a remote, in a thread, and stops at once when its task is cancelled.

A thread cannot be cancelled, and a remote may be silent for minutes. So the thread is told, by an
event that it inherits with its context, and kills its git; the task waits for the thread's end,
so that nothing of it goes on behind the back of who takes over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextvars import ContextVar
from threading import Event
from typing import TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint_if_cancelled

from ..domain.errors import sole
from ._git import Answer, Git

Result = TypeVar("Result")

_STEP = 0.1


class _Stop(Event):
    """`heeded` once a command was stopped by it: what it was for has then come to nothing."""

    heeded = False


_stop: ContextVar[_Stop | None] = ContextVar("stop", default=None)


async def stoppable(function: Callable[[], Result]) -> Result:
    """What the function returns or raises, from a thread. When cancelled, each `ask` in it ends
    within a fraction of a second, as if the remote had not answered; what the function made of
    that is told to nobody. What it had done by then is returned."""
    stop = _Stop()
    given = _stop.set(stop)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_tell, stop)
            result = await to_thread.run_sync(function)
            group.cancel_scope.cancel()
    except BaseExceptionGroup as error:
        raise sole(error) from None
    finally:
        _stop.reset(given)
    if stop.heeded:
        await checkpoint_if_cancelled()
    return result


async def _tell(stop: _Stop) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()


def ask(git: Git, *arguments: str, seconds: float) -> Answer:
    """As `Git.call`, for a command that waits for a remote. The code is -1 when it was stopped,
    by the limit or by `stoppable`."""
    stop, deadline = _stop.get(), time.monotonic() + seconds
    with git.start(*arguments, stdin=subprocess.DEVNULL) as process:
        try:
            while (answer := _answer(process)) is None:
                if stop is not None and stop.is_set():
                    stop.heeded = True
                    return _stopped(arguments[0], "was stopped with the run")
                if time.monotonic() >= deadline:
                    return _stopped(arguments[0], f"took longer than {seconds:.0f} s")
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    return answer


def _answer(process: subprocess.Popen[bytes]) -> Answer | None:
    try:
        out, err = process.communicate(timeout=_STEP)
    except subprocess.TimeoutExpired:
        return None
    said = err.decode("utf-8", "replace").strip()
    return Answer(code=process.returncode, out=out.decode("utf-8", "surrogateescape"), err=said)


def _stopped(command: str, why: str) -> Answer:
    return Answer(code=-1, out="", err=f"`git {command}` {why}")
