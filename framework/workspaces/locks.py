"""The lock files of refs, by git's own rules: who makes `<ref>.lock` may change the ref, and does
it by renaming that file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def point(ref: Path, new: str, is_expected: Callable[[], bool]) -> bool:
    """Write a ref's file under its lock. False, and nothing has changed, when it is locked, is
    not as expected under the lock, or cannot be written."""
    lock = ref.with_name(f"{ref.name}.lock")
    pointed = False
    with suppress(OSError):
        ref.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(f"{new}\n")
            if is_expected():
                os.rename(lock, ref)
                pointed = True
        finally:
            if not pointed:
                lock.unlink()
    return pointed


def remove(lock: Path, *, older_than: float) -> bool:
    """Whether there was a lock file of that age in seconds, which is gone now."""
    try:
        if lock.stat().st_mtime > time.time() - older_than:
            return False
        lock.unlink()
    except FileNotFoundError:
        return False  # it was alive
    return True
