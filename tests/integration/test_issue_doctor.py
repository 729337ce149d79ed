"""`issue doctor`: whether everything behind the issues is sound."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from framework.leases.file import FileLeases
from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A git project with two issues."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    subprocess.run(["git", "init", "--quiet"], check=True)
    desk.create("one", "two")
    return desk


def checks(desk: Desk, *words: str) -> dict[str, list[dict[str, Any]]]:
    """By level."""
    found: dict[str, list[dict[str, Any]]] = {"ok": [], "warning": [], "bad": []}
    for one in desk.run("doctor", *words, "--json").value:
        found[one["level"]].append(one)
    return found


def board(desk: Desk) -> Path:
    return desk.project / ".nightshift" / "issues.db"


def damage(desk: Desk, statement: str) -> None:
    with closing(sqlite3.connect(board(desk))) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_sound_project(desk: Desk) -> None:
    """One line for each thing, exit code 0."""
    told = desk.ok("doctor")
    assert {line.split()[0] for line in told.out.splitlines()} == {"ok"}
    assert told.err == "Nothing is bad.\n"
    names = {one["name"] for one in checks(desk)["ok"]}
    assert {"configuration", "disk", "git", "leases", "schema", "text index", "clock"} <= names


def test_an_empty_directory(tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is there, nothing is bad, and nothing is made by looking."""
    bare = tmp_path / "bare"
    bare.mkdir()
    monkeypatch.chdir(bare)
    assert "none yet" in desk.ok("doctor").out
    assert list(bare.iterdir()) == []


def test_the_text_index_is_mended(desk: Desk) -> None:
    """E07: bad with exit code 1, untouched without --repair, right after it."""
    damage(desk, "INSERT INTO found (found) VALUES ('delete-all')")
    told = desk.run("doctor")
    assert told.code == 1
    assert "issue doctor --repair" in told.err
    assert [one["name"] for one in checks(desk)["bad"]] == ["text index"]
    assert desk.json("search", "one") == []
    mended = desk.ok("doctor", "--repair").out
    assert [line.split(":")[0] for line in mended.splitlines() if line.startswith("mended")] == [
        "mended   text index"
    ]
    assert [one["id"] for one in desk.json("search", "one")] == ["1"]
    assert checks(desk)["bad"] == []


def test_what_git_would_add_is_kept_out(desk: Desk) -> None:
    """The line in git's own list comes back; what is part of the repository is not touched."""
    (desk.project / ".git" / "info" / "exclude").write_text("")
    assert [one["name"] for one in checks(desk)["bad"]] == ["git"]
    assert "mended   git" in desk.ok("doctor", "--repair").out
    assert checks(desk)["bad"] == []
    subprocess.run(["git", "add", "--force", ".nightshift/config.json"], check=True)
    [bad] = checks(desk, "--repair")["bad"]
    assert "is part of the repository" in bad["text"]


def test_a_broken_configuration_is_said_once(desk: Desk) -> None:
    """With its line; what could not be looked at for that reason says so."""
    desk.config.write_text('{"tracker": "sqlite",\n')
    found = checks(desk)
    assert [one["name"] for one in found["bad"]] == ["configuration"]
    assert "line 2 column 1" in found["bad"][0]["text"]
    assert [one["name"] for one in found["warning"]] == [
        *("tracker", "leases", "issues", "in progress"),
    ]
    assert {one["text"] for one in found["warning"]} == {"was not looked at, for the reason above"}


def test_a_broken_configuration_of_the_person(desk: Desk) -> None:
    """Both files are read."""
    mine = desk.home / ".config" / "nightshift" / "config.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"leases": "file"}')
    assert str(mine) in checks(desk)["bad"][0]["text"]


def test_a_lease_record_that_cannot_be_read(desk: Desk) -> None:
    """Bad, with what a person does; never repaired, because somebody may be at work."""
    desk.ok("claim", "1")
    record = desk.project / ".nightshift" / "leases" / "1.json"
    record.write_bytes(b"\x00")
    [bad] = checks(desk, "--repair")["bad"]
    assert bad["name"] == "leases"
    assert str(record) in bad["text"]
    assert record.read_bytes() == b"\x00"


def test_a_high_water_mark_that_is_gone(desk: Desk) -> None:
    """What the next claim would stumble over is said before, with the way out, which works."""
    mark = desk.project / ".nightshift" / "leases" / "high-water.mark"
    mark.unlink()
    [bad] = checks(desk, "--repair")["bad"]
    assert f"{mark} is gone" in bad["text"]
    assert desk.run("claim", "1").code == 4
    mark.write_text("1000000")
    assert checks(desk)["bad"] == []
    assert desk.json("claim", "1")["epoch"] > 1000000


def test_issues_in_progress_that_nobody_holds(desk: Desk) -> None:
    """A claim that expired leaves a warning that names the command; exit code 0."""
    early = FileLeases(
        desk.project / ".nightshift" / "leases",
        clock=lambda: datetime.now(UTC) - timedelta(hours=1),
    )
    assert early.acquire("1", "a run", timedelta(minutes=1))
    desk.ok("edit", "1", "--state", "in_progress")
    [warning] = checks(desk, "--repair")["warning"]
    assert warning["text"].startswith("#1, although nobody holds it")
    desk.ok("claim", "cleanup")
    assert checks(desk)["warning"] == []


def test_a_locked_database(desk: Desk) -> None:
    """What can be read is; the rest says that another process holds the file."""
    with closing(sqlite3.connect(board(desk), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        bad = checks(desk)["bad"]
    assert bad
    assert all("is locked by another process" in one["text"] for one in bad)
    assert checks(desk)["bad"] == []


def test_a_corrupt_database(desk: Desk) -> None:
    """Named with its path and the newest copy, and left as it was."""
    copy = board(desk).with_name("issues.db.v1-20260101T000000Z")
    shutil.copy(board(desk), copy)
    before = b"no database at all, but quite long" * 100
    board(desk).write_bytes(before)
    [bad] = checks(desk, "--repair")["bad"]
    assert str(copy) in bad["text"]
    assert board(desk).read_bytes() == before


def test_a_database_with_a_damaged_page(desk: Desk) -> None:
    """Damage inside is found, not only at the head of the file."""
    desk.create(*(f"issue {number} {'x' * 500}" for number in range(30)))
    with closing(sqlite3.connect(board(desk))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(board(desk).read_bytes())
    middle = len(content) // 8192 * 4096
    content[middle : middle + 4096] = bytes(4096)
    board(desk).write_bytes(content)
    assert checks(desk)["bad"]
    assert desk.run("doctor", "--repair").code == 1


def test_a_database_of_a_newer_version(desk: Desk) -> None:
    damage(desk, "PRAGMA user_version = 999")
    [bad] = checks(desk)["bad"]
    assert "newer Nightshift" in bad["text"]


def test_a_database_that_is_gone(desk: Desk) -> None:
    """A project that was worked on does not begin anew without a word."""
    board(desk).unlink()
    [bad] = checks(desk)["bad"]
    assert f"{board(desk)} is gone" in bad["text"]
    assert not board(desk).exists()


def test_a_project_that_can_only_be_read(desk: Desk) -> None:
    """On a read-only file system: said, and what can be read is looked at."""
    with closing(sqlite3.connect(board(desk))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in ("issues.db-wal", "issues.db-shm"):
        board(desk).with_name(name).unlink(missing_ok=True)
    place = str(desk.project)
    ran = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", "--ro-bind", place, place, "issue", "doctor"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    lines = ran.stdout.splitlines()
    assert any(line.startswith("bad      disk") for line in lines)
    assert any(line.startswith("ok       database: sound") for line in lines)


def test_an_agent_reads_the_same(desk: Desk) -> None:
    """JSON with a stable shape, and one list whatever is wrong."""
    damage(desk, "PRAGMA user_version = 999")
    told = desk.run("doctor", "--json")
    assert (told.code, told.err) == (1, "")
    assert {frozenset(one) for one in told.value} == {
        frozenset({"name", "level", "text", "repaired"})
    }
