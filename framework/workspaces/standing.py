"""A git process that stays, and answers one question after another: starting one costs more than
most answers."""

from __future__ import annotations

import os
import select
import subprocess
import time
import weakref
from collections.abc import Callable
from threading import Lock

from ..domain.errors import GitFailed
from ._git import SECONDS, Git

_CHUNK = 1 << 16
_PATIENCE = 5.0


class Standing:
    """Keeps one `git <command>` from its first use on, and starts another where it has ended.
    Safe for threads: one question at a time. It ends with this object, or with our process."""

    def __init__(self, git: Git, *command: str) -> None:
        self._git = git
        self._command = command
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = lambda: None

    def ask(self, question: bytes, is_whole: Callable[[bytearray], bool]) -> bytes:
        """What it says until `is_whole` finds nothing missing. Raises GitFailed when it says no
        more before that. A question must fit into a pipe, so be less than 64 KiB."""
        with self._lock:
            process = self._running()
            try:
                return _said(process, question, is_whole)
            except BaseException as error:
                self._end()  # what it still says is no answer to the next one
                if isinstance(error, OSError):
                    raise self._failed(str(error)) from error
                raise

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._process = self._git.start(*self._command)
        self._end = weakref.finalize(self, _end, self._process)
        return self._process

    def _failed(self, why: str) -> GitFailed:
        return GitFailed(f"`git {' '.join(self._command)}` gave no answer: {why}")


def _said(
    process: subprocess.Popen[bytes], question: bytes, is_whole: Callable[[bytearray], bool]
) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(question)
    process.stdin.flush()
    said, deadline = bytearray(), time.monotonic() + SECONDS
    answers = select.poll()
    answers.register(process.stdout, select.POLLIN)
    while not is_whole(said):
        if not answers.poll(1000 * max(0.0, deadline - time.monotonic())):
            raise TimeoutError(f"it took longer than {SECONDS:.0f} s")
        chunk = os.read(process.stdout.fileno(), _CHUNK)
        if not chunk:
            raise BrokenPipeError("it has ended")
        said += chunk
    return bytes(said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Without more input it has to end; one that does not has nothing to lose."""
    try:
        process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
