"""The box of Linux: bubblewrap.

Its arguments follow what was tried against real escapes: own user, process, IPC and UTS
namespaces, no capabilities, a read-only system, procfs read-only (as root its writable files
reach the host), and death with the parent. The environment is emptied before bubblewrap starts,
because bubblewrap is process 1 of the box and its own environment can be read there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .cell import Cell, environment_of, interpreter
from .network import DOOR_PORT

_ETC = [
    "resolv.conf",
    "hosts",
    "nsswitch.conf",
    "ssl",
    "ca-certificates",
    "ld.so.cache",
    "alternatives",
    "localtime",
]
_SYSTEM = [Path("/", name) for name in ("bin", "sbin", "lib", "lib64") if Path("/", name).exists()]
_LINKS = [path for path in _SYSTEM if path.is_symlink()]
_DIRECTORIES = [path for path in _SYSTEM if not path.is_symlink()]
_HOME = "/home/agent"
_DOOR = "/run/door"
_PORTER = Path(__file__).with_name("porter.py")
_TMP_BYTES = 1 << 30
_HOME_BYTES = 1 << 28


class Bubblewrap:
    """Needs bubblewrap 0.8 or later (for --disable-userns). `accounts` is a directory of ours
    that holds the two-line passwd and group files which the boxed program sees; `programs` are
    directories of programs outside `/usr`, readable inside and first on its PATH. A cell with a
    `door` also needs this Python inside, which `programs` finds."""

    name = "bubblewrap"
    confines = True

    def __init__(self, accounts: Path, programs: Sequence[Path] = ()) -> None:
        self._programs = tuple(programs)
        self._passwd = accounts / "passwd"
        self._group = accounts / "group"
        accounts.mkdir(parents=True, exist_ok=True)
        self._passwd.write_text(f"agent:x:1000:1000::{_HOME}:/bin/bash\n")
        self._group.write_text("agent:x:1000:\n")

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        environment = environment_of(cell, self._programs, home=_HOME)
        return [
            *("/usr/bin/env", "-i", shutil.which("bwrap") or "bwrap", *self._base(cell.network)),
            *_binds("--ro-bind", (*self._programs, *cell.readable)),
            *_binds("--bind", cell.writable),
            *(("--ro-bind", str(cell.door), _DOOR) if cell.door else ()),
            *("--remount-ro", "/"),  # its own root lies in memory, without a limit
            *("--chdir", str(cell.directory)),
            *(word for pair in environment.items() for word in ("--setenv", *pair)),
            *("--", *(_porter() if cell.door else ()), *command),
        ]

    def _base(self, network: bool) -> list[str]:
        return [
            *["--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--unshare-ipc"],
            *["--unshare-uts", "--unshare-cgroup-try", "--disable-userns"],
            *["--die-with-parent", "--new-session", "--cap-drop", "ALL"],
            *(() if network else ("--unshare-net",)),
            *_binds("--ro-bind", (Path("/usr"), *_DIRECTORIES)),
            *(word for path in _LINKS for word in ("--symlink", os.readlink(path), str(path))),
            *(word for name in _ETC for word in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")),
            *("--ro-bind", str(self._passwd), "/etc/passwd"),
            *("--ro-bind", str(self._group), "/etc/group"),
            *["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"],
            *("--size", str(_TMP_BYTES), "--tmpfs", "/tmp"),
            *("--size", str(_HOME_BYTES), "--tmpfs", _HOME),
        ]


def is_available() -> bool:
    """Whether bubblewrap is installed here."""
    return sys.platform == "linux" and shutil.which("bwrap") is not None


def _porter() -> list[str]:
    return [*interpreter(), _PORTER.read_text("utf-8"), str(DOOR_PORT), _DOOR]


def _binds(kind: str, paths: Sequence[Path]) -> list[str]:
    return [word for path in paths for word in (kind, str(path), str(path))]
