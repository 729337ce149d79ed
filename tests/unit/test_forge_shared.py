"""The file in which all processes of a machine keep to an account's limits."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.errors import TrackerUnavailable
from framework.forge.allowances import decode
from framework.forge.cost import rest_ask
from framework.forge.patience import Patience
from framework.forge.shared import Limits

ROOT = Path(__file__).parents[2]
BASE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PATCH = rest_ask("PATCH", "x")
PROCESS = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from framework.forge.cost import rest_ask
from framework.forge.patience import Patience
from framework.forge.shared import Limits

path, token, count, point = sys.argv[1:]
def dies(*names, replace=os.replace, calls=[]):
    calls.append(names)
    ends = point and len(calls) == 2
    if not ends or point == "after":
        replace(*names)
    if ends:
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = dies
clock = lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
limits = Limits(Path(path), server="s", token=token, clock=clock, say=sys.exit)
for _ in range(int(count)):
    limits.wait(rest_ask("GET", "x"), Patience(0, lambda _: None))
"""


def start(
    path: Path, *, token: str = "t", count: int = 1, point: str = ""
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(path), token, str(count), point],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate()
    return process.returncode, said


def limits(path: Path | None, said: list[str], *, at: datetime = BASE, token: str = "t") -> Limits:
    return Limits(path, server="s", token=token, clock=lambda: at, say=said.append)


def test_processes_count_together(tmp_path: Path) -> None:
    """Three processes at once send 300 each and no request is forgotten: the 901st must wait."""
    path = tmp_path / "limits.json"
    for process in [start(path, count=300) for _ in range(3)]:
        assert end(process) == (0, "")
    (account,) = decode(path.read_bytes()).accounts.values()
    assert sum(spent for _, spent in account.points["rest"]) == 900
    code, said = end(start(path))
    assert code == 1
    assert "limit for this account is reached until 12:01:01 UTC" in said


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_killed_process_leaves_the_file_whole(tmp_path: Path, point: str) -> None:
    """SIGKILL around the replacement: the next process reads it, and no lock stays behind."""
    path = tmp_path / "limits.json"
    assert end(start(path, count=5))[0] == 0
    assert end(start(path, count=3, point=point))[0] == -9
    assert end(start(path)) == (0, "")
    (account,) = decode(path.read_bytes()).accounts.values()
    counted = sum(spent for _, spent in account.points["rest"])
    assert counted == (7 if point == "before" else 8)


def test_a_directory_gets_a_file(tmp_path: Path) -> None:
    """What does not end in .json is a directory, made when needed; the file is for this user."""
    limits(tmp_path / "new", []).wait(PATCH, Patience(0, lambda _: None))
    assert (tmp_path / "new" / "allowance.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"version": 9}', b"\xff\xfe"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """It is said, and the run goes on."""
    path, said = tmp_path / "limits.json", list[str]()
    path.write_bytes(content)
    limits(path, said).wait(PATCH, Patience(0, lambda _: None))
    assert len(said) == 1
    assert "damaged" in said[0]
    assert decode(path.read_bytes()).accounts


def test_where_the_file_cannot_be_used_memory_is(tmp_path: Path) -> None:
    """A file where a directory should be: said once, and the limits hold within the process."""
    (tmp_path / "file").write_text("")
    said: list[str] = []
    alone = limits(tmp_path / "file" / "limits.json", said)
    alone.wait(PATCH, Patience(0, lambda _: None))
    with pytest.raises(TrackerUnavailable):
        alone.wait(PATCH, Patience(0, lambda _: None))
    assert len(said) == 1
    assert "keeps to them alone" in said[0]


def test_waiting_ends_when_patience_does(tmp_path: Path) -> None:
    """A clock that does not move, with a sleep that does not sleep, is no endless loop."""
    slept: list[float] = []
    one = limits(tmp_path / "limits.json", [])
    one.wait(PATCH, Patience(9, slept.append))
    with pytest.raises(TrackerUnavailable) as caught:
        one.wait(PATCH, Patience(9, slept.append))
    assert slept == [1.0] * 9
    assert caught.value.until == BASE + timedelta(seconds=1)


def test_what_was_not_sent_is_not_counted(tmp_path: Path) -> None:
    """A request that would have had to wait too long costs nothing."""
    one = limits(tmp_path / "limits.json", [])
    one.wait(PATCH, Patience(0, lambda _: None))
    before = (tmp_path / "limits.json").read_bytes()
    with pytest.raises(TrackerUnavailable):
        one.wait(PATCH, Patience(0, lambda _: None))
    assert (tmp_path / "limits.json").read_bytes() == before


def test_no_token_is_in_the_file(tmp_path: Path) -> None:
    """Nor the name of the account."""
    one = limits(tmp_path / "limits.json", [], token="ghp_secret")
    one.wait(PATCH, Patience(0, lambda _: None))
    one.belongs_to("octocat")
    text = (tmp_path / "limits.json").read_text()
    assert "secret" not in text
    assert "octocat" not in text


def test_a_lock_that_is_busy_once_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process with the lock is said once, and holds nobody up; when it is gone the
    limits are kept to together again."""
    monkeypatch.setattr("framework.forge.shared._LOCK_PATIENCE", 0.0)
    path, said = tmp_path / "limits.json", list[str]()
    one, get = limits(path, said), rest_ask("GET", "x")
    with open(f"{path}.lock", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for _ in range(2):
            one.wait(get, Patience(0, lambda _: None))
        assert not path.exists()
    one.wait(get, Patience(0, lambda _: None))
    assert decode(path.read_bytes()).accounts
    assert len(said) == 1
    assert "hangs or is stopped" in said[0]


def test_a_lock_file_that_is_deleted_meanwhile_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever got the lock of a file that is no more takes that of the new one."""
    path, flock, asked = tmp_path / "limits.json", fcntl.flock, list[int]()

    def late(descriptor: int, how: int) -> None:
        asked.append(how)
        if len(asked) == 1:
            os.unlink(f"{path}.lock")
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    limits(path, []).wait(PATCH, Patience(0, lambda _: None))
    assert os.path.exists(f"{path}.lock")
    assert len([how for how in asked if how != fcntl.LOCK_UN]) == 2
