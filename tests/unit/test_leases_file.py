"""What only the file store promises: it survives, it notices, it says what to do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from filelock import FileLock

from framework.domain.errors import LeaseError
from framework.domain.lease import Failure
from framework.leases.file import FileLeases
from tests.contracts.lease_stores import TTL, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> FileLeases:
    return FileLeases(tmp_path, clock=clock)


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_a_restart_forgets_nothing(tmp_path: Path, store: FileLeases, clock: Clock) -> None:
    """Another process finds the lease, the failures and the backoff."""
    first = store.acquire("12", "a", TTL)
    assert first is not None
    failure = Failure(at=clock.now, epoch=first.epoch, reason="red")
    store.release(first, failure=failure, not_before=clock.now + TTL)
    store.acquire("13", "b", TTL)
    again = FileLeases(tmp_path, clock=clock)
    assert again.records() == store.records()
    assert again.acquire("13", "c", TTL) is None
    record = again.record("12")
    assert record is not None
    assert record.failures == (failure,)


def test_reading_makes_nothing(tmp_path: Path) -> None:
    """A monitor that looks at a project without leases leaves it as it is."""
    store = FileLeases(tmp_path / "none")
    assert (store.records(), store.held(), store.record("12")) == ({}, [], None)
    assert store.unreadable() == []
    assert names(tmp_path) == set()


def test_lock_files_stay(tmp_path: Path, store: FileLeases) -> None:
    """Nothing but records, locks and the mark lies in the directory, and locks are kept."""
    lease = store.acquire("a/b", "a", TTL)
    assert lease is not None
    store.release(store.renew(lease, TTL))
    record = next(name for name in names(tmp_path) if name.endswith(".json"))
    lock = record.removesuffix(".json") + ".lock"
    mark = {"high-water.mark", "high-water.mark.lock", "high-water.given"}
    assert names(tmp_path) == {record, lock} | mark


def test_keys_named_like_our_own_files_do_no_harm(store: FileLeases) -> None:
    """A key may be called as the mark or its lock is."""
    for key in ("high-water", "high-water.mark", "high-water.mark.lock", "high-water.given", ".."):
        assert store.acquire(key, "a", TTL)
    assert len(store.held()) == 5


LONG_AGO = (1_000_000_000, 1_000_000_000)


def test_a_replaced_record_is_noticed_whatever_its_time(
    tmp_path: Path, store: FileLeases, clock: Clock
) -> None:
    """Same size, same modification time, long settled: another file is another record."""
    path, other = tmp_path / "12.json", FileLeases(tmp_path, clock=clock)
    lease = other.acquire("12", "a", TTL)
    assert lease is not None
    os.utime(path, LONG_AGO)
    assert store.held() == [lease]
    (tmp_path / "kept").hardlink_to(path)  # so that its inode number is not given again
    other.release(lease)
    after = other.acquire("12", "b", TTL)
    os.utime(path, LONG_AGO)
    assert path.stat().st_size == (tmp_path / "kept").stat().st_size
    assert store.held() == [after]


def test_a_young_record_is_noticed_whatever_its_stamp(tmp_path: Path, store: FileLeases) -> None:
    """A file replaced twice within a tick of the file system's clock can look untouched."""
    path = tmp_path / "12.json"
    store.acquire("12", "a", TTL)
    stamp = path.stat().st_mtime_ns
    assert [lease.holder for lease in store.held()] == ["a"]
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))
    os.utime(path, ns=(stamp, stamp))
    assert [lease.holder for lease in store.held()] == ["b"]


def test_settled_records_are_not_read_again(
    tmp_path: Path, store: FileLeases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick over a thousand quiet issues looks at their files' dates and opens none."""
    for key in range(20):
        store.acquire(str(key), "a", TTL)
        os.utime(tmp_path / f"{key}.json", LONG_AGO)
    before = store.records()
    opened: list[Path] = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path) or read(path))
    assert store.records() == before
    assert opened == []


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced and renamed from now on, in order."""
    noted: list[str] = []
    sync, rename = os.fsync, os.replace

    def noting_sync(descriptor: int) -> None:
        noted.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def noting_rename(source: str, target: Path) -> None:
        noted.append(f"rename to {Path(target).name}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noting_sync)
    monkeypatch.setattr(os, "replace", noting_rename)
    return noted


LIGHT = ["file", "rename to 12.json"]


@pytest.mark.skipif(os.name != "posix", reason="directories are synced on Unix only")
def test_what_must_last_is_synced_and_nothing_else(
    store: FileLeases, clock: Clock, steps: list[str]
) -> None:
    """A whole file always takes the record's name; that it did is waited for only where a release
    has something to remember, and for the mark, once in 64 acquisitions."""
    store.establish()
    del steps[:]
    first = store.acquire("12", "a", TTL)
    assert first is not None
    assert steps == ["file", "rename to high-water.mark", "directory", *LIGHT]
    del steps[:]
    store.renew(first, TTL)
    store.release(first)
    for _ in range(63):
        lease = store.acquire("12", "a", TTL)
        assert lease is not None
        store.release(lease)
    assert steps == LIGHT * 128
    del steps[:]
    last = store.acquire("12", "a", TTL)
    assert last is not None
    assert steps[1] == "rename to high-water.mark"
    del steps[:]
    store.release(last, not_before=clock.now + TTL)
    assert steps == [*LIGHT, "directory"]


@pytest.mark.skipif(os.name != "posix", reason="directories are synced on Unix only")
def test_without_a_mark_a_claim_must_last(
    tmp_path: Path, store: FileLeases, steps: list[str]
) -> None:
    """Then the record alone remembers its epoch."""
    first = store.acquire("12", "a", TTL)
    assert first is not None
    store.release(first)
    (tmp_path / "high-water.mark").unlink()
    del steps[:]
    assert store.acquire("12", "a", TTL)
    assert steps == [*LIGHT, "directory"]


def test_a_lock_that_is_kept_too_long_is_an_error(tmp_path: Path) -> None:
    """A stopped process that holds a lock makes a clear error, not a standstill."""
    store = FileLeases(tmp_path, patience=0.01)
    with FileLock(tmp_path / "12.lock"), pytest.raises(LeaseError, match=r"busy.*12\.lock"):
        store.acquire("12", "a", TTL)
    assert store.acquire("12", "a", TTL)


def test_nobody_waits_for_the_lock_of_a_held_key(tmp_path: Path) -> None:
    """A look without lock is enough to see that a key is taken."""
    store = FileLeases(tmp_path, patience=0.01)
    store.acquire("12", "a", TTL)
    with FileLock(tmp_path / "12.lock"):
        assert store.acquire("12", "b", TTL) is None


@pytest.mark.skipif(os.name != "posix", reason="needs limits on file sizes")
def test_a_full_disk_is_said_and_tears_nothing(
    tmp_path: Path, store: FileLeases, clock: Clock
) -> None:
    """A write that runs out of room midway leaves the record as it was."""
    import resource

    lease = store.acquire("12", "a", TTL)
    assert lease is not None
    before = store.records()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
    try:
        with pytest.raises(LeaseError, match=r"cannot be used.*start again"):
            store.renew(lease, 2 * TTL)
        with pytest.raises(LeaseError, match=r"cannot be used.*start again"):
            store.acquire("13", "a", TTL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.records() == before
    assert store.renew(lease, 2 * TTL).expires_at == clock.now + 2 * TTL


@pytest.mark.skipif(os.name != "posix", reason="needs /proc or permissions")
def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The error names the directory and what the system answered."""
    (tmp_path / "file").write_text("")
    store = FileLeases(tmp_path / "file" / "leases")
    with pytest.raises(LeaseError, match=r"file/leases cannot be used \(Not a directory\)"):
        store.acquire("12", "a", TTL)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs Unix permissions")
def test_a_read_only_directory_can_be_read_and_not_claimed(clock: Clock) -> None:
    """A monitor of another user sees the leases; a claim says what is missing."""
    with TemporaryDirectory(dir="/tmp") as name:
        store = FileLeases(Path(name), clock=clock)
        lease = store.acquire("12", "a", TTL)
        with read_only(Path(name)):
            assert store.held() == [lease]
            with pytest.raises(LeaseError, match="give this user the right"):
                store.acquire("13", "a", TTL)
        assert store.acquire("13", "a", TTL)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """As somebody who may only read in `directory`; root may write anywhere, so it steps down."""
    is_root = os.geteuid() == 0
    files = [] if is_root else list(directory.iterdir())  # ours, so that we could write them
    for one in files:
        one.chmod(0o444)
    directory.chmod(0o555)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        directory.chmod(0o755)
        for one in files:
            one.chmod(0o644)
