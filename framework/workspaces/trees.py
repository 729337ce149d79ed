"""Trees of the hub, read without a process as long as they are not in a pack."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from .objects import Objects

ABSENT = "000000"
DIRECTORY = "040000"
_NAME_BYTES = 20


class Packed(Exception):
    """Git has to be asked: a tree lies in a pack."""


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


def entry(store: Objects, tree: str, path: str) -> Entry | None:
    """What stands at `path` in a tree, if anything does. Raises Packed."""
    first, _, rest = path.partition("/")
    found = _entries(store, tree).get(first)
    if found is None or not rest:
        return found
    return entry(store, found.name, rest) if found.mode == DIRECTORY else None


def differences(store: Objects, old: str, new: str) -> list[Difference]:
    """The files in which two trees differ, in git's order. Raises Packed."""
    return sorted(_differences(store, old, new, ""), key=lambda one: os.fsencode(one.path))


def _differences(
    store: Objects, old: str | None, new: str | None, directory: str
) -> Iterator[Difference]:
    before, after = _entries(store, old), _entries(store, new)
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        path = f"{directory}{name}"
        from_tree, to_tree = _tree(was), _tree(now)
        if from_tree or to_tree:
            yield from _differences(store, from_tree, to_tree, f"{path}/")
        was, now = None if from_tree else was, None if to_tree else now
        if was or now:
            yield Difference(path=path, old=was, new=now)


def _tree(one: Entry | None) -> str | None:
    return one.name if one is not None and one.mode == DIRECTORY else None


def _entries(store: Objects, tree: str | None) -> dict[str, Entry]:
    if tree is None:
        return {}
    found = store.read(tree)
    if found is None or found[0] != "tree":
        raise Packed
    return dict(_parsed(found[1]))


def _parsed(data: bytes) -> Iterator[tuple[str, Entry]]:
    at = 0
    while at < len(data):
        space, zero = data.index(b" ", at), data.index(b"\0", at)
        following = zero + 1 + _NAME_BYTES
        yield (
            data[space + 1 : zero].decode("utf-8", "surrogateescape"),
            Entry(mode=_plain(int(data[at:space], 8)), name=data[zero + 1 : following].hex()),
        )
        at = following


def _plain(mode: int) -> str:
    """As git sees a mode, whatever wrote it."""
    if stat.S_ISREG(mode):
        return "100755" if mode & 0o100 else "100644"
    if stat.S_ISLNK(mode):
        return "120000"
    return DIRECTORY if stat.S_ISDIR(mode) else "160000"
