"""Lock files: one thread of one process at a time, for as long as it lives.

flock is asked again and again instead of waiting inside it, because such a wait has no end: one
stopped process would stop all others without a word.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import LeaseError
from ..domain.frozen import dataclass

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PAUSE = 0.0025


class Moot(Exception):
    """What somebody waited for is not needed any more. For callers, never for people."""


def never() -> bool:
    """For `unless`: wait whatever happens."""
    return False


@contextmanager
def exclusive(
    path: Path,
    *,
    patience: float,
    pause: float = _PAUSE,
    unless: Callable[[], bool] = never,
) -> Iterator[None]:
    """Hold the lock file `path` among threads and processes, waiting at most `patience` seconds:
    LeaseError after that. The lock ends with its process, however that ends.

    While somebody else holds it, it is asked for every `pause` seconds or so, and `unless` with
    it: Moot is raised once that says yes.
    The lock file stays for ever: with a deleted one two processes could hold "the" lock. Not
    promised: an order among those who wait. Each asks in its own rhythm, so none is left behind.
    """
    wait = _Wait(path=path, patience=patience, pause=pause, unless=unless)
    with _by_flock(wait) if fcntl else _by_filelock(wait):
        yield


@dataclass(frozen=True, kw_only=True)
class _Wait:
    """How to wait for a lock, as `exclusive` was told."""

    path: Path
    patience: float
    pause: float
    unless: Callable[[], bool]

    def for_flock(self, descriptor: int) -> None:
        end = time.monotonic() + self.patience
        while not _is_taken(descriptor):
            if time.monotonic() > end:
                raise self.busy()
            # Never the same rhythm, so that nobody always comes a moment after somebody else.
            time.sleep(self.pause * (0.4 + 1.2 * os.urandom(1)[0] / 255))
            if self.unless():
                raise Moot

    def busy(self) -> LeaseError:
        return LeaseError(
            f"The lease store in {self.path.parent} is busy: another process keeps {self.path} "
            "locked. Nothing was changed; see whether a Nightshift process hangs or is stopped."
        )


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _by_flock(wait: _Wait) -> Iterator[None]:
    descriptor = _opened(wait)
    try:
        yield
    finally:
        # A child that is between fork and exec has the descriptor too: closing is not enough.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _opened(wait: _Wait) -> int:
    """The lock file, locked."""
    while True:
        descriptor = os.open(wait.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            wait.for_flock(descriptor)
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # somebody deleted the file while we waited: it locks nothing


@contextmanager
def _by_filelock(wait: _Wait) -> Iterator[None]:
    """The same lock where there is no flock, but for `unless`. Slow to import, so only there."""
    from filelock import FileLock, Timeout

    lock = FileLock(
        wait.path,
        timeout=wait.patience,
        poll_interval=wait.pause,
        fallback_to_soft=False,
        preserve_lock_file=True,
    )
    try:
        lock.acquire()
    except Timeout as error:
        raise wait.busy() from error
    try:
        yield
    finally:
        lock.release()
