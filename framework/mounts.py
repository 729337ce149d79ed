"""Whether a path lies on another machine's disk, where neither locks nor shared memory hold."""

from __future__ import annotations

import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
# `9p` is not among them: it is also how some sandboxes show their own disk.
_NETWORKED = re.compile(
    r"(nfs\d?|cifs|smb\w*|ncpfs|afs|ceph|glusterfs|lustre|beegfs|gpfs|davfs|fuse(\..*)?)"
)


def network_file_system(path: Path) -> str | None:
    """The kind of network file system that `path` lies, or would lie, on; None for a local one.

    Not promised: that every such file system is known, or anything where the system has no list
    of mounts, as other systems than Linux.
    """
    if not _TABLE.exists():
        return None
    kind = kind_of_mount(path.resolve(), _TABLE.read_text("utf-8", "surrogateescape"))
    return kind if kind is not None and _NETWORKED.fullmatch(kind) else None


def kind_of_mount(path: Path, mountinfo: str) -> str | None:
    """The file system of the innermost mount point above `path`, of several there the last.
    `mountinfo` is as in /proc/self/mountinfo, `path` absolute and without symbolic links."""
    inner, kind = -1, None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), left.split()[4]))
        if path.is_relative_to(point) and len(point.parts) >= inner:
            inner, kind = len(point.parts), right.split()[0]
    return kind
