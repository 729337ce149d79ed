"""What a landing would change, in the words of the constitution."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.filechange import SUBMODULE, SYMLINK, FileChange
from ..domain.placement import LARGEST
from .hub import Hub
from .trees import ABSENT, Difference, Entry, Packed, differences

_LONGEST_LINK = 4096
_LONGEST_TEXT = LARGEST


def differing(hub: Hub, tip: str, tree: str) -> list[Difference]:
    """The paths in which `tree` differs from `tip`; a rename is a deletion and a new file."""
    try:
        return differences(hub.store, hub.tree(tip), tree)
    except Packed:
        return _asked(hub, tip, tree)


def described(hub: Hub, found: Sequence[Difference]) -> tuple[FileChange, ...]:
    """Such paths with what is in them."""
    sides = [side for one in found for side in (one.old, one.new) if side]
    files = list(dict.fromkeys(side.name for side in sides if side.mode != SUBMODULE))
    sizes = dict(zip(files, _sizes(hub, files), strict=True))
    wanted = [name for name in files if sizes[name] <= _LONGEST_TEXT]
    blobs = dict(zip(wanted, hub.blobs(wanted), strict=True))
    return tuple(_change(one, sizes, blobs) for one in found)


def _change(one: Difference, sizes: dict[str, int], blobs: dict[str, bytes | None]) -> FileChange:
    old = one.old or Entry(mode=ABSENT, name="")
    new = one.new or Entry(mode=ABSENT, name="")
    size = sizes.get(new.name, 0)
    link = blobs.get(new.name) if new.mode == SYMLINK and size <= _LONGEST_LINK else None
    return FileChange(
        path=one.path,
        old_mode=old.mode,
        new_mode=new.mode,
        size=size,
        link=None if link is None else link.decode("utf-8", "surrogateescape"),
        before=(blobs.get(old.name) or b"").decode("utf-8", "replace"),
        after=(blobs.get(new.name) or b"").decode("utf-8", "replace"),
    )


def _asked(hub: Hub, tip: str, tree: str) -> list[Difference]:
    fields = hub.git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", tip, tree).split("\0")
    rows = [(head.split(), path) for head, path in zip(fields[::2], fields[1::2], strict=False)]
    return [
        Difference(path=path, old=_entry(row[0].lstrip(":"), row[2]), new=_entry(row[1], row[3]))
        for row, path in rows
    ]


def _entry(mode: str, name: str) -> Entry | None:
    return None if mode == ABSENT else Entry(mode=mode, name=name)


def _sizes(hub: Hub, objects: list[str]) -> list[int]:
    loose = [hub.store.measure(one) for one in objects]
    found = [one[1] for one in loose if one is not None]
    if len(found) == len(objects):
        return found
    asked = "".join(f"{one}\n" for one in objects)
    return [
        int(size)
        for size in hub.git.run("cat-file", "--batch-check=%(objectsize)", input=asked).split("\n")
    ]
