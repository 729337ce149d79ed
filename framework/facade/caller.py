"""Which session a command belongs to, when nobody says so: the process that started it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_FORWARDERS = frozenset(
    {
        *("env", "find", "make", "nice", "nohup", "setsid", "stdbuf", "sudo"),
        *("time", "timeout", "uv", "xargs"),
    }
)
"""Programs that run one command for somebody else and end with it."""
_SHELLS = frozenset({"ash", "bash", "dash", "fish", "ksh", "sh", "zsh"})
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def session_of(name: str | None) -> str:
    """24 hexadecimal digits for the session called `name`; without a name, for the nearest
    process above this one that is not merely forwarding a command.

    Forwarding are `sh -c ...`, `xargs` and their like, and the forked half of a shell that
    stands for a pipe or a `$(...)`: an agent starts a new one for every command, while the agent
    itself, a script or a person's shell stays. What one program runs is one session, however many
    agents it thinks of: it tells them apart by ISSUE_SESSION_ID. Promised: of two programs of one
    boot, neither started by the other, each is a session of its own. Not promised: anything
    beyond this machine, or where a process's ancestors cannot be seen.
    """
    if name is None:
        return _anchor()
    import hashlib  # slow to import, and few callers need it

    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _anchor() -> str:
    pid = os.getppid()
    if sys.platform != "linux":
        return _elsewhere(pid)
    while pid > 1 and (_forwards(_words(pid)) or _is_forked(pid)):
        pid = _parent(pid)
    pid = pid or os.getpid()  # the first process of a container has no parent to be seen
    started = int(_stat(pid)[19])  # field 22: clock ticks since the boot
    return f"{_BOOT.read_text('ascii')[:8]}{pid:06x}{started:010x}"


def _forwards(words: list[str]) -> bool:
    """Whether a process with this command line runs one command and ends with it."""
    if not words:
        return False
    program = _program(words)
    options = [word for word in words[1:] if word.startswith("-") and not word.startswith("--")]
    return program in _FORWARDERS or (program in _SHELLS and any("c" in one for one in options[:2]))


def _is_forked(pid: int) -> bool:
    """Whether it is a shell that another one has become two of, as for a pipe: nothing else
    has the very same command line as its parent."""
    words, parent = _words(pid), _parent(pid)
    return bool(words) and _program(words) in _SHELLS and parent > 1 and _words(parent) == words


def _program(words: list[str]) -> str:
    return os.path.basename(words[0]).lstrip("-")


def _words(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    return [word for word in text.split("\0") if word]


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """The fields behind the name, from the state (field 3 of proc(5)) on."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()


def _elsewhere(pid: int) -> str:
    import psutil

    process = psutil.Process(pid)
    while (parent := process.parent()) is not None and _forwards(process.cmdline()):
        process = parent
    return f"00000000{process.pid:06x}{int(process.create_time() * 100):010x}"
