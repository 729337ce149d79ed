"""Transactions of refs, made by git: one process for all of them, and not one for each."""

from __future__ import annotations

import os
import select
import subprocess
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from ._git import SECONDS, Answer, Git, encoded, failed

_COMMAND = ("update-ref", "--stdin")
_READY = b"prepare: ok\n"
_DONE = b"commit: ok\n"
_PATIENCE = 5.0


class RefUpdates:
    """Keeps one `git update-ref --stdin` from its first use on. Safe for threads.

    It ends with this object, and with our process however that ends, because its input ends
    then; a transaction that it was not told to commit by then has changed nothing.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], str | None] = lambda: None

    def make(self, changes: Iterable[str]) -> None:
        """One transaction of `update-ref` commands: all of them or none. Raises GitFailed."""
        lines = "".join(f"{one}\n" for one in ("start", *changes, "prepare", "commit"))
        with self._lock:
            self._say(lines, _DONE)

    @contextmanager
    def prepared(self, changes: Iterable[str]) -> Iterator[Callable[[], None]]:
        """As `make`, in two steps: within the block all these refs are locked and are as they
        should be, and the function that it is given makes the changes. A block that ends
        without calling it has changed nothing. Raises GitFailed; so does the function."""
        lines = "".join(f"{one}\n" for one in ("start", *changes, "prepare"))
        with self._lock:
            try:
                self._say(lines, _READY)
                yield lambda: self._say("commit\n", _DONE)
            finally:
                self._end()  # and with the process its locks

    def _say(self, lines: str, answer: bytes) -> None:
        process = self._running()
        if not _is_said(process, encoded(lines), answer):
            why = self._end() or "no answer in time"
            raise failed(_COMMAND, Answer(code=process.returncode, out="", err=why))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._process = self._git.start(*_COMMAND)
        self._end = weakref.finalize(self, _end, self._process)
        return self._process


def _is_said(process: subprocess.Popen[bytes], text: bytes, answer: bytes) -> bool:
    """Whether git gives the answer to the text. Where it does not, it has ended, or takes too
    long."""
    assert process.stdin is not None
    assert process.stdout is not None
    said, deadline = b"", time.monotonic() + SECONDS
    answers = select.poll()
    answers.register(process.stdout, select.POLLIN)
    try:
        process.stdin.write(text)
        process.stdin.flush()
    except BrokenPipeError:
        return False
    while not said.endswith(answer):
        if not answers.poll(1000 * max(0.0, deadline - time.monotonic())):
            return False
        chunk = os.read(process.stdout.fileno(), 4096)
        if not chunk:
            return False
        said += chunk
    return True


def _end(process: subprocess.Popen[bytes]) -> str:
    """See that it has ended, and say what it complained of."""
    try:
        _, error = process.communicate(timeout=_PATIENCE)  # no more input, so it has to end
    except subprocess.TimeoutExpired:
        process.kill()
        _, error = process.communicate()
    return error.decode("utf-8", "replace").strip()
