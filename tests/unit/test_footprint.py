"""What a process keeps beyond what it uses: as glibc itself counts it, and by Python's cycles."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

_THREADS = """
import ctypes, sys, threading
from framework.runner.footprint import keep_small

if sys.argv[1] == "told":
    keep_small()
everybody = threading.Barrier(13)

def work():
    held = [bytearray(2000) for _ in range(100)]
    everybody.wait()
    everybody.wait()

for _ in range(12):
    threading.Thread(target=work).start()
everybody.wait()
given_back = bytearray(4 << 20)
del given_back
held = [bytearray(1 << 20) for _ in range(3)]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
everybody.wait()
"""

_CYCLES = """
import gc, sys, weakref
from framework.runner.footprint import keep_small

class Attempt:
    def __init__(self):
        self.itself = self

if sys.argv[1] == "told":
    keep_small()
gc.collect()
running = [Attempt() for _ in range(8)]
one, over = weakref.ref(running[-1]), -8
while one():
    running, over = [*running[1:], Attempt()], over + 1
    [[] for _ in range(3_000)]
print(over)
"""

glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_info"),
    reason="only glibc has arenas",
)


def _counted(word: str) -> tuple[int, int]:
    """The heaps of a process with twelve threads, and its pieces that lie apart from them."""
    printed = _printed(_THREADS, word)
    apart = re.findall(r'type="mmap" count="(\d+)"', printed)[-1]
    return printed.count("<heap nr="), int(apart)


@glibc
def test_all_threads_share_two_heaps() -> None:
    """Twelve threads that hold memory at once have two heaps, where they would have a dozen."""
    assert _counted("told")[0] <= 2 < _counted("untold")[0]


@glibc
def test_large_pieces_stay_out_of_the_heaps() -> None:
    """What is taken after a larger piece was given back is not put among the small ones."""
    assert _counted("told")[1] >= _counted("untold")[1] + 3


def test_attempts_that_are_over_are_collected_soon() -> None:
    """Of attempts that run eight at a time, one that is over is gone in half of the usual time."""
    assert _until_collected("told") <= _until_collected("untold") / 2


def _until_collected(word: str) -> int:
    """How many more are over before one that is over is gone."""
    return int(_printed(_CYCLES, word))


def _printed(program: str, word: str) -> str:
    ran = subprocess.run(
        (sys.executable, "-c", program, word),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout
