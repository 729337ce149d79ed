"""`nightshift outbox`, as people and programs run it, on a project's real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from framework.attach import open_tracker
from framework.cli.nightshift import main
from framework.domain.issue import Change, Draft, State
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
    first, second, one, two, last = out.splitlines()
    assert first == "Waiting to be told by the next run here: 1 change."
    assert second == "Refused for good: 2 changes."
    assert one.startswith("1  ")
    assert "#1 the state in progress by" in one
    assert "closed" in one
    assert "#2 a comment by ann" in two
    assert "nightshift outbox retry N" in last
    document = told(capsys, project, "list")
    assert (document["waiting"], document["total"]) == (1, 2)
    assert [one["number"] for one in document["items"]] == [1, 2]
    assert document["items"][1]["text"] == HOSTILE


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
    code, out, err = run(capsys, project, word, "1", "9")
    assert (code, out) == (2, "")
    assert "the number 9" in err
    assert "nightshift outbox list" in err
    assert told(capsys, project, "list")["total"] == 2


def test_where_nothing_was_ever_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The list is empty and makes nothing; the others say that there is nothing."""
    code, out, _ = run(capsys, tmp_path, "list")
    assert (code, out.count("0 changes")) == (0, 2)
    assert list(tmp_path.iterdir()) == []
    assert run(capsys, tmp_path, "drop", "1")[0] == 2
