"""Directories under the root, each held by one living process as long as it works there."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..domain.errors import WorkspaceError

GONE = ".gone-"
"""How the names of directories begin that are being deleted."""

_OWNER = "owner.lock"
_ATTEMPT = re.compile(r".+-e\d+")
_TRIES = 20
_PAUSE = 0.05
_HARD = (errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A directory that is ours until `remove` or `leave`, or until our process dies."""

    path: Path
    lock: IO[bytes]

    def remove(self) -> None:
        """Delete it. It loses its name first, so that a kill leaves no half of it in use."""
        gone = unname(self.path)
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
        with self.alone():
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
        with self.alone():
            for path in sorted(self._root.iterdir()):
                if path.name.startswith(GONE) or _is_stillborn(path):
                    delete(path)
                elif _is_place(path):
                    place = _taken(path)
                    found += [place] if place else []
                    others += place is None
        return found, others

    def look(self) -> tuple[list[Path], list[Path]]:
        """The directories of dead processes and those that the living hold. They stay as they
        are, so by the time of the answer another process may have taken one."""
        dead: list[Path] = []
        held: list[Path] = []
        with self.alone():
            for path in filter(_is_place, sorted(self._root.iterdir())):
                place = _taken(path)
                if place:
                    place.leave()
                (dead if place else held).append(path)
        return dead, held

    def is_empty(self) -> bool:
        """Whether there is no directory of ours at all. To be asked while `alone`."""
        return not any(map(_is_place, self._root.iterdir()))

    def take(self, path: Path) -> Place | None:
        """One directory of a dead process, from now on ours; None when it is not that any more."""
        with self.alone():
            return _taken(path) if _is_place(path) else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody makes, takes or looks for directories meanwhile; whoever wants to, waits."""
        with self._ours, _locked(self._door, fcntl.LOCK_EX):
            yield


def unname(path: Path) -> Path:
    """Give what is to be deleted its last name, by which it is known if we are killed."""
    return path.rename(path.with_name(f"{GONE}{uuid.uuid4().hex[:12]}"))


def delete(path: Path) -> None:
    """Delete a tree and nothing that its links point to, whatever modes an agent has set."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for _ in range(_TRIES):
        try:
            shutil.rmtree(path)
            return
        except FileNotFoundError:
            if not path.exists():
                return  # another process deletes it too, and was quicker
        except (RecursionError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOTEMPTY:
                time.sleep(_PAUSE)  # a program of the dead one still writes; it is about to end
            elif isinstance(error, OSError) and error.errno not in _HARD:
                raise
            else:
                _delete_hard(path)
                return
    raise WorkspaceError(
        f"{path} cannot be deleted, as a program writes in it all the time: end that program, and "
        "the next start deletes it"
    )


def _delete_hard(top: Path) -> None:
    """Delete a tree of any modes and any depth: deeper than a function can call itself, than a
    process can open directories, than a path can be long. All directories become children of
    `top` first."""
    _permit(os.fspath(top), os.lstat(top).st_mode, 0o700)
    waiting = [os.fspath(top)]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            inner = [one.path for one in found if one.is_dir(follow_symlinks=False)]
        for path in inner:
            _permit(path, os.lstat(path).st_mode, 0o700)
            moved = f"{top}/{uuid.uuid4().hex}"
            os.rename(path, moved)
            waiting.append(moved)
    shutil.rmtree(top)


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


def _is_place(path: Path) -> bool:
    """Whether it is a directory that we made: never a link, wherever that leads."""
    return not path.is_symlink() and (path / _OWNER).is_file()


def _is_stillborn(path: Path) -> bool:
    """Whether its maker died before it had a lock; to be asked while nobody makes any. What has
    anything in it is not ours."""
    is_one = _ATTEMPT.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    return bool(is_one) and not any(path.iterdir())


def _taken(path: Path) -> Place | None:
    """The directory, now ours; None when it is held, or is being deleted by whoever held it."""
    try:
        lock = _locked(path / _OWNER, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return None
    if not _is_place(path):
        lock.close()
        return None
    return Place(path=path, lock=lock)


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
