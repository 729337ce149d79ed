"""The `issue` command on the local tracker."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from framework.cli.issue import main
from framework.domain.issue import Change, Draft, Priority, State
from framework.trackers.sqlite import SqliteTracker

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three issues: one closed with its proof, one waiting, one blocked with a wild title."""
    (tmp_path / ".nightshift").mkdir()
    with closing(SqliteTracker(tmp_path / ".nightshift/issues.db")) as tracker:
        first = tracker.create(
            Draft(title="Parse amounts", body="## Checks\n\n- `make test`", priority=Priority.HIGH)
        )
        second = tracker.create(Draft(title="Sum amounts"))
        tracker.create(Draft(title="Print sums", depends_on=(second.id,)))
        wild = tracker.create(Draft(title="Wild \x1b[31m[bold]title"))
        tracker.comment(first.id, "Landed as 1234\nmake test: 0", author="nightshift")
        tracker.update(first.id, Change(state=State.CLOSED))
        tracker.update(wild.id, Change(state=State.BLOCKED))
    return tmp_path


def call(project: Path, *words: str) -> int:
    return main([*words, "--project-dir", str(project)])


def test_list_is_a_table_for_people(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line an issue with state, priority, title and what it waits for; nothing wild."""
    assert call(project, "list") == 0
    _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split() for row in rows] == [
        ["#1", "closed", "high", "Parse", "amounts"],
        ["#2", "open", "medium", "Sum", "amounts"],
        ["#3", "open", "medium", "Print", "sums", "#2"],
        ["#4", "blocked", "medium", "Wild", "[bold]title"],
    ]


def test_list_by_states_for_programs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--state` may be repeated; dependencies on issues that are not listed still count."""
    assert call(project, "list", "--state", "blocked", "--state", "closed", "--json") == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == ["1", "4"]
    assert call(project, "list", "--state", "open", "--json") == 0
    assert [one["waits_for"] for one in json.loads(capsys.readouterr().out)] == [[], ["2"]]


@pytest.mark.parametrize("name", ["1", "#1"])
def test_show_has_the_proof(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Title, state, text and comments, for people and for programs."""
    assert call(project, "show", name) == 0
    text = capsys.readouterr().out
    assert text.startswith("#1 Parse amounts\nstate closed, priority high")
    assert "- `make test`" in text
    assert "Landed as 1234\nmake test: 0\n" in text
    assert call(project, "show", name, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["state"], document["comments"][0]["author"]) == ("closed", "nightshift")


def test_an_issue_that_is_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and the reason on stderr."""
    assert call(project, "show", "99") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "99" in told.err


def test_a_directory_without_a_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no board is made by looking."""
    assert call(tmp_path, "list") == 2
    assert "no board" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_tracker_that_cannot_be_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 4: it says nothing about whether there are issues."""
    (project / ".nightshift/issues.db").write_bytes(b"no database at all, but quite long" * 40)
    assert call(project, "list") == 4
    assert capsys.readouterr().err.startswith("issue: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lst"], "issue: argument COMMAND: unknown value 'lst', did you mean list?"),
        (["list", "--stat", "open"], "issue list: unknown option --stat, did you mean --state?"),
        (["list", "--state", "opne"], "unknown value 'opne', did you mean open?"),
        (["show"], "issue show: the following arguments are required: N"),
        (["show", "1", "2"], "issue show: '2' is one argument too many"),
        ([], "issue: the following arguments are required: COMMAND"),
    ],
)
def test_wrong_usage_names_the_nearest_word(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Exit code 2 and one line that says what was meant, from the command it was said to."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert "--help" in error


def test_the_command_itself_starts_light() -> None:
    """Neither an event loop nor a screen is loaded before somebody asks for it."""
    program = (
        "import sys, framework.cli.issue; "
        "print({'anyio', 'rich', 'claude_agent_sdk'} & set(sys.modules) or 'light')"
    )
    told = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert told == "light\n"


def test_a_person_answers_and_takes_an_issue_up_again(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The comment is on the issue, its state is set, and an unknown issue is told so."""
    assert call(project, "comment", "#4", "The blue one.") == 0
    assert call(project, "reopen", "4") == 0
    assert call(project, "close", "2", "--json") == 0
    out = capsys.readouterr().out
    assert "#4 is open" in out
    with closing(SqliteTracker(project / ".nightshift/issues.db")) as tracker:
        assert [one.text for one in tracker.comments("4")] == ["The blue one."]
        assert tracker.get("4").state is State.OPEN
        assert tracker.get("2").state is State.CLOSED
    assert call(project, "reopen", "99") == 1
    assert "no issue '99'" in capsys.readouterr().err
