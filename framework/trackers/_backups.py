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
    """None where there is none."""
    return next(reversed(backups(path)), None)


def back_up(path: Path, version: int, now: datetime, every: timedelta) -> Path:
    """A backup of a file of this version that is not older than `every`: one that is made now
    where there is none. Of one version the last three are kept. Raises TrackerError where the
    file is damaged: then nothing is made or taken away."""
    for one in reversed(backups(path)):
        if abs(now - _made(one)) < every:  # one of a clock that was fast is no reason for none
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
    """What to do about a file that is damaged or gone, as a part of a sentence."""
    newest = newest_backup(path)
    known = f"the newest backup is {newest}" if newest else "there is no backup beside it"
    # SQLite would play a -wal that lies there into the copy.
    return (
        f"move what is left of {path.name}, {path.name}-wal and {path.name}-shm elsewhere, then "
        f"put a copy that is sound in its place ({known})"
    )


def salvage(path: Path) -> str:
    """How what is left of a damaged file may still be read, as a sentence."""
    return f'To try to save what is in it: sqlite3 "{path}" .recover > saved.sql'


def _unused(path: Path, name: str) -> Path:
    """Never a number that was given before: the order tells which is the newest."""
    again = [_age(one)[2] for one in backups(path) if str(one).startswith(name)]
    return Path(f"{name}-{again[-1] + 1}" if again else name)


def _there(path: Path) -> sqlite3.Connection:
    """Makes no file where there is none any more."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)


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
