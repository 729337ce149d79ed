"""Changing a configuration file: one at a time, all or nothing, with a copy of what was."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..domain.errors import SettingsError
from ..lockfile import exclusive
from .document import check, parse, read

Change = Callable[[dict[str, Any]], None]
"""Changes the content in place. What it raises leaves the file as it is."""

_PATIENCE = 10.0
_BACKUP = re.compile(r"\.backup-(\d{8}T\d{6}Z)(?:-(\d+))?")
_KEPT = 5
"""So many backups of a file are left."""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """`backup` is the copy of what was there; None where nothing was, or nothing changed."""

    path: Path
    backup: Path | None


def change(path: Path, edit: Change, *, user: bool = False, now: datetime | None = None) -> Saved:
    """Read, `edit`, check and write, while every other writer waits.

    Readers see the old content or the new, also after a power cut. A file that is wrong before
    or would be afterwards is a SettingsError, and stays as it was.
    """
    with _alone(path) as real:
        old = dict(read(real, user=user).values)
        new = copy.deepcopy(old)
        edit(new)
        if new == old:
            return Saved(path=path, backup=None)
        check(new, real, user=user)
        text = json.dumps(new, indent=2, ensure_ascii=False) + "\n"
        return Saved(path=path, backup=_replace(real, text.encode(), now))


def text_of(path: Path) -> str:
    """What a person is given to edit; it may be wrong, and the person is to mend it."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return "{}\n"
    except OSError as error:
        raise _refused(path, error) from error


def put_text(
    path: Path, text: str, *, was: str, user: bool = False, now: datetime | None = None
) -> Saved:
    """Put a person's edit of `was` in place. Raises SettingsError, and changes nothing, where
    the text is wrong or somebody else changed the file meanwhile."""
    parse(text.encode(), path, user=user)
    with _alone(path) as real:
        if (current := text_of(real)) != was:
            raise SettingsError(
                f"{path} was changed by somebody else while you edited it. Nothing was changed; "
                "edit it again."
            )
        if text == current:
            return Saved(path=path, backup=None)
        return Saved(path=path, backup=_replace(real, text.encode(), now))


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Hold the file's lock; gives the file itself where `path` is a symbolic link."""
    real = Path(os.path.realpath(path))
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        lock = real.with_name(f"{real.name}.lock")
        with exclusive(lock, busy=lambda _: _busy(path), patience=_PATIENCE):
            yield real
    except OSError as error:
        raise _refused(path, error) from error


def _busy(path: Path) -> SettingsError:
    return SettingsError(
        f"{path} is being changed by another process. Nothing was changed; try again."
    )


def _replace(path: Path, text: bytes, now: datetime | None) -> Path | None:
    """Only for whoever holds the lock. What a crash leaves behind is overwritten next time."""
    temporary = path.with_name(f"{path.name}.tmp")
    backup = _keep(path, now or datetime.now(UTC)) if path.exists() else None
    temporary.unlink(missing_ok=True)
    _write(temporary, text, like=path)
    temporary.replace(path)
    _sync(path.parent)
    return backup


def _keep(path: Path, now: datetime) -> Path:
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    again = [number for made, number, _ in _backups(path) if made == stamp]
    # Never a number that was given before: the order tells which is the newest.
    number = f"-{again[-1] + 1}" if again else ""
    backup = path.with_name(f"{path.name}.backup-{stamp}{number}")
    _write(backup, path.read_bytes(), like=path)
    for _, _, old in _backups(path)[:-_KEPT]:
        if old != backup:  # which a clock that was fast before makes the oldest
            old.unlink(missing_ok=True)
    return backup


def _backups(path: Path) -> list[tuple[str, int, Path]]:
    """The time and the number in each name, and the copy; the oldest first."""
    found = ((_BACKUP.fullmatch(one.suffix), one) for one in path.parent.glob(f"{path.name}.*"))
    return sorted((name[1], int(name[2] or 1), one) for name, one in found if name)


def _write(path: Path, content: bytes, *, like: Path) -> None:
    """A new file, on the disk when this returns; who may read `like` may read it."""
    with path.open("xb") as file:
        if like.exists():
            path.chmod(like.stat().st_mode & 0o777)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    if os.name == "posix":
        number = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _refused(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"{path} cannot be changed: {error.strerror or error}. Nothing was changed; give this user "
        "the right to write there, or make room on the disk."
    )
