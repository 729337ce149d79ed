"""What a person can go back to when a database of issues cannot be used."""

from __future__ import annotations

from pathlib import Path

UNFINISHED = ".part"
"""How the name of a backup ends while it is being made."""


def newest_backup(path: Path) -> Path | None:
    """The newest whole backup beside the file; None where there is none."""
    found = (one for one in path.parent.glob(f"{path.name}.v*") if one.suffix != UNFINISHED)
    return max(found, key=lambda one: one.name, default=None)


def way_back(path: Path) -> str:
    """What to do about a file that is damaged or gone, as a part of a sentence."""
    newest = newest_backup(path)
    if newest is None:
        return "put a copy that is sound in its place (there is no backup beside it)"
    return f"put a copy that is sound in its place (the newest backup is {newest})"


def salvage(path: Path) -> str:
    """How what is left of a damaged file may still be read, as a sentence."""
    return f'To try to save what is in it: sqlite3 "{path}" .recover > saved.sql'
