"""Trees of the hub, read without a process as long as they are not in a pack."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from .objects import Objects

ABSENT = "000000"
DIRECTORY = "040000"


class Packed(Exception):
    """Git has to be asked: what is wanted lies in a pack."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a tree says of one name, with git's mode."""

    mode: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One path in which two trees differ; None where there is no file."""

    path: str
    old: Entry | None
    new: Entry | None


Rows = dict[bytes, tuple[bytes, bytes]]
"""A tree as git keeps it: for each name the mode's digits and the object's twenty bytes."""

_ROW = re.compile(rb"([0-7]+) ([^\0]*)\0(.{20})", re.DOTALL)


def rows(data: bytes) -> Rows:
    """What a tree's data says. Not promised: to notice that it is out of order; git does."""
    return {name: (mode, object) for mode, name, object in _ROW.findall(data)}


def root(store: Objects, commit: str) -> str:
    """The tree of a commit. Raises Packed."""
    found = store.read(commit)
    if found is None or found[0] != "commit":
        raise Packed
    return found[1][5:45].decode()


def entry(store: Objects, tree: str, path: str) -> Entry | None:
    """What stands at `path` in a tree, if anything does. Raises Packed."""
    first, _, rest = path.partition("/")
    found = _entry(_rows(store, tree).get(first.encode("utf-8", "surrogateescape")))
    if found is None or not rest:
        return found
    return entry(store, found.name, rest) if found.mode == DIRECTORY else None


def differences(store: Objects, old: str, new: str) -> list[Difference]:
    """The files in which two trees differ, in git's order. Raises Packed."""
    return sorted(
        _differences(store, old, new, b""),
        key=lambda one: one.path.encode("utf-8", "surrogateescape"),
    )


def _differences(
    store: Objects, old: str | None, new: str | None, directory: bytes
) -> Iterator[Difference]:
    before, after = _rows(store, old), _rows(store, new)
    for name in {name for name, _ in before.items() ^ after.items()}:
        was, now = _entry(before.get(name)), _entry(after.get(name))
        path = directory + name
        from_tree, to_tree = _tree(was), _tree(now)
        if from_tree or to_tree:
            yield from _differences(store, from_tree, to_tree, path + b"/")
        was, now = None if from_tree else was, None if to_tree else now
        if was != now:
            yield Difference(path=path.decode("utf-8", "surrogateescape"), old=was, new=now)


def _tree(one: Entry | None) -> str | None:
    return one.name if one is not None and one.mode == DIRECTORY else None


def _rows(store: Objects, tree: str | None) -> Rows:
    if tree is None:
        return {}
    found = store.read(tree)
    if found is None or found[0] != "tree":
        raise Packed
    return rows(found[1])


def _entry(row: tuple[bytes, bytes] | None) -> Entry | None:
    return None if row is None else Entry(mode=_plain(int(row[0], 8)), name=row[1].hex())


def _plain(mode: int) -> str:
    """As git sees a mode, whatever wrote it."""
    if stat.S_ISREG(mode):
        return "100755" if mode & 0o100 else "100644"
    if stat.S_ISLNK(mode):
        return "120000"
    return DIRECTORY if stat.S_ISDIR(mode) else "160000"
