"""File systems on which locks of two machines may overlap, told from the list of mounts."""

from __future__ import annotations

import re
from pathlib import Path

from ..domain.errors import LeaseError

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "fuse"})


def refuse_network(directory: Path) -> None:
    """Raise LeaseError when `directory` lies, or would lie, on a network file system.

    Not promised: that every such file system is known, or anything where there is no list of
    mounts, as on other systems than Linux.
    """
    if not _MOUNTS.is_file():
        return
    mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    if kind := network_kind(mounts, directory.resolve()):
        raise LeaseError(
            f"The leases of this project would lie in {directory}, which is on a network file "
            f"system ({kind}): its locks may overlap, so one issue could go to two sessions. "
            "Keep the project on a disk of this machine."
        )


def network_kind(mounts: str, path: Path) -> str | None:
    """The type of the network file system that `path` is on, None when it is on none that is
    known. `mounts` is as in /proc/self/mountinfo, `path` absolute and without symbolic links."""
    above, best, found = [str(path), *map(str, path.parents)], len(path.parts), None
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point, kind = _unescaped(left.split(" ")[4]), right.partition(" ")[0]
        # Of two mounts on one point the later one covers the other.
        if point in above and (depth := above.index(point)) <= best:
            best, found = depth, kind
    return found if found and found.partition(".")[0] in _NETWORK else None


def _unescaped(text: str) -> str:
    """Space, tab, newline and backslash stand in the list as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda one: chr(int(one[1], 8)), text)
