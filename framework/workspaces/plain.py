"""An agent's files, read as the plain bytes they are: no link is followed, no pipe waited for,
and nothing is run."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def directory(top: Path | str, *below: str, within: int | None = None) -> Iterator[int]:
    """A handle of the directory `top/below…`, none of which may be a link. Raises OSError."""
    handle = os.open(top, _DIRECTORY, dir_fd=within)
    try:
        for name in below:
            inner = os.open(name, _DIRECTORY, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def read(path: Path | str, largest: int, *, within: int | None = None) -> bytes:
    """A regular file of at most `largest` bytes. Raises ValueError or OSError for anything else."""
    handle = os.open(path, _FILE, dir_fd=within)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path} is no file")
        data = b""
        while len(data) <= largest and (more := os.read(handle, largest + 1 - len(data))):
            data += more
    finally:
        os.close(handle)
    if len(data) > largest:
        raise ValueError(f"{path} is too large")
    return data
