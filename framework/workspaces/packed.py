"""Objects that lie in packs, read through one git process that stays."""

from __future__ import annotations

import re

from ._git import Git
from .standing import Standing

_NAME = re.compile(r"[0-9a-f]{40}")


class PackedObjects:
    """Answers for objects that are no files of their own. Safe for threads."""

    def __init__(self, git: Git) -> None:
        self._asked = Standing(git, "cat-file", "--batch-command")

    def read(self, name: str) -> tuple[str, bytes] | None:
        """The kind and the data of the object with this full name; None when it is not there.
        Raises GitFailed."""
        if not _NAME.fullmatch(name):
            return None  # as a name that would be two questions
        said = self._asked.ask(f"contents {name}\n".encode(), _is_whole)
        header, _, rest = said.partition(b"\n")
        found = _measured(header)
        return None if found is None else (found[0], rest[: found[1]])

    def measure(self, name: str) -> tuple[str, int] | None:
        """As `read`, with the data's size in its place."""
        if not _NAME.fullmatch(name):
            return None
        said = self._asked.ask(f"info {name}\n".encode(), lambda said: said.endswith(b"\n"))
        return _measured(said.rstrip(b"\n"))


def _is_whole(said: bytearray) -> bool:
    end = said.find(b"\n")
    if end < 0:
        return False
    found = _measured(bytes(said[:end]))
    return found is None or len(said) == end + 1 + found[1] + 1


def _measured(header: bytes) -> tuple[str, int] | None:
    """Kind and size, from the line before an object; None where it says that there is none."""
    _, kind, *size = header.split(b" ")
    return (kind.decode(), int(size[0])) if size else None
