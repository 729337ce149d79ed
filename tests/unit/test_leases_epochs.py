"""Epochs rise whatever is lost, and where nothing remembers them the store refuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from framework.domain.errors import EpochsGone, LeaseCorrupt
from framework.leases.base import LeaseStore
from framework.leases.file import FileLeases
from framework.leases.highwater import BLOCK, HighWater
from framework.leases.sqlite import SqliteLeases
from tests.contracts.lease_stores import TTL, Clock

MARK = "high-water.mark"
Kind = type[FileLeases] | type[SqliteLeases]


@pytest.fixture(params=[FileLeases, SqliteLeases])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


def cycle(store: LeaseStore, key: str = "12", times: int = 1) -> int:
    """Claim and release; the last epoch."""
    epoch = 0
    for _ in range(times):
        lease = store.acquire(key, "a", TTL)
        assert lease is not None
        store.release(lease)
        epoch = lease.epoch
    return epoch


@contextmanager
def tables(directory: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(directory / "leases.db", isolation_level=None)) as connection:
        yield connection


def lose_record(directory: Path, key: str = "12") -> None:
    """Whichever store it is in."""
    if (directory / "leases.db").exists():
        with tables(directory) as connection:
            connection.execute("DELETE FROM records WHERE key = ?", (key,))
    else:
        (directory / f"{key}.json").unlink()


def lose_mark(directory: Path) -> None:
    if (directory / "leases.db").exists():
        with tables(directory) as connection:
            connection.execute("DELETE FROM mark")
    else:
        (directory / MARK).unlink()


def test_epochs_rise_through_release_expiry_and_restart(tmp_path: Path, kind: Kind) -> None:
    """Two hundred acquisitions by ever new stores, every one above all before."""
    clock, epochs = Clock(), []
    for number in range(200):
        lease = kind(tmp_path, clock=clock).acquire("12", "a", TTL)
        assert lease is not None
        epochs.append(lease.epoch)
        if number % 2:
            kind(tmp_path, clock=clock).release(lease)
        else:
            clock.advance(TTL)
    assert epochs == sorted(set(epochs))


def test_a_lost_record_starts_above_every_epoch_ever_given(tmp_path: Path, kind: Kind) -> None:
    """The mark remembers the highest epoch of any key."""
    store = kind(tmp_path)
    highest = cycle(store, times=7)
    lose_record(tmp_path)
    assert cycle(store) > highest


def test_the_mark_on_the_disk_runs_ahead_of_what_was_given(tmp_path: Path) -> None:
    """Also for a key that was claimed far more often than the others, and by a block at most."""
    store = FileLeases(tmp_path)
    cycle(store, "13")
    for _ in range(3 * BLOCK):
        epoch = cycle(store)
        assert epoch <= int((tmp_path / MARK).read_text()) < epoch + BLOCK


def test_threads_that_ask_for_epochs_get_different_ones(tmp_path: Path) -> None:
    """None twice, none left out, whatever the order, across many blocks."""
    mark = HighWater(tmp_path, established=False, patience=10)
    mark.begin()

    def give(key: int) -> int:
        epoch, remembered = mark.give(str(key), record=None, floor=0)
        assert remembered
        return epoch

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(give, range(3 * BLOCK)))
    assert sorted(given) == list(range(1, 3 * BLOCK + 1))


def reboot(directory: Path) -> None:
    """As after a start of the machine: what was noted names another boot."""
    noted = directory / "high-water.given"
    words = noted.read_text().split()
    noted.write_text(" ".join([*words[:3], "another-boot"]))


def test_after_a_boot_all_goes_on_above_the_mark(tmp_path: Path) -> None:
    """For keys with a record too, which may be older than the last claim; once, not each time."""
    store = FileLeases(tmp_path)
    before = [cycle(store, key, times=3) for key in ("12", "13")]
    mark = int((tmp_path / MARK).read_text())
    assert mark > max(before)
    reboot(tmp_path)
    assert [cycle(FileLeases(tmp_path), key) for key in ("12", "13", "14")] == [
        mark + 1,
        mark + 1,
        mark + 2,
    ]
    assert cycle(store) == mark + 2


@pytest.mark.parametrize("text", ["", "many words in it but no number", "7 7 7", "\0" * 90])
def test_a_damaged_note_is_no_note(tmp_path: Path, text: str) -> None:
    """Then all goes on above the mark, which is always right."""
    store = FileLeases(tmp_path)
    cycle(store, times=3)
    mark = int((tmp_path / MARK).read_text())
    (tmp_path / "high-water.given").write_text(text)
    assert cycle(store, "13") == mark + 1


def test_the_hub_lifts_the_epoch(tmp_path: Path, kind: Kind) -> None:
    """What the hub's refs remember counts, with a record and without one, for its key only."""
    store = kind(tmp_path, floor=lambda key: 40 if key == "12" else 0)
    assert cycle(store) == 41
    assert cycle(kind(tmp_path, floor=lambda key: 90)) == 91
    assert cycle(store) == 92


def test_the_hub_alone_is_enough(tmp_path: Path, kind: Kind) -> None:
    """With the whole store gone, what the hub remembers goes on; nothing else is made up."""
    store = kind(tmp_path, floor=lambda key: 40 if key == "12" else 0, established=True)
    assert cycle(store) == 41
    with pytest.raises(EpochsGone, match="13"):
        store.acquire("13", "a", TTL)


def test_with_everything_gone_the_store_refuses(tmp_path: Path, kind: Kind) -> None:
    """It says what to restore, what to write otherwise, and names no command that destroys."""
    store = kind(tmp_path, established=True)
    with pytest.raises(EpochsGone) as caught:
        store.acquire("12", "a", TTL)
    assert f"above every epoch used so far into {tmp_path / MARK}" in str(caught.value)
    assert "Restore the directory from a backup" in str(caught.value)
    assert not {"rm", "delete", "remove"} & set(str(caught.value).split())
    assert store.records() == {}


def test_a_store_with_records_was_used_whatever_it_is_told(tmp_path: Path, kind: Kind) -> None:
    """A lost mark beside records is noticed without being told that the store is established,
    and known keys go on without a new mark being made up."""
    store = kind(tmp_path)
    highest = cycle(store, times=3)
    lose_mark(tmp_path)
    with pytest.raises(EpochsGone):
        store.acquire("13", "a", TTL)
    assert cycle(store) == highest + 1
    with pytest.raises(EpochsGone):
        store.acquire("13", "a", TTL)


def test_a_person_writes_a_new_mark(tmp_path: Path, kind: Kind) -> None:
    """As the error says: from then on all goes on above it."""
    store = kind(tmp_path, established=True)
    (tmp_path / MARK).write_text("1000000")
    assert cycle(store) == 1_000_001


def test_a_mark_that_a_person_raised_counts_at_once(tmp_path: Path) -> None:
    """Whatever was noted under the old one."""
    store = FileLeases(tmp_path)
    cycle(store, times=3)
    (tmp_path / MARK).write_text("5000")
    assert cycle(store, "13") == 5001
    assert cycle(store) == 5001


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


def test_an_established_store_that_gave_nothing_yet_works(tmp_path: Path, kind: Kind) -> None:
    """A crash between `establish` and the first claim does not lock anybody out."""
    kind(tmp_path / "leases").establish()
    store = kind(tmp_path / "leases", established=True)
    assert cycle(store) == 1
    store.establish()
    assert cycle(store) == 2


def test_establish_does_not_bring_a_lost_mark_back(tmp_path: Path, kind: Kind) -> None:
    """Neither where records lie nor where the store is known to be used."""
    cycle(kind(tmp_path))
    lose_mark(tmp_path)
    kind(tmp_path).establish()
    kind(tmp_path / "other", established=True).establish()
    for directory in (tmp_path, tmp_path / "other"):
        with pytest.raises(EpochsGone):
            kind(directory, established=directory != tmp_path).acquire("13", "a", TTL)


def test_a_store_that_vanishes_while_it_is_used_is_lost_not_new(tmp_path: Path, kind: Kind) -> None:
    """Whoever established it remembers that, in the very first run too."""
    store = kind(tmp_path / "leases")
    store.establish()
    cycle(store, times=3)
    (tmp_path / "leases").rename(tmp_path / "elsewhere")
    with pytest.raises(EpochsGone):
        store.acquire("12", "a", TTL)
