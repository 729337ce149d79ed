"""A power cut at any moment repeats no epoch, loses no failure and damages no record."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from framework.domain.lease import Failure, Lease
from framework.leases import highwater
from framework.leases.file import FileLeases
from framework.leases.process import this_boot, this_process
from tests.contracts.lease_stores import TTL, Clock
from tests.unit import lease_bugs
from tests.unit.lease_powercut import Disk

KEYS = ("12", "13", "land:main")
STEPS = 60
BUGS = [lease_bugs.Unsynced, lease_bugs.ReleasesLightly, lease_bugs.RaisesTheMarkLightly]


@dataclass
class Told:
    """What the callers of a store know of a key by now."""

    epoch: int = 0
    lease: Lease | None = None
    failures: tuple[Failure, ...] = ()
    not_before: datetime | None = None


@dataclass
class Night:
    """A store at work, and all that it told anybody."""

    store: FileLeases
    clock: Clock
    chance: random.Random
    told: dict[str, Told] = field(default_factory=lambda: {key: Told() for key in KEYS})

    def step(self) -> None:
        told = self.told[key := self.chance.choice(KEYS)]
        self.clock.advance(timedelta(seconds=1))
        if told.lease is None:
            process = self.chance.choice([None, this_process()])
            told.lease = self.store.acquire(key, "a", TTL, process=process)
            assert told.lease is not None
            told.epoch, told.not_before = told.lease.epoch, None
        elif self.chance.random() < 0.3:
            told.lease = self.store.renew(told.lease, TTL)
        else:
            self._release(told, told.lease)

    def _release(self, told: Told, lease: Lease) -> None:
        failure = Failure(at=self.clock.now, epoch=lease.epoch, reason=f"{self.clock.now}")
        failed = self.chance.random() < 0.3
        later = self.clock.now + TTL if failed or self.chance.random() < 0.3 else None
        self.store.release(lease, failure=failure if failed else None, not_before=later)
        told.lease, told.not_before = None, later
        told.failures = (*told.failures, failure) if failed else told.failures


def check(night: Night, place: Path) -> None:
    """What a store finds that is opened after the power cut, on another boot."""
    another_boot(place)
    clock = replace(night.clock)
    store = FileLeases(place, clock=clock, established=True)
    assert store.unreadable() == [], "a record was damaged"
    records = store.records()
    for key, told in night.told.items():
        record = records.get(key)
        failures = record.failures if record else ()
        assert failures[: len(told.failures)] == told.failures, "a failure was lost"
        if told.not_before and not (record and record.epoch > told.epoch):  # claimed again
            assert record, "the backoff was lost"
            assert record.not_before == told.not_before, "the backoff was lost"
    clock.advance(2 * TTL)
    for key in (*KEYS, "never claimed"):
        lease = store.acquire(key, "b", TTL)
        assert lease is not None
        highest = max(told.epoch for told in night.told.values())
        known = night.told.get(key, Told(epoch=highest))
        assert lease.epoch > known.epoch, "an epoch was given twice"


def another_boot(place: Path) -> None:
    """What lies there was written in a boot that is over."""
    for path in place.iterdir():
        path.write_bytes(path.read_bytes().replace(this_boot().encode(), b"another-boot"))


def cut_everywhere(
    store: type[FileLeases], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> int:
    """Work, and look at what a power cut could leave at each moment; how often it was looked."""
    (tmp_path / "real").mkdir()
    chance, numbers, clock = random.Random(seed), count(1), Clock()
    disk = Disk(tmp_path / "real")
    night = Night(store(tmp_path / "real", clock=clock), clock, chance)

    def cut() -> None:
        place = tmp_path / f"cut-{next(numbers)}"
        disk.leftover(chance, place)
        with monkeypatch.context() as undone:
            undone.setattr(os, "fsync", lambda descriptor: None)
            undone.setattr(os, "replace", os.rename)
            check(night, place)

    with monkeypatch.context() as patched:
        night.store.establish()
        patched.setattr(highwater, "BLOCK", 4)  # so that many blocks are begun
        disk.all_is_synced()
        disk.watch(patched)
        disk.at_any_moment = cut
        for _ in range(STEPS):
            night.step()
            disk.look()
            cut()
    return next(numbers) - 1


@pytest.mark.skipif(os.name != "posix", reason="directories are synced on Unix only")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_power_cut_breaks_no_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whatever of the unsynced reaches the disk, in the middle of any step or between two."""
    assert cut_everywhere(FileLeases, tmp_path, monkeypatch, seed) > 3 * STEPS


@pytest.mark.skipif(os.name != "posix", reason="directories are synced on Unix only")
@pytest.mark.parametrize("bug", BUGS)
def test_the_power_cuts_find_a_planted_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bug: type[FileLeases]
) -> None:
    """The same check fails on stores that sync too little, so it would notice a real one."""
    with pytest.raises(AssertionError, match=r"damaged|lost|twice"):
        cut_everywhere(bug, tmp_path, monkeypatch, seed=1)
