"""One runner in a process of its own: `python -m tests.chaos.worker ROOT TTL`. It joins a project
that `World.make` has made, works until nothing is left, and says how it ended."""

from __future__ import annotations

import sys
from pathlib import Path

from .world import World


def main(root: str, ttl: str) -> int:
    ended = World(root=Path(root), ttl=float(ttl), slots=2).work(most_seconds=0.3)
    sys.stdout.write(f"{ended.why}\n")
    return ended.code


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
