"""Epochs rise whatever is lost, and where nothing remembers them the store refuses."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framework.domain.errors import EpochsGone, LeaseCorrupt
from framework.leases.file import FileLeases
from framework.leases.highwater import HighWater
from tests.contracts.lease_stores import TTL, Clock

MARK = "high-water.mark"


def cycle(store: FileLeases, key: str = "12", times: int = 1) -> int:
    """Claim and release; the last epoch."""
    epoch = 0
    for _ in range(times):
        lease = store.acquire(key, "a", TTL)
        assert lease is not None
        store.release(lease)
        epoch = lease.epoch
    return epoch


def test_epochs_rise_through_release_expiry_and_restart(tmp_path: Path) -> None:
    """Two hundred acquisitions by ever new stores, every one above all before."""
    clock, epochs = Clock(), []
    for number in range(200):
        lease = FileLeases(tmp_path, clock=clock).acquire("12", "a", TTL)
        assert lease is not None
        epochs.append(lease.epoch)
        if number % 2:
            FileLeases(tmp_path, clock=clock).release(lease)
        else:
            clock.advance(TTL)
    assert epochs == sorted(set(epochs))


def test_a_lost_record_starts_above_every_epoch_ever_given(tmp_path: Path) -> None:
    """The mark remembers the highest epoch of any key."""
    store = FileLeases(tmp_path)
    highest = cycle(store, times=7)
    (tmp_path / "12.json").unlink()
    assert cycle(store) > highest


def test_the_mark_is_never_below_an_epoch_that_was_given(tmp_path: Path) -> None:
    """Also for a key that was claimed far more often than the others."""
    store = FileLeases(tmp_path)
    cycle(store, "13")
    assert cycle(store, times=5) == int((tmp_path / MARK).read_text())


def test_the_mark_only_rises(tmp_path: Path) -> None:
    """Threads that raise it to different heights, in any order, leave the highest."""
    mark = HighWater(tmp_path, established=False, patience=10)
    mark.begin()
    epochs = list(range(1, 101))
    random.Random(7).shuffle(epochs)

    def raise_to(epoch: int) -> bool:
        mark.raise_to(epoch)
        return (mark.read() or 0) >= epoch

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(raise_to, epochs))
    assert mark.read() == 100


def test_the_hub_lifts_the_epoch(tmp_path: Path) -> None:
    """What the hub's refs remember counts, with a record and without one, for its key only."""
    store = FileLeases(tmp_path, floor=lambda key: 40 if key == "12" else 0)
    assert cycle(store) == 41
    assert cycle(FileLeases(tmp_path, floor=lambda key: 90)) == 91
    assert cycle(store) == 92


def test_the_hub_alone_is_enough(tmp_path: Path) -> None:
    """With the whole store gone, what the hub remembers goes on; nothing else is made up."""
    store = FileLeases(tmp_path, floor=lambda key: 40 if key == "12" else 0, established=True)
    assert cycle(store) == 41
    with pytest.raises(EpochsGone, match="13"):
        store.acquire("13", "a", TTL)


def test_with_everything_gone_the_store_refuses(tmp_path: Path) -> None:
    """It says what to restore, what to write otherwise, and names no command that destroys."""
    store = FileLeases(tmp_path, established=True)
    with pytest.raises(EpochsGone) as caught:
        store.acquire("12", "a", TTL)
    assert f"above every epoch used so far into {tmp_path / MARK}" in str(caught.value)
    assert "Restore the directory from a backup" in str(caught.value)
    assert not {"rm", "delete", "remove"} & set(str(caught.value).split())
    assert store.records() == {}


def test_a_store_with_records_was_used_whatever_it_is_told(tmp_path: Path) -> None:
    """A lost mark beside records is noticed without being told that the store is established,
    and known keys go on without a new mark being made up."""
    store = FileLeases(tmp_path)
    highest = cycle(store, times=3)
    (tmp_path / MARK).unlink()
    with pytest.raises(EpochsGone):
        store.acquire("13", "a", TTL)
    assert cycle(store) == highest + 1
    with pytest.raises(EpochsGone):
        store.acquire("13", "a", TTL)


def test_a_person_writes_a_new_mark(tmp_path: Path) -> None:
    """As the error says: from then on all goes on above it."""
    store = FileLeases(tmp_path, established=True)
    (tmp_path / MARK).write_text("1000000")
    assert cycle(store) == 1_000_001


@pytest.mark.parametrize("text", ["", "many", "-1", "1e9", "9" * 30])
def test_a_damaged_mark_is_never_read_as_zero(tmp_path: Path, text: str) -> None:
    """It stops every claim and says what to write."""
    store = FileLeases(tmp_path)
    cycle(store, times=2)
    (tmp_path / MARK).write_text(text)
    for key in ("12", "13"):
        with pytest.raises(LeaseCorrupt, match="write one into it"):
            store.acquire(key, "a", TTL)
    assert (tmp_path / MARK).read_text() == text


def test_an_established_store_that_gave_nothing_yet_works(tmp_path: Path) -> None:
    """A crash between `establish` and the first claim does not lock anybody out."""
    FileLeases(tmp_path / "leases").establish()
    store = FileLeases(tmp_path / "leases", established=True)
    assert cycle(store) == 1
    store.establish()
    assert cycle(store) == 2


def test_establish_does_not_bring_a_lost_mark_back(tmp_path: Path) -> None:
    """Neither where records lie nor where the store is known to be used."""
    cycle(FileLeases(tmp_path))
    (tmp_path / MARK).unlink()
    FileLeases(tmp_path).establish()
    FileLeases(tmp_path / "other", established=True).establish()
    assert not (tmp_path / MARK).exists()
    assert not (tmp_path / "other" / MARK).exists()
