"""A lost, emptied or damaged board, or a file that is none: said in words, nothing begins anew."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from framework.trackers._backups import issues_in, newest_backup
from framework.trackers.made import was_made
from framework.trackers.sqlite import SqliteTracker
from tests.integration.issue_desk import Desk

BACKUP = "issues.db.v1-20260101T000000Z"
LOST = {
    "gone": lambda board: board.rename(board.with_name("elsewhere")),
    "empty": lambda board: board.write_bytes(b""),
}
DAMAGE = {
    "created_at": "UPDATE issues SET created_at = 'garbage' WHERE id = 2",
    "no zone": "UPDATE issues SET updated_at = '2026-01-01' WHERE id = 2",
    "state": "UPDATE issues SET state = 'weird' WHERE id = 2",
    "priority": "UPDATE issues SET priority = 9 WHERE id = 2",
    "text": "UPDATE texts SET title = cast(x'ff41' AS TEXT) WHERE id = 2",
    "no text": "DELETE FROM texts WHERE id = 2",
}
AS_NOBODY = """
import os, sys
from framework.cli.issue import main
os.chdir(sys.argv[1])
with open(os.devnull, "w") as sys.stdout:
    main(["doctor"])  # all that is imported meanwhile may lie where nobody else may look
sys.stdout = sys.__stdout__
if os.geteuid() == 0:
    os.setuid(65534)
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A project with two issues."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one", "two")
    return desk


def board(desk: Desk) -> Path:
    return desk.project / ".nightshift" / "issues.db"


def damage(desk: Desk, *statements: str) -> None:
    with closing(sqlite3.connect(board(desk), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def files(desk: Desk) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in board(desk).parent.glob("issues.db*")}


def bad(desk: Desk, *words: str) -> dict[str, str]:
    found = desk.run("doctor", *words, "--json").value
    return {one["name"]: one["text"] for one in found if one["level"] == "bad"}


@pytest.mark.parametrize("lose", LOST)
def test_a_lost_board_does_not_begin_anew(desk: Desk, lose: str) -> None:
    """Whoever reads, writes or makes an issue hears of it with exit code 4, as does the doctor's
    reader, and nothing is made; the newest backup is named; put back, all goes on."""
    content = board(desk).read_bytes()
    board(desk).with_name(BACKUP).write_bytes(content)
    LOST[lose](board(desk))
    before = files(desk)
    for words in (("list",), ("create", "three"), ("claim", "1"), ("label", "create", "x")):
        told = desk.run(*words)
        assert told.code == 4, words
        assert f"is {lose}, although this project had issues in it" in told.err
        assert BACKUP in told.err
        assert f"move {board(desk).parent} away to begin anew" in told.err
    for repair in ((), ("--repair",)):
        assert BACKUP in bad(desk, *repair)["issues"]
    assert files(desk) == before
    board(desk).write_bytes(content)
    assert [one["id"] for one in desk.json("list")] == ["1", "2"]


def test_a_project_that_was_moved_away_begins_anew(desk: Desk) -> None:
    """As the error says."""
    board(desk).parent.rename(desk.project / "away")
    assert desk.json("create", "first")["id"] == "1"


@pytest.mark.parametrize("left", [None, b""])
def test_a_crash_at_the_first_issue_locks_nobody_out(desk: Desk, left: bytes | None) -> None:
    """Before the board was whole it is not remembered, whatever else the project has noted."""
    board(desk).with_name("board.made").unlink()
    for one in files(desk):
        board(desk).with_name(one).unlink()
    if left is not None:
        board(desk).write_bytes(left)
    assert "no board yet" in desk.run("list").err
    assert bad(desk) == {}
    assert desk.json("create", "first")["id"] == "1"


def test_a_crash_between_the_board_and_its_note_is_made_good(desk: Desk) -> None:
    """A board that is there is used, and noted by the next who makes an issue."""
    board(desk).with_name("board.made").unlink()
    assert len(desk.json("list")) == 2
    assert not was_made(board(desk))
    desk.ok("create", "three")
    assert was_made(board(desk))


def test_a_project_of_another_tracker_may_get_a_board(desk: Desk) -> None:
    """Its stores are fixed and its own board never was: that is no loss."""
    board(desk).parent.rename(desk.project / "away")
    desk.ok("backend", "add", "mine", "sqlite", "--path", "mine.db")
    desk.ok("create", "there", "--backend", "mine")
    assert json.loads(desk.config.read_text())["leases"] == "file"
    assert desk.json("create", "here")["id"] == "1"


def test_another_kind_of_lease_store_is_refused(desk: Desk) -> None:
    """W6: the claims that are there would not be seen. The doctor says it, too."""
    desk.ok("claim", "1")
    kept = desk.config.read_text()
    desk.config.write_text(kept.replace('"file"', '"sqlite"', 1))
    told = desk.run("claim", "list")
    assert told.code == 2
    assert '"leases": "file"' in told.err
    assert '"leases": "file"' in bad(desk)["leases"]
    desk.config.write_text(kept)
    assert [one["issue"] for one in desk.json("claim", "list")] == ["1"]


@pytest.mark.parametrize("damaged", DAMAGE)
def test_a_damaged_row_is_named(desk: Desk, damaged: str) -> None:
    """Listing says which, and the doctor all of them; neither blames the clock or a repair."""
    damage(desk, "PRAGMA foreign_keys = OFF", DAMAGE[damaged])
    told = desk.run("list", "--state", "all")
    assert told.code == 4
    assert "issue doctor" in told.err
    found = bad(desk, "--repair")
    assert "Row 2 of issues cannot be read" in found["rows"]
    assert "clock" not in found
    assert desk.ok("show", "1").out


def test_damaged_comments_and_activity_are_named(desk: Desk) -> None:
    """They are read as strictly."""
    desk.ok("comment", "1", "text")
    damage(desk, "UPDATE comments SET created_at = 7", "UPDATE activity SET kind = 'weird'")
    text = bad(desk)["rows"]
    assert "Row 1 of comments" in text
    assert "Row 1 of activity" in text
    assert "Row 1 of comments" in desk.run("show", "1", "--comments").err


@pytest.mark.parametrize("version", [1, 2])
def test_a_database_of_something_else(desk: Desk, version: int) -> None:
    """M5: with a version that could be ours. Named as such, and not a byte of it is changed."""
    for one in files(desk):
        board(desk).with_name(one).unlink()
    damage(desk, "CREATE TABLE issues (id, title)", f"PRAGMA user_version = {version}")
    before = files(desk)
    for words in (("list",), ("create", "three"), ("show", "1")):
        told = desk.run(*words)
        assert (told.code, "is a database of something else" in told.err) == (4, True), words
    assert "is a database of something else" in bad(desk, "--repair")["issues"]
    assert files(desk) == before


def test_a_part_that_is_missing(desk: Desk) -> None:
    """Of a database of ours: a backup and what may be saved, not a defect to report."""
    damage(desk, "DROP TABLE comments")
    told = desk.run("comment", "1", "text")
    assert told.code == 4
    assert "cannot be read as a database of issues (no such table: comments)" in told.err
    assert "defect" not in told.err


@pytest.mark.parametrize("how", ["text", "head", "cut", "middle"])
def test_what_a_damaged_database_has_left_is_offered(desk: Desk, how: str) -> None:
    """The backup beside it and a way to save what is in it, and no repair that mends nothing."""
    desk.create(*(f"issue {number} {'x' * 900}" for number in range(30)))
    damage(desk, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = board(desk).read_bytes()
    middle = len(content) // 8192 * 4096
    backup = newest_backup(board(desk))
    damaged = {
        "text": b"no database at all, but quite long" * 100,
        "head": bytes(100) + content[100:],
        "cut": content[:middle],
        "middle": content[:middle] + bytes(4096) + content[middle + 4096 :],
    }[how]
    board(desk).write_bytes(damaged)
    told = desk.run("doctor")
    [line] = [one for one in told.out.splitlines() if one.startswith("bad")]
    assert f"the newest backup is {backup}: it holds 20 issues" in line
    assert f'sqlite3 "{board(desk)}" .recover' in line
    assert "--repair" not in told.err


def test_leases_that_may_not_be_read(desk: Desk) -> None:
    """C6: the doctor says so in words, and looks at the rest."""
    desk.ok("claim", "1")
    with tempfile.TemporaryDirectory() as name:  # pytest's own are private
        os.chmod(name, 0o755)
        shutil.copytree(desk.project, place := Path(name, "project"))
        for one in (place, *place.rglob("*")):
            os.chmod(one, 0o777)
        os.chmod(leases := place / ".nightshift" / "leases", 0)
        ran = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, place, "doctor", "--json"],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "HOME": name},
        )
        os.chmod(leases, 0o755)
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    [claims] = [one for one in json.loads(ran.stdout)["items"] if one["name"] == "leases"]
    assert claims["level"] == "bad"
    assert "cannot be used (Permission denied)" in claims["text"]
    assert '"name": "database", "level": "ok"' in ran.stdout


def test_another_backend_is_looked_at_with_its_own_leases(desk: Desk) -> None:
    """What its store lost is said of its store; what the project's own lost, of that one."""
    desk.ok("backend", "add", "mine", "sqlite", "--path", "mine.db")
    desk.ok("create", "there", "--backend", "mine")
    desk.ok("claim", "1", "--backend", "mine")
    (own,) = board(desk).parent.glob("leases/high-water.mark")
    own.unlink()
    assert bad(desk, "--backend", "mine") == {}
    assert str(own) in bad(desk)["leases"]
    (its,) = board(desk).parent.glob("leases-mine/high-water.mark")
    its.unlink()
    assert str(its) in bad(desk, "--backend", "mine")["leases"]
    shutil.move(desk.project / "mine.db", desk.project / "elsewhere.db")
    assert "mine was worked with" in bad(desk, "--backend", "mine")["issues"]


def test_a_cycle_can_be_taken_away_as_the_doctor_says(desk: Desk) -> None:
    """C1: planted between two issues by another program."""
    damage(desk, "INSERT INTO dependencies VALUES (1, 2), (2, 1)")
    assert "issue depends remove ID --on ID" in bad(desk)["dependencies"]
    desk.ok("depends", "remove", "1", "--on", "2")
    desk.ok("doctor", "--repair")


def test_there_are_backups_without_asking(desk: Desk) -> None:
    """Whoever closes an issue has one of the day, and the error of a damaged board names it; what
    it says brings the issues back. Reading and making a few issues copies nothing."""
    desk.ok("list")
    assert list(board(desk).parent.glob("issues.db.v*")) == []
    desk.ok("close", "1")
    desk.ok("close", "2")
    [backup] = board(desk).parent.glob("issues.db.v*")
    desk.create("three")
    board(desk).write_bytes(b"no database at all, but quite long" * 100)
    told = desk.run("list")
    assert told.code == 4
    assert f"the newest backup is {backup}" in told.err
    for one in board(desk).parent.glob("issues.db*"):
        if one != backup:
            one.rename(desk.project / one.name)
    shutil.copy(backup, board(desk))
    assert [one["id"] for one in desk.json("list", "--state", "all")] == ["1", "2"]


@pytest.mark.parametrize("made", [1, 5])
def test_the_way_back_never_loses_issues(desk: Desk, made: int) -> None:
    """On a fresh board that a run or a doctor has looked at: what the words name brings back what
    was made, or they say that no copy holds any; an empty copy is never named."""
    board(desk).parent.rename(desk.project / "away")
    desk.ok("doctor")
    with closing(SqliteTracker(board(desk))) as tracker:
        tracker.back_up()
    desk.create(*(f"issue {number}" for number in range(1, made + 1)))
    board(desk).write_bytes(b"no database at all, but quite long" * 100)
    told = desk.run("list")
    assert told.code == 4
    assert told.err.split(" It was left as it is: ")[1].split(". To try")[0] in bad(desk)["issues"]
    named = re.search(r"the newest backup is (\S+): it holds (\d+) issue", told.err)
    if named is None:
        assert made < 5
        assert "no backup with issues in it lies beside it, so what was in it is lost" in told.err
        return
    board(desk).rename(desk.project / "issues.db")
    shutil.copy(named[1], board(desk))
    assert len(desk.json("list")) == int(named[2]) == made


def test_a_batch_is_copied(desk: Desk) -> None:
    """However many it makes, at its end."""
    lines = "".join(f'{{"op": "create", "title": "issue {n}"}}\n' for n in range(3))
    (desk.project / "lines").write_text(lines)
    desk.ok("batch", "lines")
    [backup] = board(desk).parent.glob("issues.db.v*")
    assert issues_in(backup) == 5


def test_the_doctor_makes_backups(desk: Desk) -> None:
    """One a day, another when asked to, and none of a board that is not right."""
    desk.ok("doctor")
    desk.ok("doctor")
    assert len(list(board(desk).parent.glob("issues.db.v*"))) == 1
    assert "ok       backup: the newest is" in desk.ok("doctor", "--backup").out
    assert len(list(board(desk).parent.glob("issues.db.v*"))) == 2
    damage(desk, "UPDATE tally SET number = 7")
    assert "backup:" not in desk.run("doctor", "--backup").out
    assert len(list(board(desk).parent.glob("issues.db.v*"))) == 2
