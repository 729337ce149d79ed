"""A lease record that cannot be read never means that nobody holds the lease."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from framework.domain.errors import LeaseCorrupt
from framework.domain.lease import Lease
from framework.leases.file import FileLeases
from tests.contracts.lease_stores import TTL, Clock
from tests.unit.lease_bugs import CorruptIsEmpty

DAMAGE = {
    "empty": lambda text: b"",
    "cut": lambda text: text[: len(text) // 2],
    "zeros": lambda text: b"\0" * len(text),
    "other shape": lambda text: b"[]",
    "another key's": lambda text: text.replace(b'"12"', b'"13"'),
    "no epoch": lambda text: text.replace(b'"epoch": 1', b'"epoch": null'),
}


def damaged(store: FileLeases, directory: Path, damage: str) -> Lease:
    lease = store.acquire("12", "a", TTL)
    assert lease is not None
    path = directory / "12.json"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    return lease


def assert_stays_taken(store: FileLeases, clock: Clock) -> None:
    """Neither at once nor after the old lease's expiry does anybody get the key."""
    for _ in range(3):
        with pytest.raises(LeaseCorrupt):
            store.acquire("12", "b", TTL)
        clock.advance(TTL)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_keeps_everybody_out(tmp_path: Path, damage: str) -> None:
    """Whatever the damage, and through restarts of the store."""
    clock = Clock()
    damaged(FileLeases(tmp_path, clock=clock), tmp_path, damage)
    for _ in range(2):
        assert_stays_taken(FileLeases(tmp_path, clock=clock), clock)


def test_the_check_catches_a_store_that_reads_damage_as_empty(tmp_path: Path) -> None:
    """The same check fails on the planted bug."""
    clock = Clock()
    store = CorruptIsEmpty(tmp_path, clock=clock)
    damaged(store, tmp_path, "cut")
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        assert_stays_taken(store, clock)


def test_a_damaged_record_is_set_aside_with_its_content(tmp_path: Path) -> None:
    """Nothing of it is lost, and the error says where it is and what to do."""
    store = FileLeases(tmp_path, clock=Clock())
    damaged(store, tmp_path, "cut")
    content = (tmp_path / "12.json").read_bytes()
    with pytest.raises(LeaseCorrupt) as caught:
        store.acquire("12", "b", TTL)
    aside = tmp_path / "12.json.corrupt"
    assert aside.read_bytes() == content
    assert not (tmp_path / "12.json").exists()
    assert str(aside) in str(caught.value)
    assert "good copy back as 12.json" in str(caught.value)


@pytest.mark.parametrize("aside", [False, True])
def test_one_damaged_record_stops_nobody_else(tmp_path: Path, aside: bool) -> None:
    """The other keys work on; the damaged one is named wherever somebody asks for it."""
    store = FileLeases(tmp_path, clock=Clock())
    stale = damaged(store, tmp_path, "zeros")
    if aside:
        with pytest.raises(LeaseCorrupt):
            store.acquire("12", "b", TTL)
    other = store.acquire("13", "b", TTL)
    assert store.held() == [other]
    assert set(store.records()) == {"13"}
    (complaint,) = store.unreadable()
    assert "12.json" in complaint
    with pytest.raises(LeaseCorrupt):
        store.record("12")
    with pytest.raises(LeaseCorrupt):
        store.renew(stale, TTL)
    with pytest.raises(LeaseCorrupt):
        store.release(stale)


def test_reading_sets_nothing_aside(tmp_path: Path) -> None:
    """Only who holds the lock moves a record; a monitor just tells."""
    store = FileLeases(tmp_path, clock=Clock())
    damaged(store, tmp_path, "empty")
    with pytest.raises(LeaseCorrupt):
        store.record("12")
    assert (store.records(), store.held(), len(store.unreadable())) == ({}, [], 1)
    assert (tmp_path / "12.json").exists()


def test_a_person_puts_a_good_copy_back(tmp_path: Path) -> None:
    """Then the lease goes on as if nothing had happened."""
    store = FileLeases(tmp_path, clock=Clock())
    lease = store.acquire("12", "a", TTL)
    assert lease is not None
    good = (tmp_path / "12.json").read_bytes()
    (tmp_path / "12.json").write_bytes(b"")
    with pytest.raises(LeaseCorrupt):
        store.renew(lease, TTL)
    (tmp_path / "12.json").write_bytes(good)
    assert store.renew(lease, TTL) == lease
    assert store.unreadable() == []


def test_a_copy_that_is_damaged_too_is_set_aside_beside_the_first(tmp_path: Path) -> None:
    """Both contents are kept, the key stays taken, and one text says what to do."""
    store = FileLeases(tmp_path, clock=Clock())
    damaged(store, tmp_path, "cut")
    for content in (b"first", b"second"):
        (tmp_path / "12.json").write_bytes(content)
        with pytest.raises(LeaseCorrupt):
            store.acquire("12", "b", TTL)
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("12.json*")}
    assert kept == {
        "12.json.corrupt": b"second",
        "12.json.earlier-20260105T220000.000000Z": b"first",
    }
    assert_stays_taken(store, Clock())
    (tmp_path / "12.json.corrupt").rename(tmp_path.with_name("seen-by-a-person"))
    assert store.unreadable() == []
    assert store.acquire("12", "b", TTL)


def test_a_person_moves_the_corrupt_file_away(tmp_path: Path) -> None:
    """Then the key is free, and its epoch still rises."""
    store = FileLeases(tmp_path, clock=Clock(), established=True)
    (tmp_path / "high-water.mark").write_text("0\n")
    lease = damaged(store, tmp_path, "cut")
    with pytest.raises(LeaseCorrupt):
        store.acquire("12", "b", TTL)
    (aside,) = tmp_path.glob("*.corrupt")
    aside.rename(tmp_path.with_name("seen-by-a-person"))
    after = store.acquire("12", "b", timedelta(hours=1))
    assert after is not None
    assert after.epoch > lease.epoch
    assert store.unreadable() == []
