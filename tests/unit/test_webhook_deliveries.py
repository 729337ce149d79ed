"""What a receiver remembers, and the bell that it rings."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.errors import SettingsError
from framework.webhooks.bell import Bell
from framework.webhooks.deliveries import Deliveries

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_known_by_name_or_by_bytes(tmp_path: Path) -> None:
    """A repeated name is known and so is a repeated body under another name, by another process
    too; no name is no name in common."""
    first, second = Deliveries(tmp_path / "w.db"), Deliveries(tmp_path / "w.db")
    assert not first.is_known("a", b"one", NOW)
    first.remember("a", b"one", NOW)
    first.remember("", b"two", NOW)
    assert second.is_known("a", b"other", NOW)
    assert second.is_known("b", b"one", NOW)
    assert not second.is_known("b", b"other", NOW)
    assert not second.is_known("", b"other", NOW)
    for one in (first, second):
        one.close()


def test_forgotten_after_a_week(tmp_path: Path) -> None:
    """Seven days, and then it may be taken again."""
    deliveries = Deliveries(tmp_path / "w.db")
    deliveries.remember("a", b"one", NOW)
    assert deliveries.is_known("a", b"one", NOW + WEEK - timedelta(seconds=1))
    assert not deliveries.is_known("a", b"one", NOW + WEEK)
    deliveries.remember("b", b"two", NOW + WEEK)
    deliveries.remember("a", b"one", NOW + WEEK)
    assert deliveries.is_known("a", b"one", NOW + WEEK)
    deliveries.close()


def test_the_newest_are_kept(tmp_path: Path) -> None:
    """A flood does not fill the disk: no more than so many are remembered."""
    deliveries = Deliveries(tmp_path / "w.db", most=3)
    for number in range(10):
        deliveries.remember(f"d{number}", f"{number}".encode(), NOW)
    known = [n for n in range(10) if deliveries.is_known(f"d{n}", f"{n}".encode(), NOW)]
    assert known == [7, 8, 9]
    deliveries.close()


def test_no_body_is_kept(tmp_path: Path) -> None:
    """Of what was delivered nothing can be read from the file."""
    deliveries = Deliveries(tmp_path / "w.db")
    deliveries.remember("a", b"a title that is nobody's business", NOW)
    deliveries.close()
    assert b"nobody" not in b"".join(one.read_bytes() for one in tmp_path.iterdir())


def test_a_damaged_memory_is_told(tmp_path: Path) -> None:
    """A file that is no database is an error that says what it is for."""
    (tmp_path / "w.db").write_bytes(b"no database, but long enough to be none" * 100)
    with pytest.raises(SettingsError, match="which webhooks were taken"):
        Deliveries(tmp_path / "w.db")


def test_each_ring_is_another_text(tmp_path: Path) -> None:
    """Also two at one moment; before the first there is none, and nothing is left beside it."""
    bell = Bell(tmp_path / "wake")
    seen = [bell.last()]
    for _ in range(3):
        bell.ring(NOW)
        seen.append(bell.last())
    assert seen[0] == ""
    assert len(set(seen)) == 4
    assert os.listdir(tmp_path) == ["wake"]


def test_a_bell_that_cannot_be_rung(tmp_path: Path) -> None:
    """Says which file."""
    with pytest.raises(SettingsError, match="wake cannot be written"):
        Bell(tmp_path / "gone" / "wake").ring(NOW)
