"""No box, for those who said so: what is left is the environment."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from .cell import Cell, environment_of

_IN_DIRECTORY = 'cd -- "$1" && shift && exec "$@"'


class Unboxed:
    """No box: the program reaches whatever its user can. Only its environment is ours to choose.

    A cell's `door` is not opened: the program has the whole network anyway. On Linux it is at
    least told to end when we die; what it started in the background is not.
    """

    name = "none"
    confines = False

    def __init__(self, programs: Sequence[Path] = ()) -> None:
        self._programs = tuple(programs)

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        environment = environment_of(cell, self._programs, home=str(Path.home()))
        leash = shutil.which("setpriv")
        return [
            *("/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items())),
            *((leash, "--pdeathsig", "TERM") if leash else ()),
            *("/bin/sh", "-c", _IN_DIRECTORY, "sh", str(cell.directory), *command),
        ]
