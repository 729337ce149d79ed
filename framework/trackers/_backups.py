"""Copies of a database of issues beside it, and what a person can go back to with them."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..domain.errors import TrackerError

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r".*\.v(\d+)-(\d{8}T\d{6}Z)(?:-(\d+))?")
_UNFINISHED = ".part"
_KEPT = 3


def backups(path: Path) -> list[Path]:
    """The whole backups beside the file, the newest last; those of older versions of the file
    come first."""
    found = (one for one in path.parent.glob(f"{path.name}.v*") if _NAME.fullmatch(one.name))
    return sorted(found, key=_age)


def newest_backup(path: Path) -> Path | None:
    """The newest that brings issues back; None where there is none. What is empty or cannot be
    read is never offered: whoever puts it in the place of a damaged board loses all."""
    return next((one for one in reversed(backups(path)) if issues_in(one)), None)


def issues_in(backup: Path) -> int:
    """How many issues it holds; none where it cannot be read as a board."""
    try:
        with closing(_sole(backup)) as connection:
            return _count(connection)
    except sqlite3.Error:
        return 0


def back_up(path: Path, version: int, now: datetime, every: timedelta) -> Path | None:
    """A backup of a file of this version that is not older than `every` and holds more than half
    as many issues as there are now: one that is made now where there is none. None of a board
    without issues. Of one version the last three are kept. Raises TrackerError where the file is
    damaged: then nothing is made or taken away."""
    with closing(_there(path)) as source:
        issues = _count(source)
    if not issues:
        return None
    for one in reversed(backups(path)):
        # One of a clock that was fast is no reason for none.
        if abs(now - _made(one)) < every and 2 * issues_in(one) > issues:
            return one
    made = copy(path, version, now)
    for old in [one for one in backups(path) if _age(one)[0] == version][:-_KEPT]:
        if old != made:
            old.unlink(missing_ok=True)  # another process may just do the same
    return made


def copy(path: Path, version: int, now: datetime) -> Path:
    """A whole and sound copy under its final name, or none. Needs a connection of its own: one
    that is about to write cannot be copied from."""
    name = f"{path}.v{version}-{now.astimezone(UTC).strftime(_STAMP)}"
    unfinished = Path(f"{name}-{os.getpid()}{_UNFINISHED}")
    try:
        with closing(_there(path)) as source, closing(sqlite3.connect(unfinished)) as made:
            source.backup(made)
            _refuse_damaged(made, path)
        return unfinished.rename(_unused(path, name))
    finally:
        unfinished.unlink(missing_ok=True)


def way_back(path: Path) -> str:
    """What to do about a file that is damaged or gone, as a part of a sentence, and what that
    brings back."""
    newest = newest_backup(path)
    if newest is None:
        return (
            "no backup with issues in it lies beside it, so what was in it is lost unless you "
            "have a copy elsewhere. Before you put such a copy in its place, "
            f"{_aside(path)}"
        )
    return (
        f"{_aside(path)}, then put a copy of a backup in its place (the newest backup is {newest}: "
        f"it holds {_number(issues_in(newest))}, and nothing of what was done after "
        f"{_made(newest).astimezone():%Y-%m-%d %H:%M %Z})"
    )


def salvage(path: Path) -> str:
    """How what is left of a damaged file may still be read, as a sentence."""
    return f'To try to save what is in it: sqlite3 "{path}" .recover > saved.sql'


def _aside(path: Path) -> str:
    # SQLite would play a -wal that lies there into the copy.
    return f"move what is left of {path.name}, {path.name}-wal and {path.name}-shm elsewhere"


def _number(issues: int) -> str:
    return "1 issue" if issues == 1 else f"{issues} issues"


def _unused(path: Path, name: str) -> Path:
    """Never a number that was given before: the order tells which is the newest."""
    again = [_age(one)[2] for one in backups(path) if str(one).startswith(name)]
    return Path(f"{name}-{again[-1] + 1}" if again else name)


def _there(path: Path) -> sqlite3.Connection:
    """Makes no file where there is none any more."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)


def _sole(backup: Path) -> sqlite3.Connection:
    """Of a file that nobody writes to: leaves nothing beside it."""
    return sqlite3.connect(f"{backup.absolute().as_uri()}?immutable=1", uri=True)


def _count(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM issues").fetchone()
    return int(found)


def _refuse_damaged(made: sqlite3.Connection, path: Path) -> None:
    (found,) = made.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise TrackerError(
            f"{path} is damaged ({found}), so no backup was made of it, and the earlier ones stay. "
            "See what is wrong, and the way back: issue doctor"
        )


def _age(backup: Path) -> tuple[int, str, int]:
    version, stamp, again = _parts(backup)
    return int(version), stamp, int(again or 0)


def _made(backup: Path) -> datetime:
    return datetime.fromisoformat(_parts(backup)[1])


def _parts(backup: Path) -> tuple[str, str, str | None]:
    found = _NAME.fullmatch(backup.name)
    if found is None:
        raise ValueError(f"{backup} is not named as a backup")
    return found[1], found[2], found[3]
