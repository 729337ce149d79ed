"""What only the SQLite store promises: it survives, it notices, it says what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from framework.domain.errors import LeaseCorrupt, LeaseError
from framework.domain.lease import Failure
from framework.leases.database import MIGRATIONS
from framework.leases.disk import busy
from framework.leases.sqlite import SqliteLeases
from framework.lockfile import exclusive
from tests.contracts.lease_stores import TTL, Clock
from tests.unit.test_leases_file import read_only

ROOT = Path(__file__).parents[2]
FILES = ("leases.db", "leases.db-wal", "leases.db-shm")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> SqliteLeases:
    return SqliteLeases(tmp_path, clock=clock)


@contextmanager
def tables(directory: Path) -> Iterator[sqlite3.Connection]:
    """As a person with a database tool sees them."""
    with closing(sqlite3.connect(directory / "leases.db", isolation_level=None)) as connection:
        yield connection


def test_a_restart_forgets_nothing(tmp_path: Path, store: SqliteLeases, clock: Clock) -> None:
    """Another store finds the lease, the failures and the backoff, also of one never closed."""
    first = store.acquire("12", "a", TTL)
    assert first is not None
    failure = Failure(at=clock.now, epoch=first.epoch, reason="red")
    store.release(first, failure=failure, not_before=clock.now + TTL)
    store.acquire("13", "b", TTL)
    for again in (SqliteLeases(tmp_path, clock=clock), SqliteLeases(tmp_path, clock=clock)):
        assert again.records() == store.records()
        assert again.acquire("13", "c", TTL) is None
        record = again.record("12")
        assert record is not None
        assert record.failures == (failure,)
        again.close()


def test_reading_makes_nothing(tmp_path: Path) -> None:
    """A monitor that looks at a project without leases leaves it as it is."""
    store = SqliteLeases(tmp_path / "none")
    assert (store.records(), store.held(), store.record("12")) == ({}, [], None)
    assert store.unreadable() == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_making_is_read_as_none(tmp_path: Path, store: SqliteLeases) -> None:
    """Between its first byte and its tables there is nothing in it; then there is."""
    (tmp_path / "leases.db").touch()
    assert (store.records(), store.record("12")) == ({}, None)
    lease = SqliteLeases(tmp_path, clock=store._clock).acquire("12", "a", TTL)
    assert store.held() == [lease]


def test_what_was_told_is_on_the_disk(tmp_path: Path, store: SqliteLeases) -> None:
    """Every transaction is synced, and a connection that only read keeps to that too."""
    store.establish()
    for one in (store, SqliteLeases(tmp_path)):
        assert one._database.rows("PRAGMA synchronous") == [(2,)]
        assert one._database.rows("PRAGMA journal_mode") == [("wal",)]


def test_another_store_sees_a_change_at_once(tmp_path: Path, store: SqliteLeases) -> None:
    """What it parsed before is not told again when the row has another text."""
    other = SqliteLeases(tmp_path, clock=store._clock)
    lease = store.acquire("12", "a", TTL)
    assert lease is not None
    assert other.held() == [lease]
    store.release(lease)
    assert other.held() == []
    assert [store.acquire("12", "b", TTL)] == other.held()


def test_a_lock_that_is_kept_too_long_is_an_error(tmp_path: Path) -> None:
    """Ours, or SQLite's own held by another program: a clear error, not a standstill."""
    store = SqliteLeases(tmp_path, patience=0.01)
    store.establish()
    with (
        exclusive(tmp_path / "leases.lock", busy=busy, patience=1),
        pytest.raises(LeaseError, match="busy"),
    ):
        store.acquire("12", "a", TTL)
    with tables(tmp_path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(LeaseError, match=r"busy.*leases\.db locked"):
            store.acquire("12", "a", TTL)
        assert store.records() == {}
    assert store.acquire("12", "a", TTL)


def test_nobody_waits_in_line_for_a_held_key(tmp_path: Path) -> None:
    """A look is enough to see that a key is taken."""
    store = SqliteLeases(tmp_path, patience=0.01)
    store.acquire("12", "a", TTL)
    with exclusive(tmp_path / "leases.lock", busy=busy, patience=1):
        assert store.acquire("12", "b", TTL) is None


def test_a_newer_file_is_left_as_it_is(tmp_path: Path, store: SqliteLeases) -> None:
    """An older Nightshift does not guess what a newer one wrote, nor does it write."""
    store.acquire("12", "a", TTL)
    store.close()
    with tables(tmp_path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = (tmp_path / "leases.db").read_bytes()
    again = SqliteLeases(tmp_path)
    for act in (again.records, again.establish, lambda: again.acquire("13", "b", TTL)):
        with pytest.raises(LeaseError, match=r"newer Nightshift.*Update Nightshift"):
            act()
    again.close()
    assert (tmp_path / "leases.db").read_bytes() == before


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_every_earlier_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    """From each shape the file ever had, the empty one included."""
    with tables(tmp_path) as connection:
        for statement in (one for step in MIGRATIONS[:version] for one in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    store = SqliteLeases(tmp_path)
    assert store.acquire("12", "a", TTL)
    assert store._database.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path, store: SqliteLeases) -> None:
    """Not a byte is written to it."""
    with tables(tmp_path) as connection:
        connection.execute("CREATE TABLE somebody (elses)")
    before = (tmp_path / "leases.db").read_bytes()
    with pytest.raises(LeaseError, match=r"something else.*Move it elsewhere"):
        store.acquire("12", "a", TTL)
    store.close()
    assert (tmp_path / "leases.db").read_bytes() == before


def damage_file(directory: Path) -> None:
    with (directory / "leases.db").open("r+b") as file:
        file.write(b"this was a database once" * 100)


def test_a_damaged_file_keeps_everybody_out(tmp_path: Path, store: SqliteLeases) -> None:
    """It never reads as "nobody holds this", stays as it is, and names no command."""
    store.acquire("12", "a", TTL)
    store.close()
    damage_file(tmp_path)
    before = (tmp_path / "leases.db").read_bytes()
    for act in (store.records, lambda: store.record("12"), lambda: store.acquire("13", "a", TTL)):
        with pytest.raises(LeaseCorrupt) as caught:
            act()
    (complaint,) = store.unreadable()
    assert complaint == str(caught.value)
    assert "leases.db-wal" in complaint
    assert "put a sound copy in its place" in complaint
    assert not {"rm", "delete", "remove"} & set(complaint.split())
    assert (tmp_path / "leases.db").read_bytes() == before


def test_a_person_puts_a_sound_copy_back(tmp_path: Path, store: SqliteLeases) -> None:
    """As the error says; the store that told it goes on without a restart."""
    lease = store.acquire("12", "a", TTL)
    assert lease is not None
    store.close()
    shutil.copy(tmp_path / "leases.db", tmp_path / "copy")
    damage_file(tmp_path)
    with pytest.raises(LeaseCorrupt):
        store.renew(lease, TTL)
    aside(tmp_path)
    (tmp_path / "copy").rename(tmp_path / "leases.db")
    assert store.renew(lease, TTL) == lease
    assert store.held() == [lease]


def aside(directory: Path) -> None:
    (directory / "seen-by-a-person").mkdir()
    for name in FILES:
        if (directory / name).exists():
            (directory / name).rename(directory / "seen-by-a-person" / name)


def test_a_file_that_is_replaced_while_it_is_open_is_noticed(tmp_path: Path, clock: Clock) -> None:
    """Nobody goes on in a file that others do not see, and the new one is not harmed."""
    with TemporaryDirectory() as elsewhere:
        other = SqliteLeases(Path(elsewhere), clock=clock)
        other.acquire("99", "x", TTL)
        other.close()
        store = SqliteLeases(tmp_path, clock=clock)
        store.acquire("12", "a", TTL)
        aside(tmp_path)
        shutil.copy(Path(elsewhere, "leases.db"), tmp_path / "leases.db")
    new = SqliteLeases(tmp_path, clock=clock)
    assert new.acquire("13", "b", TTL)
    assert set(store.records()) == {"99", "13"}
    assert store.acquire("13", "c", TTL) is None
    assert store.acquire("14", "c", TTL)
    assert set(new.records()) == {"99", "13", "14"}
    with tables(tmp_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


DAMAGE = ["", "[]", '{"key": "12"}', "another key's"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_row_keeps_everybody_from_its_key_only(
    tmp_path: Path, store: SqliteLeases, clock: Clock, damage: str
) -> None:
    """Whatever it holds and however late it is; the others work on; it is named and stays."""
    lease = store.acquire("12", "a", TTL)
    other = store.acquire("13", "a", TTL)
    assert lease is not None
    assert len(store.held()) == 2
    with tables(tmp_path) as connection:
        (good,) = connection.execute("SELECT record FROM records WHERE key = '12'").fetchone()
        bad = good.replace('"12"', '"13"') if damage == "another key's" else damage
        connection.execute("UPDATE records SET record = ? WHERE key = '12'", (bad,))
    for act in (
        lambda: store.acquire("12", "b", TTL),
        lambda: store.record("12"),
        lambda: store.renew(lease, TTL),
        lambda: store.release(lease),
    ):
        with pytest.raises(LeaseCorrupt, match="table `records`"):
            act()
    assert store.held() == [other]
    (complaint,) = store.unreadable()
    assert "lease record of 12" in complaint
    clock.advance(2 * TTL)
    with pytest.raises(LeaseCorrupt):
        SqliteLeases(tmp_path, clock=clock).acquire("12", "b", TTL)
    with tables(tmp_path) as connection:
        assert connection.execute("SELECT record FROM records WHERE key = '12'").fetchone() == (
            bad,
        )
        connection.execute("UPDATE records SET record = ? WHERE key = '12'", (good,))
    assert store.acquire("12", "b", TTL)
    assert store.unreadable() == []


@pytest.mark.skipif(os.name != "posix", reason="needs limits on file sizes")
def test_a_full_disk_is_said_and_tears_nothing(
    tmp_path: Path, store: SqliteLeases, clock: Clock
) -> None:
    """A write that runs out of room midway leaves the record as it was."""
    import resource

    lease = store.acquire("12", "a", TTL)
    assert lease is not None
    before = store.records()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
    try:
        for act in (lambda: store.renew(lease, 2 * TTL), lambda: store.acquire("13", "a", TTL)):
            with pytest.raises(LeaseError, match=r"cannot be used.*start again"):
                act()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.records() == before
    assert store.renew(lease, 2 * TTL).expires_at == clock.now + 2 * TTL


@pytest.mark.skipif(os.name != "posix", reason="needs Unix")
def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The error names the directory and what the system answered."""
    (tmp_path / "file").write_text("")
    store = SqliteLeases(tmp_path / "file" / "leases")
    with pytest.raises(LeaseError, match=r"file/leases cannot be used \(Not a directory\)"):
        store.acquire("12", "a", TTL)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs Unix permissions")
def test_a_read_only_directory_cannot_be_claimed_in(clock: Clock) -> None:
    """A claim says what is missing, and goes on once it is there. While somebody has the store
    open, a monitor of another user reads it."""
    with TemporaryDirectory(dir="/tmp") as name:
        owner = SqliteLeases(Path(name), clock=clock)
        lease = owner.acquire("12", "a", TTL)
        store = SqliteLeases(Path(name), clock=clock)
        with read_only(Path(name)):
            assert store.held() == [lease]
            with pytest.raises(LeaseError, match="give this user the right"):
                store.acquire("13", "a", TTL)
        assert store.acquire("13", "a", TTL)
        store.close()
        owner.close()


def test_one_store_serves_many_threads(tmp_path: Path, store: SqliteLeases) -> None:
    """Readers and writers of one process share one connection in turn."""

    def work(number: int) -> bool:
        lease = store.acquire(str(number), "a", TTL)
        assert lease is not None
        assert lease in store.held()
        store.release(lease)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))
    assert store.held() == []


LEAVER = """
import sys
from datetime import timedelta
from pathlib import Path
from framework.leases.sqlite import SqliteLeases
assert SqliteLeases(Path(sys.argv[1])).acquire(sys.argv[2], "a", timedelta(hours=1))
"""


def test_a_command_that_ends_without_closing_leaves_all_in_order(tmp_path: Path) -> None:
    """The next one finds what it claimed; and closing twice is no error."""
    for key in ("12", "13"):
        subprocess.run(
            [sys.executable, "-W", "error", "-c", LEAVER, tmp_path, key], check=True, cwd=ROOT
        )
    store = SqliteLeases(tmp_path)
    assert [lease.key for lease in store.held()] == ["12", "13"]
    store.close()
    store.close()
