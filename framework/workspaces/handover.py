"""The short way for an attempt's commit from its clone into the hub: two processes, no talk.

In the box, git packs what the hub lacks, with a git directory of the hub's: of the clone it uses
the objects only, and no configuration. On the host, git unpacks it, and checks each object and
that all it refers to is there, before it writes it. What is unusual goes the long way, a fetch.
"""

from __future__ import annotations

from ..box import Box, Cell
from ._git import ENVIRONMENT
from .attempt import Attempt
from .hub import Hub

_SECONDS = 20.0
_LARGEST = 4 << 20
_PACK = ("pack-objects", "--revs", "--stdout", "-q", "--threads=1", "--window=0")
_UNPACK = ("unpack-objects", "-q", "--strict", f"--max-input-size={_LARGEST}")


def hand_over(hub: Hub, box: Box, attempt: Attempt, commit: str) -> bool:
    """Whether the hub has now got `commit`, all that belongs to it, and the attempt's ref on it.

    False says nothing about whose fault it is. What has come then may stay in the hub, each
    object complete and nothing pointing to it.
    """
    before = hub.ref(attempt.ref)
    known = {attempt.base, hub.tip(), before or attempt.base}
    wanted = "".join(f"{one}\n" for one in (commit, *(f"^{one}" for one in known)))
    return (
        hub.git.pour(_packer(hub, box, attempt), wanted, *_UNPACK, seconds=_SECONDS)
        and hub.kind(commit) == "commit"
        and hub.point(attempt.ref, commit, before)
    )


def _packer(hub: Hub, box: Box, attempt: Attempt) -> list[str]:
    cell = Cell(
        directory=attempt.clone,
        readable=(attempt.clone, hub.objects, hub.desk),
        environment={
            **ENVIRONMENT,
            "GIT_DIR": str(hub.desk),
            "GIT_OBJECT_DIRECTORY": str(attempt.clone / ".git" / "objects"),
        },
    )
    return box.wrap(["git", *_PACK], cell)
