"""The ways out of a box that a run tries before it starts, and what closes each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_OLD = "Install bubblewrap 0.8 or later; in a container, start that without `--privileged`."
_SHARED = "Take what is above it out of PATH and NIGHTSHIFT_BOX_READ."
_OFFLINE = "Set NIGHTSHIFT_NETWORK=model-only, or end the program that listens there."


@dataclass(frozen=True, kw_only=True)
class Way:
    """`what` an agent could do, as the end of "from inside the box one can ..."."""

    what: str
    remedy: str


WAYS: Mapping[str, Way] = {
    "sysrq": Way(what="command the kernel through sysrq", remedy=_OLD),
    "settings": Way(what="change settings of the host's kernel", remedy=_OLD),
    "hooks": Way(what="name a program that the host's kernel will start", remedy=_OLD),
    "cgroups": Way(what="change the host's control groups", remedy=_OLD),
    "memory": Way(what="read the host's memory", remedy=_OLD),
    "devices": Way(what="use the host's devices", remedy=_OLD),
    "roots": Way(what="enter another file system through a process", remedy=_OLD),
    "mounting": Way(what="mount file systems", remedy=_OLD),
    "users": Way(what="become root of a user namespace of its own", remedy=_OLD),
    "capabilities": Way(what="use capabilities of root", remedy=_OLD),
    "setuid": Way(what="gain rights through a setuid program", remedy=_OLD),
    "namespaces": Way(what="see what belongs to the host (namespaces)", remedy=_OLD),
    "shared-memory": Way(what="use the host's shared memory", remedy=_OLD),
    "engines": Way(what="command the host's container engine", remedy=_OFFLINE),
    "agents": Way(what="use keys that an agent program of yours holds", remedy=_OFFLINE),
    "sockets": Way(what="talk to programs of the host", remedy=_OFFLINE),
    "private": Way(what="read private files of yours", remedy=_SHARED),
    "siblings": Way(what="read other sessions' files", remedy=_SHARED),
    "hub": Way(what="write to the hub", remedy=_SHARED),
    "system": Way(what="write to the system", remedy=_OLD),
    "network": Way(what="send raw packets, or use a network that is off", remedy=_OLD),
    "keyring": Way(
        what="read keys from your session's keyring",
        remedy="Start the run in a keyring of its own: `keyctl session - COMMAND`.",
    ),
    "terminal": Way(what="type into your terminal", remedy=_OLD),
    "kernel": Way(what="set the clock, swap, or stop the host", remedy=_OLD),
    "descriptors": Way(
        what="use files that the run has open",
        remedy="This is a fault of Nightshift's: report it, and pass --no-box only if you must.",
    ),
}
UNTRIED = Way(
    what="do what could not be tried",
    remedy="See that the box starts at all: `bwrap --ro-bind / / true`.",
)
"""Where the probe itself failed."""
