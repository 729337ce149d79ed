"""What one boxed program may reach, and what every kind of box does with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one boxed program may reach: `writable` and `readable` are absolute paths.

    With `network` it has all of the host's. Without it `door`, a listening unix socket of the
    host's, is what answers at `DOOR_URL` inside.
    """

    directory: Path
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    door: Path | None = None


class Box(Protocol):
    name: str
    confines: bool

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        """The command line that runs `command` in `cell`, with nothing of our environment."""


def programs(path: str) -> tuple[Path, ...]:
    """Where programs live outside `/usr`: this Python's home, and the directories of `path`.

    Only these directories themselves: what lies beside them may be private. An entry above the
    person's home is left out, because all that is private would be in it; so is what this user
    cannot look at, as another user's directory that `su` leaves in `path`.
    """
    entries = [Path(entry) for entry in path.split(os.pathsep) if entry.startswith("/")]
    python = Path(sys.base_prefix)
    candidates = [python, python / "bin", *entries]
    outside = (one for one in candidates if os.path.isdir(one) and _is_apart(one.resolve()))
    return tuple(dict.fromkeys(outside))


def _is_apart(directory: Path) -> bool:
    return not directory.is_relative_to("/usr") and not Path.home().is_relative_to(directory)


def interpreter() -> list[str]:
    """This Python as a boxed program finds it, bare: no site, no settings, no directory of its
    own to import from."""
    return [os.path.realpath(sys.executable), "-I", "-S", "-c"]


def environment_of(cell: Cell, programs: Sequence[Path], *, home: str) -> dict[str, str]:
    """All that a boxed program has in its environment."""
    path = [str(one) for one in programs]
    return {
        "PATH": os.pathsep.join([*path, "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": home,
        "USER": "agent",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": "/tmp",
        **cell.environment,
    }
