"""The objects that an agent has made, as the files they are in its clone."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import plain
from .objects import identify

_SHELF = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{38}")
_MOST = 10_000
_HEADER_BYTES = 64


@contextmanager
def objects_of(clone: Path) -> Iterator[LooseObjects]:
    """Those of a clone. Raises OSError or ValueError where there is not the usual directory."""
    with plain.directory(clone, ".git", "objects") as handle:
        yield LooseObjects(handle)


class LooseObjects:
    """`names` are the objects that were there when it was made: a claim, until one is read."""

    def __init__(self, objects: int) -> None:
        self._objects = objects
        self.names = frozenset(_listed(objects))

    def read(self, name: str, largest: int) -> tuple[str, bytes]:
        """The kind and the data, which is certain to be what the name says. Raises OSError or
        ValueError when it is not, or has more than `largest` bytes."""
        with plain.directory(name[:2], within=self._objects) as shelf:
            text = _unpacked(plain.read(name[2:], largest, within=shelf), largest + _HEADER_BYTES)
        header, _, data = text.partition(b"\0")
        kind = header.partition(b" ")[0].decode()
        if identify(kind, data) != name:
            raise ValueError(f"{name} has another content")
        return kind, data


def _listed(objects: int) -> list[str]:
    found: list[str] = []
    for shelf in filter(_SHELF.fullmatch, os.listdir(objects)):
        with plain.directory(shelf, within=objects) as handle:
            found += [shelf + rest for rest in os.listdir(handle) if _REST.fullmatch(rest)]
        if len(found) > _MOST:
            raise ValueError("too many objects")
    return found


def _unpacked(content: bytes, largest: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        text = machine.decompress(content, largest + 1)
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from error
    if not machine.eof or len(text) > largest:
        raise ValueError("damaged, or too large")
    return text
