"""A disk that fills in the middle of a run: `python -m tests.chaos.full ROOT`, ROOT being on a
small file system of its own.

The second agent fills what is free. The run must end by itself and in words; when there is room
again, another run must finish everything. How the runs end goes to stderr, what is wrong
afterwards to stdout as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from framework.domain.errors import NightshiftError, sole

from .forks import ended, fork
from .verdict import complaints
from .world import World

_ISSUES = 6
_LOG = Path("/dev/stderr")


def fill(path: Path) -> None:
    """Write into `path` until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue  # no room for this much


def main(root: str) -> int:
    world, ballast = World(root=Path(root)), Path(root, "ballast")
    world.make(_ISSUES)
    finished = count(1)

    def then() -> None:
        if next(finished) == 2:
            fill(ballast)

    first = ended(fork(_LOG, lambda: _run(world, then)))
    was_full = ballast.exists()
    ballast.unlink(missing_ok=True)
    second = ended(fork(_LOG, lambda: _run(world, lambda: None)))
    wrong = complaints(world, _ISSUES)
    sys.stdout.write(
        json.dumps({"full": was_full, "first": first, "second": second, "complaints": wrong}) + "\n"
    )
    return int(not was_full or (first, second) != (1, 0) or bool(wrong))


def _run(world: World, then: Callable[[], None]) -> int:
    """One run, ending in words as the entry scripts do it."""
    try:
        ending = world.work(then=then)
    except Exception as error:
        known = sole(error)
        if not isinstance(known, NightshiftError):
            raise
        sys.stderr.write(f"error: {known}\n")
        return 1
    sys.stderr.write(f"{ending.why}\n")
    return ending.code


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
