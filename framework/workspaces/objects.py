"""Git's objects as the files they are, for an object store of the host's.

Writing one takes no process, and neither does reading one that is not in a pack.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..domain.errors import GitFailed
from ._git import EMAIL, NAME
from .packed import PackedObjects

_START_BYTES = 1024  # compressed, and certain to hold the header
_HEADER_BYTES = 64


def identify(kind: str, data: bytes) -> str:
    """The name that git gives to an object."""
    return hashlib.sha1(_header(kind, data) + data, usedforsecurity=False).hexdigest()


def commit(tree: str, parents: Sequence[str], message: str) -> bytes:
    """The text of a commit of the runner's, made now."""
    who = f"{NAME} <{EMAIL}> {int(time.time())} +0000"
    lines = (
        f"tree {tree}",
        *(f"parent {parent}" for parent in parents),
        f"author {who}",
        f"committer {who}",
    )
    return "\n".join((*lines, "", message)).encode("utf-8", "surrogateescape")


class Objects:
    """The object store in `directory`. Safe for threads and for processes. Without `packed`,
    what is in a pack is not found."""

    def __init__(self, directory: Path, packed: PackedObjects | None = None) -> None:
        self._directory = directory
        self._packed = packed

    def write(self, kind: str, data: bytes) -> str:
        """Keep an object, and say its name. The data must be in order: nobody checks it.

        Raises GitFailed when there is no room for it.
        """
        name = identify(kind, data)
        try:
            self._keep(self._path(name), _header(kind, data) + data)
        except OSError as error:
            raise GitFailed(
                f"Nothing can be written in {self._directory}: {error}. Make room, or give its "
                "owner the right to write there"
            ) from error
        return name

    def read(self, name: str) -> tuple[str, bytes] | None:
        """The kind and the data of an object; None when nothing good holds it. Raises GitFailed
        when what is packed cannot be read."""
        try:
            with open(self._path(name), "rb", buffering=0) as file:
                text = zlib.decompress(file.read())
        except FileNotFoundError:
            return self._packed.read(name) if self._packed else None
        except (OSError, zlib.error):
            return None
        header, _, data = text.partition(b"\0")
        return header.partition(b" ")[0].decode(), data

    def measure(self, name: str) -> tuple[str, int] | None:
        """As `read`, with the data's size in its place."""
        try:
            with open(self._path(name), "rb", buffering=0) as file:
                start = zlib.decompressobj().decompress(file.read(_START_BYTES), _HEADER_BYTES)
            kind, _, size = start.partition(b"\0")[0].partition(b" ")
            return kind.decode(), int(size)
        except FileNotFoundError:
            return self._packed.measure(name) if self._packed else None
        except (OSError, zlib.error, ValueError):
            return None

    def _keep(self, path: str, content: bytes) -> None:
        try:
            os.utime(path)  # as git does, so that no clearing up takes it for an old one
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(os.path.dirname(path))
            _create(path, zlib.compress(content))

    def _path(self, name: str) -> str:
        return f"{self._directory}/{name[:2]}/{name[2:]}"


def _header(kind: str, data: bytes) -> bytes:
    return f"{kind} {len(data)}\0".encode()


def _create(path: str, content: bytes) -> None:
    """In one step, so that a kill leaves no half of an object."""
    handle, new = tempfile.mkstemp(prefix="tmp_obj_", dir=os.path.dirname(path))
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fchmod(handle, 0o444)
    os.replace(new, path)
