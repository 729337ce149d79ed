"""Whether a path lies on another machine's disk, where SQLite's shared memory does not reach."""

from __future__ import annotations

import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
# `9p` is not among them: it is also how some sandboxes show their own disk.
_NETWORKED = re.compile(
    r"(nfs\d?|cifs|smb\w*|ncpfs|afs|ceph|glusterfs|lustre|beegfs|gpfs|davfs|fuse\..*)"
)


def network_file_system(path: Path) -> str | None:
    """The kind of network file system that holds `path`; None for a local one, or where the
    system does not tell."""
    if not _TABLE.exists():
        return None
    kind = kind_of_mount(path.resolve(), _TABLE.read_text("utf-8", "surrogateescape"))
    return kind if kind is not None and _NETWORKED.fullmatch(kind) else None


def kind_of_mount(path: Path, mountinfo: str) -> str | None:
    """The file system of the innermost mount point above `path`, of several there the last."""
    inner, kind = -1, None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), left.split()[4]))
        if path.is_relative_to(point) and len(point.parts) >= inner:
            inner, kind = len(point.parts), right.split()[0]
    return kind
