"""Lock files: one holder, whoever asks and however."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from filelock import FileLock

from framework import lockfile
from framework.lockfile import Moot, exclusive, turn

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from framework.lockfile import exclusive
with exclusive(Path(sys.argv[1]), busy=TimeoutError, patience=10):
    print("held", flush=True)
    input()
"""


class Busy(Exception):
    """What a caller raises for a lock that somebody else keeps."""


def assert_busy(path: Path) -> None:
    waiting = exclusive(path, busy=Busy, patience=0.01)
    with pytest.raises(Busy, match=r"x\.lock"), waiting:
        pass


def test_one_at_a_time_and_the_file_stays(tmp_path: Path) -> None:
    """The second waits in vain; after the first it is free, and never deleted."""
    path = tmp_path / "x.lock"
    with exclusive(path, busy=Busy, patience=1):
        assert_busy(path)
    with exclusive(path, busy=Busy, patience=1):
        pass
    assert path.exists()


def test_without_patience_it_is_asked_for_once(tmp_path: Path) -> None:
    """Whoever does not want to wait is told at once, and gets what is free."""
    path = tmp_path / "x.lock"
    with exclusive(path, busy=Busy, patience=0):
        once = exclusive(path, busy=Busy, patience=0, unless=lambda: pytest.fail("nobody waits"))
        with pytest.raises(Busy), once:
            pass


def test_a_turn_says_whether_it_is_ours(tmp_path: Path) -> None:
    """Nobody waits for a turn, and whoever has it keeps all others out until its end."""
    path = tmp_path / "x.lock"
    with turn(path) as ours:
        with turn(path) as theirs:
            assert (ours, theirs) == (True, False)
        assert_busy(path)
    with exclusive(path, busy=Busy, patience=0), turn(path) as ours:
        assert not ours
    with turn(path) as ours:
        assert ours


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such rights")
@pytest.mark.parametrize("flock", [lockfile.fcntl, None], ids=["flock", "library"])
def test_a_lock_beside_a_secret_can_be_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flock: object
) -> None:
    """The file is made with the rights that are asked for, with either way to lock."""
    monkeypatch.setattr(lockfile, "fcntl", flock)
    path = tmp_path / "x.lock"
    with exclusive(path, busy=Busy, patience=0, mode=0o600):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_lock_is_the_one_that_filelock_takes(tmp_path: Path) -> None:
    """So versions before and after, and programs with that library, exclude each other."""
    path = tmp_path / "x.lock"
    with FileLock(path, preserve_lock_file=True):
        assert_busy(path)


def test_where_there_is_no_flock_the_library_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same lock file, the same error, the file stays."""
    path = tmp_path / "x.lock"
    with exclusive(path, busy=Busy, patience=1):
        monkeypatch.setattr(lockfile, "fcntl", None)
        assert_busy(path)
        monkeypatch.undo()
    monkeypatch.setattr(lockfile, "fcntl", None)
    with exclusive(path, busy=Busy, patience=1):
        monkeypatch.undo()
        assert_busy(path)
    assert path.exists()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    """The system lets go for it."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "x.lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    with subprocess.Popen(command, **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert_busy(tmp_path / "x.lock")
        holder.kill()
    with exclusive(tmp_path / "x.lock", busy=Busy, patience=1):
        pass


FORKER = """
import os, sys
from pathlib import Path
from framework.lockfile import exclusive
path = Path(sys.argv[1])
waiting, go = os.pipe()
with exclusive(path, busy=TimeoutError, patience=10):
    if not os.fork():
        os.close(go)
        os.read(waiting, 1)
        os._exit(0)
with exclusive(path, busy=TimeoutError, patience=0.01):
    print("free")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_child_that_was_born_meanwhile_holds_nothing(tmp_path: Path) -> None:
    """A program that is being started while the lock is held does not keep it afterwards."""
    command = [sys.executable, "-c", FORKER, str(tmp_path / "x.lock")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "free\n"


def test_a_deleted_lock_file_admits_nobody_twice(tmp_path: Path) -> None:
    """Who waited for a file that somebody deleted locks the one that is there now."""
    path = tmp_path / "x.lock"
    asked: list[bool] = []

    def replace_it() -> bool:
        if not asked:
            path.unlink()
            held.__exit__(None, None, None)
        asked.append(True)
        return False

    held = exclusive(path, busy=Busy, patience=1)
    held.__enter__()
    with exclusive(path, busy=Busy, patience=1, unless=replace_it):
        assert asked
        assert_busy(path)


def test_nobody_waits_for_what_is_not_needed_any_more(tmp_path: Path) -> None:
    """`unless` is asked while one waits, and only then."""
    path, answers = tmp_path / "x.lock", iter([False, False, True])
    with exclusive(path, busy=Busy, patience=1, unless=lambda: pytest.fail("nobody waits")):
        waiting = exclusive(path, busy=Busy, patience=10, unless=lambda: next(answers))
        with pytest.raises(Moot), waiting:
            pass
    assert list(answers) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no flock")
def test_a_lock_that_cannot_be_let_go_is_closed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network disk that answers with an error: the next one gets it, in this process."""
    import fcntl

    class Broken:
        """The system's own, but for letting go."""

        LOCK_EX, LOCK_NB, LOCK_UN = fcntl.LOCK_EX, fcntl.LOCK_NB, fcntl.LOCK_UN
        asked: ClassVar[list[int]] = []

        @classmethod
        def flock(cls, descriptor: int, how: int) -> None:
            if how == fcntl.LOCK_UN:
                cls.asked.append(descriptor)
                raise OSError(errno.ENOLCK, "no locks available")
            fcntl.flock(descriptor, how)

    path = tmp_path / "x.lock"
    with monkeypatch.context() as here:
        here.setattr(lockfile, "fcntl", Broken)
        held = exclusive(path, busy=Busy, patience=0)
        with pytest.raises(OSError, match="no locks"), held:
            pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(*Broken.asked)
    with exclusive(path, busy=Busy, patience=0):
        pass
