"""The short way for an attempt's commit from its clone into the hub: one process, no talk.

What the agent has made since is read from its clone as plain files. On the host, git unpacks it,
and checks each object and that all it refers to is there, before it writes it. No program reads
the clone, and nothing of it but these files counts: neither its configuration nor its pointers to
other stores. What is unusual goes the long way, a fetch.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator

from ..domain.filechange import SUBMODULE
from .attempt import Attempt
from .hub import Hub
from .loose import LooseObjects, objects_of
from .trees import rows

_SECONDS = 20.0
_LARGEST = 4 << 20
_UNPACK = ("unpack-objects", "-q", "--strict", f"--max-input-size={2 * _LARGEST}")
_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_LINKS = re.compile(rb"^(?:tree|parent) ([0-9a-f]{40})$", re.MULTILINE)

Found = dict[str, tuple[str, bytes]]
"""Kinds and data of objects by their names."""


def hand_over(hub: Hub, attempt: Attempt, commit: str) -> bool:
    """Whether the hub has now got `commit`, all that belongs to it, and the attempt's ref on it.

    False says nothing about whose fault it is. What has come then may stay in the hub, each
    object complete and nothing pointing to it.
    """
    before = hub.ref(attempt.ref)
    known = {attempt.base, hub.tip(), before}
    try:
        with objects_of(attempt.clone) as loose:
            found = _made(loose, commit, known)
    except (OSError, ValueError):
        return False
    return (
        (not found or hub.git.feed(_pack(found.values()), *_UNPACK, seconds=_SECONDS))
        and hub.kind(commit) == "commit"
        and hub.point(attempt.ref, commit, before)
    )


def _made(loose: LooseObjects, commit: str, known: Collection[str | None]) -> Found:
    """All that a commit leads to and that lies in the clone. The hub has the rest, or else git
    will miss it. Raises OSError or ValueError for what is damaged or too much."""
    found: Found = {}
    room = _LARGEST
    waiting = [commit]
    while waiting:
        name = waiting.pop()
        if name in known or name in found or name not in loose.names:
            continue
        kind, data = found[name] = loose.read(name, room)
        if kind not in _KINDS:
            raise ValueError(f"{name} is a {kind}")
        room -= len(data)
        waiting += _links(kind, data)
    return found


def _links(kind: str, data: bytes) -> Iterator[str]:
    if kind == "tree":
        yield from (row.hex() for mode, row in rows(data).values() if mode != SUBMODULE.encode())
    elif kind == "commit":
        yield from (name.decode() for name in _LINKS.findall(data.partition(b"\n\n")[0]))


def _pack(objects: Iterable[tuple[str, bytes]]) -> bytes:
    """Objects in git's form for sending them."""
    each = [_size(_KINDS[kind], len(data)) + zlib.compress(data, 1) for kind, data in objects]
    pack = b"".join((b"PACK", struct.pack(">II", 2, len(each)), *each))
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def _size(kind: int, size: int) -> bytes:
    """The start of an object in a pack: its kind and size, seven bits at a time."""
    out = bytearray()
    byte, size = kind << 4 | size & 15, size >> 4
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    out.append(byte)
    return bytes(out)
