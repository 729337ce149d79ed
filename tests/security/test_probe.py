"""The probe before a run: a tight box has no way out, and each weakness in one is found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from framework.box import Bubblewrap, Cell, Unboxed, inside, is_available, programs
from framework.box.probe import Opening, probe
from framework.box.ways import UNTRIED, WAYS
from tests.integration.hubs import NO_BOX

pytestmark = pytest.mark.skipif(not is_available(), reason=NO_BOX)
ROOT = Path(__file__).parents[2]
DROPPED: dict[str, tuple[str, ...]] = {
    "settings": ("--remount-ro /proc",),
    "users": ("--disable-userns",),
    "capabilities": ("--cap-drop ALL",),
    "namespaces": ("--unshare-pid",),
}
"""What goes wrong without a word of bubblewrap's."""
ADDED: dict[str, str] = {
    "devices": "--dev-bind /dev /dev",
    "shared-memory": "--bind /dev/shm /dev/shm",
    "private": "--ro-bind {root}/private /mnt",
    "siblings": "--ro-bind {root}/state {root}/state --bind {root}/state/mine {root}/state/mine",
    "hub": "--bind {root}/hub {root}/hub",
    "system": "--bind /usr/local /usr/local --bind /usr /usr",
    "hooks": "--bind /sys /sys",
    "cgroups": "--bind /sys/fs/cgroup /sys/fs/cgroup",
    "roots": "--bind / /mnt",
}
"""What goes wrong with one more."""


@dataclass(frozen=True)
class Weak:
    """Bubblewrap with some of its words left out and others added."""

    box: Bubblewrap
    dropped: tuple[str, ...] = ()
    added: str = ""
    name: str = "weak"
    confines: bool = True

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        text = "\n".join(self.box.wrap(command, cell))
        for words in self.dropped:
            text = text.replace("\n" + words.replace(" ", "\n") + "\n", "\n", 1)
        anchor = "\n--remount-ro\n/\n"
        text = text.replace(anchor, f"\n{self.added}".replace(" ", "\n").rstrip() + anchor, 1)
        return [*text.split("\n--\n")[0].split("\n"), "--", *command]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("private", "state/mine", "state/other", "hub/objects", "hub/refs/heads"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "hub" / "HEAD").write_text("x")
    (tmp_path / "private" / ".env").write_text("KEY=x\n")
    return tmp_path


def tight(root: Path) -> Bubblewrap:
    return Bubblewrap(root / "accounts", programs(os.environ["PATH"]))


def tried(box: Bubblewrap | Weak | Unboxed, root: Path, *, network: bool) -> tuple[Opening, ...]:
    return probe(
        box,
        root / "state" / "mine",
        hub=root / "hub",
        private=(root / "private", root / "private" / ".env"),
        network=network,
    )


def test_both_tables_name_the_same_ways() -> None:
    """Every way that is tried has words and a remedy; there are 25."""
    assert set(WAYS) == set(inside.WAYS)
    assert len(WAYS) == 25


@pytest.mark.parametrize("network", [True, False])
def test_no_way_out_of_our_box_is_open(root: Path, network: bool) -> None:
    """0 of 25 on this machine, and the boxed process leaves nothing behind."""
    assert [str(one) for one in tried(tight(root), root, network=network)] == []
    assert list((root / "state" / "mine").iterdir()) == []


def names(openings: Sequence[Opening]) -> set[str]:
    return {name for name, way in WAYS.items() for one in openings if one.way is way}


@pytest.mark.parametrize("way", DROPPED)
def test_a_missing_precaution_is_found(root: Path, way: str) -> None:
    """Without it, the way is named. As another user than root some stay closed all the same."""
    weak = Weak(tight(root), dropped=DROPPED[way])
    if way == "settings" and os.getuid() != 0:
        pytest.skip("procfs is only the host's root's to write")
    if way == "capabilities":
        weak = Weak(tight(root), ("--cap-drop ALL", "--disable-userns"), "--cap-add CAP_SYS_ADMIN")
    assert way in names(tried(weak, root, network=True))


@pytest.mark.parametrize("way", ADDED)
def test_a_door_too_many_is_found(root: Path, way: str) -> None:
    """What is bound into the box beside what should be there is named."""
    if way in ("system", "hooks", "cgroups") and os.getuid() != 0:
        pytest.skip("what is only the host's root's to write is no way out for others")
    weak = Weak(tight(root), added=ADDED[way].format(root=root))
    assert way in names(tried(weak, root, network=True))


def test_without_a_box_most_ways_are_open(root: Path) -> None:
    """The probe finds what is there to be found, and changes nothing where it could."""
    found = names(tried(Unboxed(programs(os.environ["PATH"])), root, network=False))
    assert {"namespaces", "private", "siblings", "hub", "network", "setuid"} <= found
    assert (root / "hub" / "HEAD").read_text() == "x"
    assert list((root / "hub" / "refs" / "heads").iterdir()) == []


def test_listening_sockets_of_the_host_are_tried(root: Path) -> None:
    """A docker socket that is bound into the box, and an abstract one of a display, are named."""
    import socket

    with socket.socket(socket.AF_UNIX) as engine, socket.socket(socket.AF_UNIX) as display:
        short = Path(f"/tmp/probe-{os.getpid()}")
        short.mkdir()
        try:
            engine.bind(str(short / "docker.sock"))
            engine.listen()
            display.bind(f"\0/tmp/.X11-unix/X{os.getpid()}")
            display.listen()
            assert names(tried(tight(root), root, network=True)) == {"sockets"}
            assert names(tried(tight(root), root, network=False)) == set()
            weak = Weak(tight(root), added=f"--bind {short} {short}")
            assert names(tried(weak, root, network=False)) == {"engines"}
        finally:
            (short / "docker.sock").unlink()
            short.rmdir()


KEYED = """
import ctypes, sys
from pathlib import Path
from tests.security.test_probe import names, tight, tried
call, numbers = ctypes.CDLL(None).syscall, {"x86_64": (250, 248), "aarch64": (219, 217)}
keyctl, add_key = numbers[sys.argv[2]]
call(keyctl, 1, None)
print(sorted(names(tried(tight(Path(sys.argv[1])), Path(sys.argv[1]), network=True))))
call(add_key, b"user", b"canary", b"secret", 6, -3)
print(sorted(names(tried(tight(Path(sys.argv[1])), Path(sys.argv[1]), network=True))))
"""


def test_a_key_in_the_sessions_keyring_is_found(root: Path) -> None:
    """Bubblewrap leaves the keyring as it is: an empty one is fine, one with a key is named."""
    words = [sys.executable, "-c", KEYED, str(root), os.uname().machine]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout == "[]\n['keyring']\n", ran.stderr


def test_a_box_that_does_not_start_is_not_tight(root: Path) -> None:
    """What could not be tried is an opening, with the reason, and with what to do."""
    weak = Weak(tight(root), added="--no-such-option")
    (opening,) = tried(weak, root, network=True)
    assert opening.way is UNTRIED
    assert "no-such-option" in str(opening)
    assert "bwrap" in opening.way.remedy
