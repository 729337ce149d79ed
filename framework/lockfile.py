"""Lock files: one thread of one process at a time, for as long as it lives.

flock is asked again and again instead of waiting inside it, because such a wait has no end: one
stopped process would stop all others without a word. A lock file stays for ever: with a deleted
one two processes could hold "the" lock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from .domain.frozen import dataclass

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


def exclusive(
    path: Path,
    *,
    busy: Callable[[Path], Exception],
    patience: float,
    pause: float = _PAUSE,
    unless: Callable[[], bool] = never,
    mode: int = 0o644,
) -> AbstractContextManager[None]:
    """Hold the lock file `path` among threads and processes, waiting at most `patience` seconds
    (0: one try): what `busy(path)` makes is raised after that. The lock ends with its process,
    however that ends. `mode` is of a file that is made; its directory must be there.

    While somebody else holds it, it is asked for every `pause` seconds or so, and `unless` with
    it: Moot is raised once that says yes. Raises OSError where files cannot be locked.
    Not promised: an order among those who wait. Each asks in its own rhythm, so none is left
    behind. To enter it twice is to wait for oneself.
    """
    wait = _Wait(path=path, busy=busy, patience=patience, pause=pause, unless=unless, mode=mode)
    return _by_flock(wait) if fcntl else _by_filelock(wait)


@contextmanager
def turn(path: Path) -> Iterator[bool]:
    """Whether the lock file `path` is ours, asked once: as `exclusive` inside when it is, and
    False, at once, while somebody else holds it."""
    is_ours = True
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(path, busy=_Taken, patience=0.0))
        except _Taken:
            is_ours = False
        yield is_ours


class _Taken(Exception):
    """Somebody else holds it."""


@dataclass(frozen=True, kw_only=True)
class _Wait:
    """How to wait for a lock, as `exclusive` was told."""

    path: Path
    busy: Callable[[Path], Exception]
    patience: float
    pause: float
    unless: Callable[[], bool]
    mode: int

    def for_flock(self, descriptor: int) -> None:
        end = time.monotonic() + self.patience
        while not _is_taken(descriptor):
            if time.monotonic() >= end:
                raise self.busy(self.path)
            # Never the same rhythm, so that nobody always comes a moment after somebody else.
            time.sleep(self.pause * (0.4 + 1.2 * os.urandom(1)[0] / 255))
            if self.unless():
                raise Moot


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
        try:
            # A child that is between fork and exec has the descriptor too: closing is not enough.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)  # on a network disk the other may fail; this lets go as well


def _opened(wait: _Wait) -> int:
    """The lock file, locked."""
    while True:
        descriptor = os.open(wait.path, os.O_RDWR | os.O_CREAT, wait.mode)
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
        mode=wait.mode,
        poll_interval=wait.pause,
        fallback_to_soft=False,
        preserve_lock_file=True,
    )
    try:
        lock.acquire()
    except Timeout as error:
        raise wait.busy(wait.path) from error
    try:
        yield
    finally:
        lock.release()
