"""Directories under the root, each held by one living process as long as it works there."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..domain.errors import WorkspaceError

_GONE = ".gone-"
_OWNER = "owner.lock"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A directory that is ours until `remove` or `leave`, or until our process dies."""

    path: Path
    lock: IO[bytes]

    def remove(self) -> None:
        """Delete it. It loses its name first, so that a kill leaves no half of it in use."""
        gone = self.path.with_name(f"{_GONE}{uuid.uuid4().hex[:12]}")
        self.path.rename(gone)
        self.lock.close()
        delete(gone)

    def leave(self) -> None:
        """Keep the directory, for a later run to find."""
        self.lock.close()


class Places:
    """The directories in `root`. Safe for threads and for processes."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root = root.resolve()
        self._ours = threading.Lock()
        self._door = self._root / ".places.lock"

    def make(self, name: str) -> Place:
        """A new directory. Raises WorkspaceError when there is one of that name."""
        path = self._root / name
        with self._alone():
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                raise WorkspaceError(
                    f"{path} exists already: it is another attempt's, or was left by one; start "
                    "the run again to have its work saved"
                ) from None
            return Place(path=path, lock=_locked(path / _OWNER, fcntl.LOCK_EX))

    def abandoned(self) -> tuple[list[Place], int]:
        """The directories of dead processes, from now on ours, and how many the living hold."""
        found: list[Place] = []
        others = 0
        with self._alone():
            for path in sorted(self._root.iterdir()):
                if path.name.startswith(_GONE):
                    delete(path)
                elif (path / _OWNER).is_file():
                    try:
                        lock = _locked(path / _OWNER, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        found.append(Place(path=path, lock=lock))
                    except BlockingIOError:
                        others += 1
        return found, others

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody makes or looks for directories meanwhile; it takes no longer than that."""
        with self._ours, _locked(self._door, fcntl.LOCK_EX):
            yield


def delete(path: Path) -> None:
    """Delete a tree and nothing that its links point to, whatever modes an agent has set."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        open_up(path)
        shutil.rmtree(path)
    except FileNotFoundError:
        if path.exists():  # another process deletes it too, and was quicker with some of it
            delete(path)


def open_up(top: Path) -> None:
    """Make a dead agent's files readable for us. Removes pipes and sockets: they hold no work,
    and whoever opens one waits for ever. Follows no link."""
    _permit(os.fspath(top), os.lstat(top).st_mode, 0o700)
    waiting = [os.fspath(top)]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for one in found:
                mode = one.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    _permit(one.path, mode, 0o700)
                    waiting.append(one.path)
                elif stat.S_ISREG(mode):
                    _permit(one.path, mode, 0o400)
                elif not stat.S_ISLNK(mode):
                    os.unlink(one.path)


def _permit(path: str, mode: int, wanted: int) -> None:
    if mode & wanted != wanted:
        os.chmod(path, stat.S_IMODE(mode) | wanted)


def _locked(path: Path, how: int) -> IO[bytes]:
    """A lock file, locked until it is closed or our process dies. Raises BlockingIOError when
    LOCK_NB is asked for and another one has it."""
    file = open(path, "ab", buffering=0)  # noqa: SIM115 - it is kept
    try:
        fcntl.flock(file, how)
    except BaseException:
        file.close()
        raise
    return file
