"""How much memory a run of days keeps beyond what it uses."""

from __future__ import annotations

import ctypes
import gc
import sys

_MOST_ARENAS = -8, 2
_MAPPED_FROM = -3, 128 * 1024
"""M_ARENA_MAX and M_MMAP_THRESHOLD of glibc's malloc.h, where they are part of the interface,
and what they are set to. The second is also where glibc begins."""
_GENERATIONS = 700, 10, 2


def keep_small() -> None:
    """Let this process have two heaps, large pieces apart from them, and finished attempts soon
    collected. To be called before it has eight threads, for glibc reads its limit then."""
    # Of an attempt that is over some 200 objects point at each other, and have lived long enough
    # to be looked at in a full collection only: with Python's 10 that is after 300 attempts.
    gc.set_threshold(*_GENERATIONS)
    _share_heaps()


def _share_heaps() -> None:
    """glibc gives each new thread a heap of its own, up to eight for a processor, and each heap
    keeps the most that its threads ever needed at once. The event loop's worker threads come and
    go, so that days would slowly bring each of them to the size of all of its work. And each
    large piece that is given back makes glibc take pieces up to that size from the heaps, in
    which they leave gaps. Elsewhere than on glibc there is nothing to be told."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):  # not in musl
        libc.mallopt(*_MOST_ARENAS)
        libc.mallopt(*_MAPPED_FROM)
