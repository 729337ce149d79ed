"""Before a run starts: is any of the known ways out of its box open on this machine?

One boxed process tries them all, in a fraction of a second. A box that is not tight is refused
rather than trusted; what no one has thought of is not found.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cell import Box, Cell, interpreter
from .private import private_places
from .ways import UNTRIED, WAYS, Way

_SCRIPT = Path(__file__).with_name("inside.py")
_SECONDS = 30
_SHOWN = 3
_LISTENING = 0x10000
_OFF_LIMITS = ("pid", "user", "ipc", "mnt", "uts")
_SYSTEM = ("/etc/shadow", "/etc/ssh", "/etc/sudoers", "/var/lib", "/var/run", "/run", "/root")
_ENGINE = re.compile(r"docker|containerd|podman|crio|kubelet|buildkit|lxd|incus|libvirt")
_AGENT = re.compile(r"ssh|gpg|agent|keyring|1password|keepass")
_DESKTOP = re.compile(r"X11-unix|wayland|dbus|/bus|ICE-unix|pulse|pipewire")


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A way out that is open. `found` is what the probe came upon, such as paths."""

    way: Way
    found: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if len(self.found) > _SHOWN else ""
        shown = ", ".join(self.found[:_SHOWN])
        return f"From inside the box one can {self.way.what} ({shown}{more}). {self.way.remedy}"


def probe(
    box: Box,
    directory: Path,
    *,
    hub: Path | None = None,
    private: Sequence[Path] = (),
    network: bool = True,
) -> tuple[Opening, ...]:
    """Try every way out of `box`; those that are open, and none if it is tight.

    `directory`, made if need be and left empty, is what the boxed process may write; what lies
    beside it must not be seen, nor must anything in `private`. `hub` may be read and must not be
    written. Without `network` any is an opening. Nothing is changed, on a machine without a box
    neither. Blocks for a fraction of a second. A probe that fails is an opening.
    """
    directory.mkdir(parents=True, exist_ok=True)
    cell = Cell(
        directory=directory,
        writable=(directory,),
        readable=(hub,) if hub else (),
        network=network,
    )
    told = [f"mine={directory}", *_facts(network), *_hidden(private)]
    told += [f"hub={hub}"] if hub else []
    command = [*interpreter(), _SCRIPT.read_text("utf-8"), *told]
    try:
        ran = subprocess.run(
            box.wrap(command, cell), capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return (Opening(way=UNTRIED, found=(f"it did not end within {_SECONDS} s",)),)
    return _openings(ran.stdout.decode(errors="replace"), ran.stderr.decode(errors="replace"))


def _openings(output: str, errors: str) -> tuple[Opening, ...]:
    found: dict[str, list[str]] = {}
    *rows, last = [*output.splitlines(), ""][:-1] or [""]
    for row in rows:
        name, _, text = row.partition("\t")
        found.setdefault(name, []).append(str(ast.literal_eval(text)))
    openings = [Opening(way=WAYS[name], found=tuple(what)) for name, what in found.items()]
    if last != f"tried\t{len(WAYS)}":
        openings.append(Opening(way=UNTRIED, found=(errors.strip()[-500:] or "it said nothing",)))
    return tuple(openings)


def _facts(network: bool) -> Iterator[str]:
    """What of the host's the boxed process must not share."""
    yield f"root={_identity(Path('/'))}"
    kinds = _OFF_LIMITS if network else (*_OFF_LIMITS, "net")
    yield from (f"namespace={kind} {os.readlink(f'/proc/self/ns/{kind}')}" for kind in kinds)
    if Path("/dev/shm").exists():
        yield f"shm={os.stat('/dev/shm').st_dev}"
    if not network:
        yield f"offline={os.readlink('/proc/self/ns/net')}"
    for path in _listening():
        if kind := _kind(path, network):
            yield f"socket={kind} {path}"


def _listening() -> Iterator[str]:
    """The host's unix sockets that someone listens at; `@` begins an abstract one."""
    rows = Path("/proc/net/unix").read_text(errors="replace").splitlines()[1:]
    for row in rows:
        words = row.split(maxsplit=7)
        if len(words) == 8 and int(words[3], 16) & _LISTENING:
            yield words[7]


def _kind(path: str, network: bool) -> str | None:
    """Abstract sockets belong to the network. With it, one counts only if it leads to power over
    the host: any machine has some that do not."""
    if _ENGINE.search(path):
        return "engine"
    if _AGENT.search(path):
        return "agent"
    harmless = path.startswith("@") and network and not _DESKTOP.search(path)
    return None if harmless else "other"


def _hidden(private: Sequence[Path]) -> Iterator[str]:
    home = Path.home()
    usual = (*private_places(), home, *map(Path, _SYSTEM))
    for path in (*usual, *private):
        if path.exists():
            yield f"private={_identity(path)} {path}"


def _identity(path: Path) -> str:
    """What a thing is, whatever its name is in a box."""
    found = path.stat()
    return f"{found.st_dev} {found.st_ino}"
