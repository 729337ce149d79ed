"""`nightshift outbox`, as people and programs run it, on a project's real files."""

from __future__ import annotations

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from framework.attach import open_tracker
from framework.cli.nightshift import main
from framework.domain.errors import UsageError
from framework.domain.issue import Change, Draft, State
from framework.leases.process import is_alive, this_process
from framework.trackers._queue import Queue
from framework.trackers.sqlite import SqliteTracker
from tests.unit import outbox_line
from tests.unit.outbox_line import State as LineState

HOSTILE = "see \x1b]0;you\x07 this"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Refused were: 1, the state of an issue that a person had closed; 2, a comment on one that
    was deleted. 3, a change of a title, waits."""
    tracker = open_tracker(tmp_path, create=True)
    tracker.close()
    outbox, line = outbox_line.opened(tmp_path / ".nightshift")
    made = [outbox.create(Draft(title=title)).id for title in ("One", "Two", "Three")]
    assert made == ["1", "2", "3"]
    outbox.list()
    line.state = LineState.DOWN
    outbox.update("1", Change(state=State.IN_PROGRESS, add_labels=frozenset({"a", "b"})))
    outbox.comment("2", HOSTILE, author="ann")
    line.tracker.update("1", Change(state=State.CLOSED))
    line.tracker.delete("2")
    line.state = LineState.UP
    outbox.flush()
    line.state = LineState.DOWN
    outbox.update("3", Change(title="Drei"))
    outbox.close()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], project: Path, *words: str) -> tuple[int, str, str]:
    code = main(["outbox", *words, "--project-dir", str(project)])
    return (code, *capsys.readouterr())


def told(capsys: pytest.CaptureFixture[str], project: Path, *words: str) -> dict[str, Any]:
    _, out, _ = run(capsys, project, *words, "--json")
    found: dict[str, Any] = json.loads(out)
    return found


def tracker_of(project: Path) -> SqliteTracker:
    return SqliteTracker(project / ".nightshift" / "issues.db")


def test_what_was_refused_is_listed_with_its_reason(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    """Each in a line with the number by which it goes, and the commands to go on with."""
    code, out, err = run(capsys, project, "list")
    assert (code, err) == (0, "")
    first, second, one, two, *_ = out.splitlines()
    assert first == "Waiting to be told by the next run here: 1 change."
    assert second == "Refused for good: 2 changes."
    assert one.startswith("1  ")
    assert "#1 the state in progress by" in one
    assert "closed" in one
    assert "#2 a comment by ann" in two
    document = told(capsys, project, "list")
    assert (document["waiting"], document["total"]) == (1, 2)
    assert [one["number"] for one in document["items"]] == [1, 2]
    assert document["items"][1]["text"] == HOSTILE


@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
def test_the_commands_to_go_on_with_mean_the_same_project(
    capsys: pytest.CaptureFixture[str],
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    """As they stand in the list, with a number for N, they work from where the list was asked
    for, and without an option where that was in the project."""
    elsewhere = tmp_path_factory.mktemp("else where")
    moved = project.rename(elsewhere / "my project")
    monkeypatch.chdir(elsewhere)
    assert main(["outbox", "list", "--project-dir", "my project"]) == 0
    listed = capsys.readouterr().out
    (line,) = (one for one in listed.splitlines() if f"outbox {verb} N" in one)
    words = shlex.split(line.partition(": ")[2].replace(" N ", " 2 "))
    assert words[0] == "nightshift"
    assert main(words[1:]) == (1 if verb == "retry" else 0)
    assert "#2 a comment by ann" in capsys.readouterr().out
    monkeypatch.chdir(moved)
    assert main(["outbox", "list"]) == 0
    assert f"nightshift outbox {verb} N\n" in capsys.readouterr().out


def test_all_of_it_is_shown_and_a_terminal_obeys_none_of_it(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    """So that a person can do by hand what was not done."""
    code, out, _ = run(capsys, project, "show", "1", "2")
    assert code == 0
    assert "state: in_progress\nadd labels: a, b" in out
    assert "this" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_a_retry_is_told_once_the_cause_is_gone(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    """The issue is open again, so its state is told now; what waited is told with it."""
    tracker = tracker_of(project)
    tracker.update("1", Change(state=State.OPEN))
    assert run(capsys, project, "retry", "1", "1")[:2] == (0, "The tracker was told 2 changes.\n")
    assert tracker.get("1").state is State.IN_PROGRESS
    assert tracker.get("3").title == "Drei"
    tracker.close()
    assert [one["number"] for one in told(capsys, project, "list")["items"]] == [2]


def test_what_is_refused_again_is_kept_again(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    """Exit code 1, and another number."""
    code, out, _ = run(capsys, project, "retry", "2")
    assert code == 1
    assert "Refused: 4" in out
    assert [one["number"] for one in told(capsys, project, "list")["items"]] == [1, 4]
    assert told(capsys, project, "retry", "4")["refused"][0]["number"] == 5


def test_with_the_tracker_away_it_waits(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    """Exit code 4 with the reason; the next run tells it, and it is refused no more."""
    (project / "token").write_text("ghp_none")
    (project / "token").chmod(0o600)
    backend = {"type": "github", "url": "http://127.0.0.1:9", "owner": "ada", "repo": "shop"}
    backend |= {"token_source": f"file:{project / 'token'}", "board": "off"}
    values = {"tracker": "github", "backends": {"github": backend}}
    directory = project / ".nightshift"
    (directory / "config.json").write_text(json.dumps(values))
    (directory / "outbox.db").rename(directory / "outbox-github.db")
    code, out, _ = run(capsys, project, "retry", "1")
    assert code == 4
    assert "The tracker is away: " in out
    document = told(capsys, project, "list")
    assert (document["waiting"], document["total"]) == (2, 1)


def test_what_is_dropped_is_gone(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    """It is named once more; the rest stays, and nothing else is told."""
    code, out, _ = run(capsys, project, "drop", "1")
    assert (code, out.startswith("Dropped: 1  ")) == (0, True)
    document = told(capsys, project, "list")
    assert ([one["number"] for one in document["items"]], document["waiting"]) == ([2], 1)


@pytest.mark.parametrize("word", ["show", "retry", "drop"])
def test_of_an_unknown_number_nothing_is_done(
    capsys: pytest.CaptureFixture[str], project: Path, word: str
) -> None:
    """Neither with the known ones beside it: wrong usage, which names the list."""
    for number in ("9", "0", "99999999999999999999999"):
        code, out, err = run(capsys, project, word, "1", number)
        assert (code, out) == (2, "")
        assert f"the number {number}." in err
        assert "nightshift outbox list" in err
        assert told(capsys, project, "list")["total"] == 2


@pytest.mark.parametrize("verb", ["restore", "drop"])
def test_of_two_at_once_who_comes_second_has_done_nothing(project: Path, verb: str) -> None:
    """Looking and doing are one transaction: the known number beside the one that the other has
    taken in between stays."""
    path = project / ".nightshift" / "outbox.db"
    with (
        closing(Queue(path, this_process(), is_alive)) as ours,
        closing(Queue(path, this_process(), is_alive)) as theirs,
    ):
        assert [one.number for one in ours.refused([1, 2])] == [1, 2]
        getattr(theirs, verb)([2])
        with pytest.raises(UsageError, match="the number 2"):
            getattr(ours, verb)([1, 2])
        assert [one.number for one in ours.refused()] == [1]
        assert len(ours.pending()) == (2 if verb == "restore" else 1)


@pytest.mark.parametrize("what", ["{}", "[]", "no JSON \x1b[2J", '{"Change": {"state": "lost"}}'])
def test_a_damaged_one_is_listed_and_can_be_dropped(
    capsys: pytest.CaptureFixture[str], project: Path, what: str
) -> None:
    """With what is left of it, beside the others; it is not told again, nor what is named with
    it."""
    with closing(sqlite3.connect(project / ".nightshift" / "outbox.db")) as file, file:
        file.execute("UPDATE refused SET what = ?, refused_at = 'soon' WHERE number = 2", (what,))
    code, out, _ = run(capsys, project, "list")
    assert (code, "\x1b" in out) == (0, False)
    assert "#2 something that is damaged by ann" in out
    assert "#1 the state in progress" in out
    assert told(capsys, project, "show", "2")["items"][0]["text"] == what
    code, _, err = run(capsys, project, "retry", "1", "2")
    assert (code, "outbox show 2" in err) == (2, True)
    assert told(capsys, project, "list")["total"] == 2
    assert run(capsys, project, "drop", "2")[0] == 0
    assert [one["number"] for one in told(capsys, project, "list")["items"]] == [1]


def test_where_nothing_was_ever_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The list is empty and makes nothing; the others say that there is nothing."""
    code, out, _ = run(capsys, tmp_path, "list")
    assert (code, out.count("0 changes")) == (0, 2)
    assert list(tmp_path.iterdir()) == []
    assert run(capsys, tmp_path, "drop", "1")[0] == 2
