"""What an agent has changed in a small clone, seen without a process.

Git's index says what every file was when the clone was handed over, and the file system says
when a file last changed, which no program in a box can set. What is unusual is left to git.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from . import plain
from .objects import identify

_LARGEST = 32 << 10
"""The bytes of an index; of more files than fit into it git knows sooner."""
_STRAY = 32
"""So many files that the index does not know are more than an agent's few new ones."""
_HEAD = struct.Struct(">4sII")
_ROW = struct.Struct(">10I20sH")
_MODES = frozenset((0o120000, 0o100644, 0o100755))
_UNUSUAL = 0xF000  # a merge's side, or what git is told to overlook
_READABLE = 1 << 20

Row = tuple[tuple[int, ...], int, str]
"""Of one file: times, inode and size as the index has them; its mode; the blob's name."""


def differing(clone: Path, index: Path) -> set[str] | None:
    """The files that are not as `index` says, that it does not know, or that are gone, as paths
    in the clone; None where git has to be asked.

    `index` was copied when the clone was handed over and has not been touched since. Ignored
    files are among the answer, and so is what differs only in its line ends.
    """
    try:
        handed = os.stat(index)
        rows = _rows(plain.read(index, _LARGEST)) if handed.st_size <= _LARGEST else None
        return None if rows is None else _differing(clone, rows, handed.st_ctime_ns)
    except (OSError, ValueError, struct.error):
        return None


def _differing(clone: Path, rows: dict[str, Row], handed: int) -> set[str] | None:
    found, seen = set(), 0
    for path, status in _files(str(clone)):
        row = rows.get(path)
        if row is None or not _is_same(f"{clone}/{path}", status, row, handed):
            found.add(path)
        seen += row is not None
        if len(found) > _STRAY:
            return None
    if seen < len(rows):
        found |= {path for path in rows if not os.path.lexists(f"{clone}/{path}")}
    return found


def _rows(data: bytes) -> dict[str, Row] | None:
    """What an index says; None for one that is not of the plain kind that `read-tree` writes."""
    signature, version, count = _HEAD.unpack_from(data)
    if (signature, version) != (b"DIRC", 2):
        return None
    rows: dict[str, Row] = {}
    at = _HEAD.size
    for _ in range(count):
        *numbers, blob, flags = _ROW.unpack_from(data, at)
        end = data.index(b"\0", at + _ROW.size)
        if numbers[6] not in _MODES or flags & _UNUSUAL:
            return None
        path = os.fsdecode(data[at + _ROW.size : end])
        rows[path] = ((*numbers[:4], numbers[5], numbers[9]), numbers[6], blob.hex())
        at += (end - at + 8) // 8 * 8
    return rows


def _files(clone: str) -> Iterator[tuple[str, os.stat_result]]:
    """All but directories, and all outside the clone's own `.git`."""
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        with os.scandir(f"{clone}/{directory}") as entries:
            for one in entries:
                path = directory + one.name
                if one.is_dir(follow_symlinks=False):
                    if path != ".git":
                        waiting.append(f"{path}/")
                else:
                    yield path, one.stat(follow_symlinks=False)


def _is_same(path: str, status: os.stat_result, row: Row, handed: int) -> bool:
    """By its times where they tell: what was changed in the tick of the clock in which the clone
    was handed over may bear the same ones."""
    stamp, mode, blob = row
    if _stamp(status) == stamp and status.st_ctime_ns < handed:
        return True
    return stat.S_ISREG(status.st_mode) and _holds(path, status, mode, blob)


def _holds(path: str, status: os.stat_result, mode: int, blob: str) -> bool:
    is_mode = mode == (0o100755 if status.st_mode & 0o100 else 0o100644)
    if not is_mode or status.st_size > _READABLE:
        return False
    return identify("blob", plain.read(path, _READABLE)) == blob


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    changed, written = divmod(status.st_ctime_ns, 10**9), divmod(status.st_mtime_ns, 10**9)
    every = (*changed, *written, status.st_ino, status.st_size)
    return tuple(one & 0xFFFFFFFF for one in every)
