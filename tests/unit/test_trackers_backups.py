"""Copies of a board: sound, not too many, and never of a damaged one."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.errors import TrackerError, TrackerUnavailable
from framework.domain.issue import Draft
from framework.trackers._backups import backups, copy, issues_in, newest_backup, way_back
from framework.trackers.base import DAY
from framework.trackers.sqlite import SqliteTracker

START = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(path: Path, clock: Clock) -> contextlib.closing[SqliteTracker]:
    return contextlib.closing(SqliteTracker(path, clock))


def test_one_a_day_and_the_last_three(tmp_path: Path, clock: Clock) -> None:
    """Asked every half day, also when the clock was once fast; those of an earlier version of
    the file stay."""
    path = tmp_path / "issues.db"
    (tmp_path / "issues.db.v1-20260101T000000Z").touch()
    with opened(path, clock) as tracker:
        tracker.create(Draft(title="kept"))
        for half in range(14):
            clock.now = START + half * timedelta(hours=12)
            made = tracker.back_up()
        assert made is not None
        assert made.name == "issues.db.v2-20260512T070809Z"
        clock.now = START
        assert tracker.back_up() == tracker.back_up()
    assert [one.name.partition(".db.")[2] for one in backups(path)] == [
        *("v1-20260101T000000Z", "v2-20260506T070809Z"),
        *("v2-20260510T070809Z", "v2-20260511T070809Z", "v2-20260512T070809Z"),
    ]


def test_a_backup_is_a_board(tmp_path: Path, clock: Clock) -> None:
    """With all that was there, what only the log of writes holds included; put in the place of
    the lost one, all goes on."""
    path = tmp_path / "issues.db"
    with opened(path, clock) as tracker:
        kept = tracker.create(Draft(title="kept"))
        backup = tracker.back_up()
        tracker.create(Draft(title="too late"))
    for one in tmp_path.glob("issues.db*"):
        if one != backup:
            one.unlink()
    assert newest_backup(path) == backup
    backup.rename(path)
    with opened(path, clock) as tracker:
        assert tracker.list() == (kept,)
        assert not [one for one in tracker.check(repair=False) if one.is_bad]


def test_a_damaged_board_is_not_copied(tmp_path: Path, clock: Clock) -> None:
    """Else good backups would go for bad ones; the error says so."""
    path = tmp_path / "issues.db"
    with opened(path, clock) as tracker:
        for number in range(40):
            tracker.create(Draft(title=f"issue {number}", body="x" * 900))
        good = tracker.back_up()
    content = path.read_bytes()
    middle = len(content) // 8192 * 4096
    path.write_bytes(content[:middle] + os.urandom(4096) + content[middle + 4096 :])
    clock.now += 2 * DAY
    with opened(path, clock) as tracker, pytest.raises(TrackerError, match="issue doctor"):
        tracker.back_up()
    assert backups(path) == [good]
    assert not list(tmp_path.glob("*.part*"))


def test_many_in_one_second(tmp_path: Path, clock: Clock) -> None:
    """Each is newer than the one before."""
    path = tmp_path / "issues.db"
    with opened(path, clock) as tracker:
        tracker.create(Draft(title="kept"))
        made = [tracker.back_up(every=timedelta()) for _ in range(13)]
    assert backups(path) == made[-3:]


def test_only_whole_backups_count(tmp_path: Path) -> None:
    """Neither one that was never finished nor what SQLite laid beside one."""
    path = tmp_path / "issues.db"
    with opened(path, Clock()) as tracker:
        tracker.create(Draft(title="kept"))
    for name in ("v2-20260301T000000Z", "v2-20260301T000000Z-10", "v2-20260301T000000Z-9",
                 "v2-20260301T000000Z-10-wal", "v2-20260401T000000Z-77.part"):  # fmt: skip
        (tmp_path / f"issues.db.{name}").write_bytes(path.read_bytes())
    newest = newest_backup(path)
    assert newest is not None
    assert newest.name.endswith("Z-10")


def test_no_room_for_a_backup_is_said(tmp_path: Path, clock: Clock) -> None:
    """And the board goes on."""
    path = tmp_path / "issues.db"
    with opened(path, clock) as tracker:
        tracker.create(Draft(title="first"))
        # A directory lies where the copy would be made.
        (tmp_path / f"issues.db.v2-20260506T070809Z-{os.getpid()}.part").mkdir()
        with pytest.raises(TrackerUnavailable, match="cannot be opened or written"):
            tracker.back_up()
        assert tracker.create(Draft(title="next")).id == "2"


def test_a_board_without_issues_is_no_backup(tmp_path: Path, clock: Clock) -> None:
    """None is made of it, an earlier program's is never the newest, and the first issue is copied
    on the same day; one that cannot be read counts as little."""
    path = tmp_path / "issues.db"
    with opened(path, clock) as tracker:
        assert tracker.back_up() is None
        assert backups(path) == []
        empty = copy(path, 2, clock.now + timedelta(hours=2))
        (tmp_path / "issues.db.v2-20260506T230000Z").write_bytes(b"no database at all" * 100)
        assert newest_backup(path) is None
        assert "no backup with issues in it" in way_back(path)
        tracker.create(Draft(title="kept"))
        made = tracker.back_up()
    assert made not in (None, empty)
    assert newest_backup(path) == made
    assert f"the newest backup is {made}: it holds 1 issue, and" in way_back(path)


def test_a_day_of_many_issues_is_copied_again(tmp_path: Path, clock: Clock) -> None:
    """Whenever there are twice as many as in the copy of the day, so never more than half of a
    day's are in none."""
    path = tmp_path / "issues.db"
    with opened(path, clock) as tracker:
        for number in range(1, 41):
            tracker.create(Draft(title=f"issue {number}"))
            clock.now += timedelta(minutes=1)
            tracker.back_up()
    assert [issues_in(one) for one in backups(path)] == [8, 16, 32]
