"""Keeping the hub small: its objects are packed when they have become many.

Every clone borrows the hub's objects, also such as no ref leads to any more, and rescued work is
nowhere else. So nothing is ever pruned: git puts the loose objects that refs lead to into one more
pack, syncs that to the disk, and only then deletes the files of just these. What no ref leads to
stays the file that it is. Whoever looked for a file that has become part of a pack in that moment
finds it in the pack, as git looks again for new packs before it says that an object is missing.
"""

from __future__ import annotations

import os

from .hub import Hub

MANY = 4096
"""Loose objects: those of some hundred landings, which git packs in a second or two."""

_SECONDS = 600.0
_SAMPLE = "17"
_DIRECTORIES = 256
_PACK = ("repack", "-d", "-q")


def pack(hub: Hub, *, many: int = MANY) -> bool:
    """Pack the hub's loose objects if there are `many` or more; whether that was done.

    Safe beside any reader and writer of the hub, and repeatable after a kill, which leaves at most
    a file in nobody's way. A no may also say that git could not, as on a full disk: nothing
    depends on it, and the next run tries again.
    """
    return about(hub) >= many and hub.git.feed(b"", *_PACK, seconds=_SECONDS)


def about(hub: Hub) -> int:
    """How many loose objects there are, about: names are as good as random, and one directory
    stands for all, as in git's own estimate."""
    try:
        return len(os.listdir(hub.objects / _SAMPLE)) * _DIRECTORIES
    except FileNotFoundError:
        return 0
