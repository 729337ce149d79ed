"""The pool's file: shared by processes, whole after every kill, and no more than a memory."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.agents import poolfile
from framework.agents.poolfile import Content, Holding, decode, encode
from framework.agents.tokens import TokenPool
from framework.domain.account import Account, Condition, NoneLeft, Ramp, Seat, Wait, Window
from framework.domain.errors import AgentError
from framework.domain.lease import Process
from framework.domain.trouble import RULES, Kind
from framework.leases.process import this_process
from tests.unit.pool_writer import opened

WAIT = RULES[Kind.USAGE_LIMIT].wait
assert WAIT is not None
ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)


def writer(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.unit.pool_writer", *words]


def by_name(pool: TokenPool) -> dict[str, Condition]:
    return {one.name: one.condition for one in pool.states()}


def running(pool: TokenPool) -> list[int]:
    return [one.running for one in pool.states()]


def test_what_is_known_survives_a_restart(tmp_path: Path) -> None:
    """A park, a refusal and the windows are known to whoever opens the file next."""
    until = datetime.now(UTC) + HOUR
    before = opened(tmp_path / "state" / "tokens.json")
    before.limit("ONE", until, WAIT)
    before.denied("TWO", "revoked")
    before.quota("ONE", {"five_hour": Window(used=0.25, resets_at=until)})
    after = opened(tmp_path / "state" / "tokens.json")
    one, two = after.states()
    assert (one.condition, one.account.parked_until) == (Condition.PARKED, until)
    assert one.account.windows["five_hour"].used == 0.25
    assert (two.condition, two.account.bad) == (Condition.BAD, "revoked")
    wait = after.take("s")
    assert isinstance(wait, Wait)
    assert wait.until == until
    assert wait.parked


def test_a_person_clears_what_a_run_refused(tmp_path: Path) -> None:
    """What one process clears another one uses."""
    pool = opened(tmp_path / "tokens.json", {"ONE": "1111"})
    pool.denied("ONE", "revoked")
    assert pool.take("s") == NoneLeft(reasons={"ONE": "revoked"})
    opened(tmp_path / "tokens.json").clear("ONE")
    assert pool.take("s") == Seat(name="ONE")


def test_a_session_counts_once(tmp_path: Path) -> None:
    """It changes accounts by taking again, and giving back twice is no error."""
    pool = opened(tmp_path / "tokens.json")
    assert pool.take("s") == Seat(name="ONE")
    pool.limit("ONE", datetime.now(UTC) + HOUR, WAIT)
    assert pool.take("s") == Seat(name="TWO")
    assert running(pool) == [0, 1]
    pool.give_back("s")
    pool.give_back("s")
    assert running(pool) == [0, 0]


def test_accounts_go_by_their_token(tmp_path: Path) -> None:
    """A new token in the same variable begins anew, the same token under another name does not,
    and accounts that a run does not know stay as they are."""
    path = tmp_path / "tokens.json"
    opened(path).denied("ONE", "revoked")
    assert by_name(opened(path, {"ONE": "3333"})) == {"ONE": Condition.HEALTHY}
    opened(path, {"OTHER": "3333"}).worked("OTHER")
    assert by_name(opened(path, {"RENAMED": "1111"})) == {"RENAMED": Condition.BAD}


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """Who only shows the pool leaves no trace on the disk."""
    assert running(opened(tmp_path / "new" / "tokens.json")) == [0, 0]
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_the_owner_s(tmp_path: Path) -> None:
    """Nobody else may read it."""
    opened(tmp_path / "tokens.json").take("s")
    assert (tmp_path / "tokens.json").stat().st_mode & 0o077 == 0


def test_two_processes_share_the_accounts(tmp_path: Path) -> None:
    """Two processes take a hundred each at once: none is lost, both accounts get a hundred; and
    when the processes have died, by kill -9 as well, nothing is running any more."""
    path = tmp_path / "tokens.json"
    holders = [
        subprocess.Popen(
            writer("hold", str(path), "100"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for one in holders:
        assert one.stdout is not None
        assert one.stdout.readline() == b"held\n"
    assert running(opened(path)) == [100, 100]
    for one in holders:
        one.kill()
        one.communicate()
    assert running(opened(path)) == [0, 0]
    opened(path).take("s")
    assert len(decode(path.read_bytes()).sessions) == 1


def test_threads_share_the_accounts(tmp_path: Path) -> None:
    """Eight threads of one process lose nothing either."""
    pool = opened(tmp_path / "tokens.json")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(pool.take, map(str, range(200))))
    assert running(pool) == [100, 100]


def killed(path: Path, store: str, kills: int) -> int:
    command = writer("kill", str(path), store, str(kills))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_no_kill_damages_the_file(tmp_path: Path) -> None:
    """After each of 60 kills in the middle of writing the file can be read, and written."""
    assert killed(tmp_path / "tokens.json", "PoolFile", 60) == 0


def test_the_kills_hit_the_writing(tmp_path: Path) -> None:
    """The same kills do damage what a writer writes over the file itself."""
    assert killed(tmp_path / "tokens.json", "InPlace", 60) > 0


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"version": 2}', b"\xff", b"\0" * 100])
def test_a_damaged_file_is_set_aside(tmp_path: Path, text: bytes) -> None:
    """It is kept under another name, said, and begun anew; who only looks just says it."""
    path = tmp_path / "tokens.json"
    path.write_bytes(text)
    looking = opened(path)
    looking.states()
    assert "damaged" in looking.warnings[0]
    assert path.read_bytes() == text
    pool = opened(path)
    assert pool.take("s") == Seat(name="ONE")
    (aside,) = tmp_path.glob("tokens.json.damaged-*")
    assert aside.read_bytes() == text
    assert str(aside) in pool.warnings[0]
    assert running(pool) == [1, 0]


def test_a_place_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    """The error names the file and what to do."""
    (tmp_path / "state").write_text("a file where the directory should be")
    with pytest.raises(AgentError, match=r"tokens\.json.*Give this user the right"):
        opened(tmp_path / "state" / "tokens.json").take("s")


def test_a_lock_that_is_never_given_back_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stopped process does not stop all others without a word."""
    monkeypatch.setattr(poolfile, "_PATIENCE", 0.0)
    with (tmp_path / "tokens.json.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AgentError, match="another process keeps"):
            opened(tmp_path / "tokens.json").take("s")


TIMES = st.datetimes(timezones=st.just(UTC))
WINDOWS = st.builds(Window, used=st.floats(0, 2), resets_at=st.none() | TIMES, warned=st.booleans())
ACCOUNTS = st.builds(
    Account,
    windows=st.dictionaries(st.text(), WINDOWS, max_size=3),
    parked_until=st.none() | TIMES,
    bad=st.text(),
    blind=st.integers(0, 99),
    ramp=st.none() | st.builds(Ramp, since=st.none() | TIMES, let_in=st.integers(0, 99)),
    used_at=st.none() | TIMES,
)


@given(accounts=st.dictionaries(st.text(), ACCOUNTS, max_size=3))
def test_what_is_written_is_read(accounts: dict[str, Account]) -> None:
    """Every content comes back as it was."""
    me = this_process()
    sessions = {"s": Holding(account="1", process=me), "t": Holding(account="2", process=dead(me))}
    content = Content(accounts=accounts, sessions=sessions)
    assert decode(encode(content)) == content


def dead(process: Process) -> Process:
    return replace(process, started=process.started - 1)


@given(text=st.binary() | st.from_regex(rb'\{"version": 1, "accounts": .*\}', fullmatch=True))
def test_what_we_did_not_write_is_damage(text: bytes) -> None:
    """Whatever stands there, it is either read or told from what we write; nothing else happens."""
    try:
        decode(text)
    except ValueError:
        return
