"""`issue edit`, `close`, `reopen`, `comment` and `delete`: changing issues, one or several."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Three open issues."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one", "two", "three")
    return desk


def held_by_bob(desk: Desk, id: str) -> None:
    """Another session, of an agent called bob, claims the issue."""
    told = desk.answer("claim", id, ISSUE_AGENT_ID="bob", ISSUE_SESSION_ID="bob-1")
    assert told.code == 0, told.err


def comments(desk: Desk, id: str) -> list[str]:
    return [one["text"] for one in desk.json("show", id, "--comments")["comments"]]


def test_c05_edit_in_the_documents_spelling(desk: Desk) -> None:
    """C05: title, state, labels and assignee; what was not named stays."""
    desk.ok("edit", "1", "--title=Uno", "--state=in_progress", "--add-label=bug", "--assignee=bob")
    found = desk.json("show", "1")
    assert (found["title"], found["state"]) == ("Uno", "in_progress")
    assert (found["labels"], found["assignees"]) == (["bug"], ["bob"])
    assert desk.json("show", "2")["title"] == "two"


@pytest.mark.parametrize("state", ["open", "in_progress", "blocked", "needs_review", "closed"])
def test_c05_every_state_of_the_documents_can_be_set(desk: Desk, state: str) -> None:
    """C05: the five states, from open."""
    assert desk.json("edit", "1", "--state", state)[0]["item"]["state"] == state


def test_edit_takes_every_field_away_again(desk: Desk) -> None:
    """Labels by name, the milestone by --no-milestone, everybody by `none`, the text by an empty
    one."""
    desk.ok("edit", "1", "--milestone=Q1", "--assignee=me", "--assignee=bob", "--body=text",
            "--add-label=a", "--add-label=b", "--priority=urgent")  # fmt: skip
    found = desk.json("show", "1")
    assert (found["milestone"], found["assignees"]) == ("Q1", ["ann", "bob"])
    assert (found["priority"], found["labels"], found["body"]) == ("urgent", ["a", "b"], "text")
    desk.ok("edit", "1", "--no-milestone", "--assignee=none", "--body=", "--remove-label=a")
    found = desk.json("show", "1")
    assert (found["milestone"], found["assignees"], found["body"]) == (None, [], "")
    assert found["labels"] == ["b"]


def test_the_text_comes_from_a_file_or_standard_input(desk: Desk) -> None:
    """--body-file, also `-`; a file that is not there is named."""
    (desk.project / "notes.md").write_text("from a file\n")
    desk.ok("edit", "1", "--body-file", "notes.md")
    assert desk.json("show", "1")["body"] == "from a file\n"
    assert desk.answer("edit", "1", "2", "--body-file=-", lines="from a pipe").code == 0
    assert [desk.json("show", id)["body"] for id in "12"] == ["from a pipe"] * 2
    told = desk.run("edit", "1", "--body-file", "nowhere.md")
    assert told.code == 2
    assert "nowhere.md" in told.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Nothing to change"),
        (("--milestone=Q1", "--no-milestone"), "Both a milestone and none"),
        (("--assignee=none", "--assignee=bob"), "Both somebody and nobody"),
        (("--body=x", "--body-file=y"), "given twice"),
        (("--title=",), "--title"),
        (("--depends-on=2",), "unknown option --depends-on"),
    ],
)
def test_an_edit_that_means_nothing_is_wrong_usage(
    desk: Desk, words: tuple[str, ...], why: str
) -> None:
    """Exit code 2, why, and nothing is changed."""
    told = desk.run("edit", "1", *words)
    assert told.code == 2
    assert why in told.err
    assert len(desk.json("history", "1")) == 1


def test_several_issues_are_each_tried(desk: Desk) -> None:
    """What fails stops nothing: all are told of, and the exit code is the worst."""
    told = desk.run("close", "1", "99", "2", "--comment", "done")
    assert (told.code, told.out) == (1, "#1 is closed\n#2 is closed\n")
    assert told.err.startswith("issue close: There is no issue '99'")
    held_by_bob(desk, "3")
    told = desk.run("reopen", "1", "99", "3", "2")
    assert (told.code, told.out) == (3, "#1 is open\n#2 is open\n")
    assert "held by bob" in told.err


@pytest.mark.parametrize(
    "words",
    [("edit", "--title=x"), ("close",), ("reopen",), ("delete", "--yes")],
    ids=lambda words: words[0],
)
def test_p25_results_for_programs_are_alike(desk: Desk, words: tuple[str, ...]) -> None:
    """P25: a list of `{id, ok, item}` or `{id, ok, error}`, for one number as for several; each
    error also on stderr, on a line of its own."""
    told = desk.run(words[0], "1", "99", "#2", *words[1:], "--json")
    first, wrong, last = told.value
    assert (told.code, first["ok"], wrong["ok"]) == (1, True, False)
    assert (first["id"], last["id"], last["item"]["id"]) == ("1", "2", "2")
    assert (wrong["id"], wrong["error"]["code"]) == ("99", "issue_not_found")
    assert json.loads(told.err) == wrong["error"]
    [one] = desk.run(words[0], "98", *words[1:], "--json").value
    assert one["ok"] is False
    bare = json.loads(desk.run(words[0], "98", *words[1:], "--format=json").out)
    assert bare == [one]


def test_c06_c07_close_and_reopen_say_something_first(desk: Desk) -> None:
    """C06, C07: the comment, then the state, in the log's order; repeated, both are fine and say
    that nothing changed."""
    assert desk.ok("close", "1", "--comment=Tests passing").out == "#1 is closed\n"
    assert desk.ok("close", "1").out == "#1 is closed already\n"
    assert desk.ok("reopen", "1", "--comment=It fails").out == "#1 is open\n"
    assert desk.ok("reopen", "1").out == "#1 is open already\n"
    assert comments(desk, "1") == ["Tests passing", "It fails"]
    kinds = [one["kind"] for one in desk.json("history", "1")]
    assert kinds == [
        *("issue.created", "comment.added", "issue.closed"),
        *("comment.added", "issue.reopened"),
    ]
    assert desk.json("show", "1")["reopened"] == 1


def test_an_empty_comment_closes_nothing(desk: Desk) -> None:
    """As an unset variable gives it: exit code 2, and the issue is as it was."""
    assert desk.run("close", "1", "--comment=").code == 2
    assert desk.json("show", "1")["state"] == "open"


def test_what_is_closed_is_reopened_first(desk: Desk) -> None:
    """A closed issue refuses other states, with exit code 1 and what is possible instead."""
    desk.ok("close", "1")
    told = desk.run("edit", "1", "--state=in_progress")
    assert told.code == 1
    assert "can become open" in told.err


def test_c08_comment(desk: Desk) -> None:
    """C08: the text is the argument or a file's; with a key it is said once."""
    assert desk.ok("comment", "1", "Completed the migration").out == "#1 has comment 1\n"
    assert desk.answer("comment", "#1", "--body-file", "-", lines="piped\n").code == 0
    desk.ok("comment", "1", "once", "--key=k")
    assert desk.json("comment", "1", "again", "--key=k")["text"] == "once"
    assert comments(desk, "1") == ["Completed the migration", "piped\n", "once"]


@pytest.mark.parametrize("words", [(), (" ",), ("x", "y"), ("x", "--body-file=-")])
def test_a_comment_is_one_text(desk: Desk, words: tuple[str, ...]) -> None:
    """None, an empty one, two or an unquoted sentence are wrong usage, and nothing is said."""
    assert desk.run("comment", "1", *words).code == 2
    assert comments(desk, "1") == []


def test_c10_works_through_xargs(desk: Desk) -> None:
    """C10: without a terminal, options with `=`, the ids from a pipe."""
    subprocess.run(
        "issue list --state=open --format=json | jq -r '.[].number' | "
        "xargs -I {} issue edit {} --assignee=agent-coder --state=in_progress",
        shell=True,
        check=True,
    )
    found: list[dict[str, Any]] = desk.json("list", "--assignee=agent-coder")
    assert [one["state"] for one in found] == ["in_progress"] * 3


def test_c11_delete_needs_a_yes_where_nobody_can_be_asked(desk: Desk) -> None:
    """C11: off a terminal --yes must be said; the error names another way out and no destructive
    one. What was deleted is gone, and what depended on it no longer does."""
    desk.ok("depends", "add", "2", "--on", "1")
    told = desk.answer("delete", "1")
    assert (told.code, told.out) == (2, "")
    assert "issue close N" in told.err
    assert "--yes" not in told.err
    assert desk.ok("delete", "1", "--yes").out == "#1 is deleted\n"
    assert desk.run("show", "1").code == 1
    assert desk.json("show", "2")["depends_on"] == []
    assert desk.json("history", "1")[-1]["kind"] == "issue.deleted"


@pytest.mark.parametrize(("answer", "left"), [("y\n", 1), ("\n", 3), ("no\n", 3)])
def test_a_person_is_asked_before_deleting(desk: Desk, answer: str, left: int) -> None:
    """On a terminal; anything but yes keeps the issues, with exit code 1."""
    told = desk.at_terminal("delete", "1", "2", then={"[y/N]": answer})
    assert told.code == (0 if left == 1 else 1)
    assert "Delete #1, #2 for good" in told.out
    assert desk.json("stats")["total"] == left


@pytest.mark.parametrize(
    "words",
    [
        ("edit", "1", "--title=mine"),
        ("close", "1", "--comment=mine"),
        ("comment", "1", "mine"),
        ("delete", "1", "--yes"),
    ],
    ids=lambda words: words[0],
)
def test_what_somebody_holds_is_refused(desk: Desk, words: tuple[str, ...]) -> None:
    """Exit code 3 and nothing written; an agent may not force it (5), a person may, recorded."""
    held_by_bob(desk, "1")
    before = len(desk.json("history", "1"))
    told = desk.run(*words)
    assert (told.code, told.out) == (3, "")
    assert "held by bob" in told.err
    assert desk.run(*words, "--force").code == 5
    assert len(desk.json("history", "1")) == before
    desk.set(ISSUE_AGENT_TYPE="person")
    assert desk.ok(*words, "--force").code == 0
    assert desk.json("history", "1")[-1]["forced"] is True
    assert "(over somebody's claim)" in desk.ok("history", "1").out
