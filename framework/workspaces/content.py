"""What a landing would change, in the words of the constitution."""

from __future__ import annotations

from ..domain.constitution import SUBMODULE, SYMLINK, FileChange
from .hub import Hub

_LONGEST_LINK = 4096


def changes(hub: Hub, tip: str, tree: str) -> tuple[FileChange, ...]:
    """The paths in which `tree` differs from `tip`; a rename is a deletion and a new file."""
    fields = hub.git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", tip, tree).split("\0")
    rows = [(head.split(), path) for head, path in zip(fields[::2], fields[1::2], strict=False)]
    new = {path: row[3] for row, path in rows if row[1] not in ("000000", SUBMODULE)}
    sizes = dict(zip(new, _sizes(hub, list(new.values())), strict=True))
    linked = {
        path: new[path] for row, path in rows if row[1] == SYMLINK and sizes[path] <= _LONGEST_LINK
    }
    links = dict(zip(linked, _texts(hub, list(linked.values())), strict=True))
    return tuple(
        FileChange(
            path=path,
            old_mode=row[0].lstrip(":"),
            new_mode=row[1],
            size=sizes.get(path, 0),
            link=links.get(path),
        )
        for row, path in rows
    )


def _sizes(hub: Hub, objects: list[str]) -> list[int]:
    if not objects:
        return []
    asked = "".join(f"{one}\n" for one in objects)
    return [
        int(size)
        for size in hub.git.run("cat-file", "--batch-check=%(objectsize)", input=asked).split("\n")
    ]


def _texts(hub: Hub, objects: list[str]) -> list[str | None]:
    if not objects:
        return []
    return [
        None if blob is None else blob.decode("utf-8", "surrogateescape")
        for blob in hub.blobs(objects)
    ]
