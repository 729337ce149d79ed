"""Reading lease records from their directory. Reading changes nothing and takes no lock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from ..domain.frozen import dataclass
from ..domain.identifier import slug
from ..domain.lease import Record
from .text import decode

SUFFIX = ".json"
ASIDE = ".json.corrupt"

_SETTLED_NS = 2_000_000_000


def read_record(path: Path) -> Record:
    """Raises FileNotFoundError, or ValueError when it is not the record of its file's name."""
    record = decode(path.read_bytes())
    if path.name != slug(record.key) + SUFFIX:
        raise ValueError(f"it is the record of {record.key}")
    return record


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A file as it was read: `stamp` changes when it is replaced, `record` is None when damaged."""

    stamp: tuple[int, int, int]
    record: Record | None

    def is_settled(self, now: int) -> bool:
        """Whether the stamp can be relied on. One replaced twice within a tick of the file
        system's clock may get its old inode number and time again, so what is that young is
        read anew each time."""
        return now - self.stamp[0] > _SETTLED_NS


class Listing:
    """All records of a directory, each parsed again only when its file was replaced."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, _Known] = {}

    def read(self) -> tuple[list[Record], list[Path]]:
        """The records, and the files that should be records but cannot be read: in their place,
        or set aside with nothing in their place."""
        now, names = time.time_ns(), self._names()
        found = {name: one for name in names if name.endswith(SUFFIX) and (one := self._get(name))}
        self._known = {name: one for name, one in found.items() if one.is_settled(now)}
        records = [one.record for one in found.values() if one.record]
        damaged = [name for name, one in found.items() if one.record is None]
        return records, [self._directory / name for name in (*damaged, *_aside(names))]

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return []

    def _get(self, name: str) -> _Known | None:
        """The file as it is, None when it has gone since."""
        try:
            status = os.stat(f"{self._directory}{os.sep}{name}")  # a Path costs more than the look
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._known.get(name)
            if known and known.stamp == stamp:
                return known
            return _Known(stamp=stamp, record=_try(self._directory / name))
        except FileNotFoundError:
            return None


def _try(path: Path) -> Record | None:
    try:
        return read_record(path)
    except ValueError:
        return None


def _aside(names: Iterable[str]) -> list[str]:
    present = set(names)
    return [
        name
        for name in present
        if ASIDE in name and name.partition(ASIDE)[0] + SUFFIX not in present
    ]
