"""The box: how a program of the agent's is started so that it reaches nothing of ours.

`Box.wrap` turns a command into the command that runs it boxed. Bubblewrap's arguments follow
what was tried against real escapes: own user, process, IPC and UTS namespaces, no capabilities,
a read-only system, procfs read-only (as root its writable files reach the host), and death with
the parent. The environment is emptied before bubblewrap starts, because bubblewrap is process 1
of the box and its own environment can be read there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

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
_IN_DIRECTORY = 'cd -- "$1" && shift && exec "$@"'
_TMP_BYTES = 1 << 30
_HOME_BYTES = 1 << 28


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one boxed program may reach: `writable` and `readable` are absolute paths."""

    directory: Path
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    network: bool = False


class Box(Protocol):
    name: str
    confines: bool

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        """The command line that runs `command` in `cell`, with nothing of our environment."""


class Bubblewrap:
    """Needs bubblewrap 0.8 or later (for --disable-userns). `accounts` is a directory of ours
    that holds the two-line passwd and group files which the boxed program sees; `programs` are
    directories of programs outside `/usr`, readable inside and first on its PATH."""

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
        environment = _environment(cell, self._programs, home=_HOME)
        return [
            *("/usr/bin/env", "-i", shutil.which("bwrap") or "bwrap", *self._base(cell.network)),
            *_binds("--ro-bind", (*self._programs, *cell.readable)),
            *_binds("--bind", cell.writable),
            *("--remount-ro", "/"),  # its own root lies in memory, without a limit
            *("--chdir", str(cell.directory)),
            *(word for pair in environment.items() for word in ("--setenv", *pair)),
            *("--", *command),
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


class Unboxed:
    """No box: the program reaches whatever its user can. Only its environment is ours to choose.

    On Linux it is at least told to end when we die; what it started in the background is not.
    """

    name = "none"
    confines = False

    def __init__(self, programs: Sequence[Path] = ()) -> None:
        self._programs = tuple(programs)

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        environment = _environment(cell, self._programs, home=str(Path.home()))
        leash = shutil.which("setpriv")
        return [
            *("/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items())),
            *((leash, "--pdeathsig", "TERM") if leash else ()),
            *("/bin/sh", "-c", _IN_DIRECTORY, "sh", str(cell.directory), *command),
        ]


def is_available() -> bool:
    """Whether bubblewrap is installed here."""
    return sys.platform == "linux" and shutil.which("bwrap") is not None


def programs(path: str) -> tuple[Path, ...]:
    """Where programs live outside `/usr`: this Python's home, and the directories of `path`.

    Only these directories themselves: what lies beside them may be private. An entry above the
    person's home is left out, because all that is private would be in it.
    """
    entries = [Path(entry) for entry in path.split(os.pathsep) if entry.startswith("/")]
    python = Path(sys.base_prefix)
    candidates = [python, python / "bin", *entries]
    outside = (one for one in candidates if one.is_dir() and _is_apart(one.resolve()))
    return tuple(dict.fromkeys(outside))


def _is_apart(directory: Path) -> bool:
    return not directory.is_relative_to("/usr") and not Path.home().is_relative_to(directory)


def _environment(cell: Cell, programs: Sequence[Path], *, home: str) -> dict[str, str]:
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


def _binds(kind: str, paths: Sequence[Path]) -> list[str]:
    return [word for path in paths for word in (kind, str(path), str(path))]
