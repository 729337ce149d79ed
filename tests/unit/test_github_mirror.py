"""The mirror of a repository: what it believes, and what it keeps for whom."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.errors import TrackerUnavailable
from framework.domain.frozen import replace
from framework.trackers.github.marker import Marker, marked
from framework.trackers.github.mirror import Mirror
from framework.trackers.github.seen import Snapshot

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SEEN = Snapshot(
    number=3,
    node="I_3",
    title="Title",
    body=marked("Body", Marker(key="k")),
    is_closed=False,
    reason="",
    labels=("a",),
    assignees=(),
    milestone=None,
    author="bot",
    association="OWNER",
    created_at="2026-01-01T12:00:00Z",
    updated_at="2026-01-01T12:00:00Z",
    closed_at=None,
    comments=0,
    blocked=0,
)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    mirror = Mirror(tmp_path)
    yield mirror
    mirror.close()


def title(mirror: Mirror) -> str:
    row = mirror.row(3)
    assert row is not None
    return row.seen.title


def test_what_is_kept_comes_back(mirror: Mirror) -> None:
    """By number, by key, and as a change since a version."""
    mirror.keep([SEEN], NOW, ours=False)
    (row,) = mirror.rows()
    assert (row.seen, row.blockers, row.is_gone) == (SEEN, (), False)
    assert [one.seen for one in mirror.with_key("k")] == [SEEN]
    assert mirror.rows(row.version) == []


def test_the_same_again_is_no_change(mirror: Mirror) -> None:
    """The overlap of two listings costs nothing."""
    mirror.keep([SEEN], NOW, ours=False)
    version = mirror.rows()[0].version
    mirror.keep([SEEN], NOW, ours=False)
    assert mirror.rows(version) == []


def test_an_older_listing_is_not_believed(mirror: Mirror) -> None:
    """Nor one of the same second, shortly after a write of ours; later that one is."""
    mirror.keep([replace(SEEN, title="ours")], NOW, ours=True)
    mirror.keep([SEEN], NOW + timedelta(seconds=9), ours=False)
    assert title(mirror) == "ours"
    mirror.keep([replace(SEEN, updated_at="2026-01-01T11:59:59Z")], NOW, ours=False)
    assert title(mirror) == "ours"
    mirror.keep([SEEN], NOW + timedelta(seconds=10), ours=False)
    assert title(mirror) == "Title"
    newer = replace(SEEN, title="theirs", updated_at="2026-01-01T12:00:01Z")
    mirror.keep([newer], NOW, ours=False)
    assert title(mirror) == "theirs"


def test_a_changed_number_of_blockers_is_asked_about(mirror: Mirror) -> None:
    """And any change by others of an issue that waits, as one may have been swapped."""
    mirror.keep([SEEN], NOW, ours=True)
    mirror.keep_blockers(3, [1])
    two = replace(SEEN, blocked=2)
    mirror.keep([two], NOW, ours=True)
    assert mirror.rows()[0].blockers is None
    mirror.keep_blockers(3, [1, 2])
    mirror.keep([replace(two, title="x")], NOW, ours=True)
    assert mirror.rows()[0].blockers == (1, 2)
    mirror.keep([replace(two, title="y", updated_at="2026-01-01T13:00:00Z")], NOW, ours=False)
    assert mirror.rows()[0].blockers is None


def test_what_is_gone_keeps_its_key(mirror: Mirror) -> None:
    """And comes back when it is listed again."""
    mirror.keep([SEEN], NOW, ours=False)
    mirror.lose(3)
    assert [one.is_gone for one in mirror.with_key("k")] == [True]
    mirror.keep([SEEN], NOW, ours=False)
    assert [one.is_gone for one in mirror.with_key("k")] == [False]


def test_another_repository_begins_with_nothing(mirror: Mirror) -> None:
    """Its numbers mean other issues."""
    mirror.belongs_to("github.com/1")
    mirror.keep([SEEN], NOW, ours=False)
    mirror.belongs_to("github.com/1")
    assert len(mirror.rows()) == 1
    mirror.belongs_to("github.com/2")
    assert mirror.rows() == []


def test_what_a_dead_process_meant_to_do_is_known(mirror: Mirror, tmp_path: Path) -> None:
    """Until somebody settles it."""
    mirror.intend(["create k"], NOW)
    mirror.close()
    again = Mirror(tmp_path)
    assert again.intended("create k") == NOW
    again.settle(["create k"])
    assert again.intended("create k") is None
    again.close()


def test_a_turn_ends_with_its_process(tmp_path: Path) -> None:
    """While it lasts others wait, and a killed process holds up nobody."""
    code = (
        "import sys; from pathlib import Path; from framework.trackers.github.mirror import Mirror;"
        "mirror = Mirror(Path(sys.argv[1])); turn = mirror.turn(); turn.__enter__();"
        "print('mine', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        impatient = Mirror(tmp_path, patience=0.0)
        with pytest.raises(TrackerUnavailable, match="not our turn"):
            impatient.turn().__enter__()
        child.kill()
        child.wait()
        with impatient.turn(), impatient.turn():
            impatient.keep([SEEN], NOW, ours=True)
        impatient.close()


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    """With its path, and that it can be made anew."""
    (tmp_path / "mirror.db").write_text("not a database " * 100)
    with pytest.raises(TrackerUnavailable, match="made anew"):
        Mirror(tmp_path)
