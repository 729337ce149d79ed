"""Files that are changed by one at a time and are whole at every moment."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..domain.errors import LeaseError

_ADVICE = {
    errno.ENOSPC: "make room on the disk, then start again",
    errno.EDQUOT: "make room in your quota, then start again",
    errno.EFBIG: "raise the limit on file sizes, then start again",
    errno.EROFS: "make the file system writable, then start again",
    errno.EACCES: "give this user the right to read and write there, then start again",
    errno.EPERM: "give this user the right to read and write there, then start again",
    errno.ENOSYS: "it cannot lock files: keep the leases on a local file system",
    errno.ENOLCK: "it cannot lock files: keep the leases on a local file system",
}


@contextmanager
def exclusive(path: Path, *, patience: float) -> Iterator[None]:
    """Hold the lock file `path`, waiting at most `patience` seconds.

    The lock file stays for ever: with a deleted one two processes could hold "the" lock. Waiters
    ask every few milliseconds, each in its own rhythm, so that none of them is left behind.
    """
    lock = FileLock(
        path,
        timeout=patience,
        poll_interval=random.uniform(0.001, 0.004),  # noqa: S311
        fallback_to_soft=False,
        preserve_lock_file=True,
    )
    with lock:
        yield


def replace_file(path: Path, content: bytes) -> None:
    """Readers see the old content or the new, also after a crash or a power cut.

    Only for whoever holds the file's lock: the temporary file has one name, so that what a crash
    leaves behind is overwritten by the next change.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    move(temporary, path)


def move(source: Path, target: Path) -> None:
    """Rename within a directory, on the disk when this returns."""
    source.replace(target)
    if os.name == "posix":
        directory = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Errors of the operating system as LeaseError that says what to do."""
    try:
        yield
    except Timeout as error:
        raise LeaseError(
            f"The lease store in {directory} is busy: another process keeps {error.lock_file} "
            "locked. Nothing was changed; see whether a Nightshift process hangs or is stopped."
        ) from error
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "nothing was changed; mend that, then start again")
        raise LeaseError(
            f"The lease store in {directory} cannot be used ({error.strerror or error}): {advice}."
        ) from error
