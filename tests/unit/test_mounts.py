"""Network file systems are told from the list of mounts, and nothing is kept on one."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework import mounts
from framework.domain.errors import LeaseError
from framework.leases.file import FileLeases
from framework.leases.sqlite import SqliteLeases
from framework.mounts import network_file_system

MOUNTS = r"""22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:21 / /proc rw shared:5 - proc proc rw
40 22 0:50 / /home rw,relatime shared:7 master:2 - nfs4 server:/home rw,vers=4.2
41 40 8:1 / /home/me/disk rw - xfs /dev/sda1 rw
42 22 0:51 / /srv/the\040share rw - cifs //server/share rw
43 22 0:52 / /mnt/far rw - fuse.sshfs me@server:/ rw
44 22 8:2 / /mnt/stick rw - fuseblk /dev/sdb1 rw
45 22 0:53 / /mnt/old rw - nfs server:/old rw
46 22 8:3 / /mnt/old rw - ext4 /dev/sdc1 rw
47 22 0:54 / /mnt/bare rw - fuse thing rw
48 22 0:55 /sub /data rw shared:9 - overlay overlay rw
49 22 0:56 / /box rw - 9p host rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/nowhere/project", None),
        ("/", None),
        ("/home/me/project", "nfs4"),
        ("/home", "nfs4"),
        ("/homes/me", None),
        ("/home/me/disk/project", None),
        ("/srv/the share/x", "cifs"),
        ("/srv/the", None),
        ("/mnt/far/away", "fuse.sshfs"),
        ("/mnt/bare/x", "fuse"),
        ("/mnt/stick/x", None),
        ("/mnt/old/x", None),
        ("/data/x", None),
        ("/box/x", None),
    ],
)
def test_the_nearest_mount_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str | None
) -> None:
    """Also with blanks in names, names that begin alike, mounts inside and over each other; not
    what only looks like another machine's disk."""
    planted = tmp_path / "mountinfo"
    planted.write_text(MOUNTS)
    monkeypatch.setattr(mounts, "_TABLE", planted)
    assert network_file_system(Path(path)) == kind


@pytest.mark.parametrize("kind", [FileLeases, SqliteLeases])
def test_leases_on_a_network_file_system_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[FileLeases | SqliteLeases]
) -> None:
    """Before anything is made there; the text names the place and what to do."""
    planted = tmp_path / "mountinfo"
    planted.write_text(f"40 22 0:50 / {tmp_path.resolve()} rw - nfs4 server:/home rw\n")
    monkeypatch.setattr(mounts, "_TABLE", planted)
    with pytest.raises(LeaseError, match=r"network file system \(nfs4\).*Keep the project on"):
        kind(tmp_path / "leases").establish()
    assert not (tmp_path / "leases").exists()


def test_where_there_is_no_list_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on systems that have no /proc."""
    monkeypatch.setattr(mounts, "_TABLE", tmp_path / "none")
    FileLeases(tmp_path / "leases").establish()
    assert (tmp_path / "leases").is_dir()
