"""`issue batch`: many changes, a line of JSON each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.issue_desk import ISSUE, Desk, Told


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Nothing at all: the first creation makes the board."""
    return Desk(tmp_path, monkeypatch, capsys)


def batch(desk: Desk, *operations: object) -> tuple[Told, list[dict[str, Any]]]:
    """What becomes of the operations; a text is a line as it stands."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in operations]
    (desk.project / "lines").write_text("\n".join([*lines, ""]))
    told = desk.run("batch", "lines")
    return told, [json.loads(line) for line in told.out.splitlines()]


def test_p25_every_operation(desk: Desk) -> None:
    """P25: each changes what its command changes, as the same agent, and answers with the thing
    itself."""
    told, answers = batch(
        desk,
        {"op": "create", "title": "Schema", "body": "b", "labels": ["db"], "priority": "high",
         "assignees": ["me"], "milestone": "Q1", "key": "schema"},
        {"op": "create", "title": "Rows", "description": "d", "depends_on": [1]},
        {"op": "edit", "issue": "#1", "title": "Tables", "add_labels": ["x"],
         "remove_labels": ["db"], "assignees": [], "milestone": None},
        {"op": "claim", "issue": 1, "timeout": "5m"},
        {"op": "comment", "issue": 1, "text": "hello"},
        {"op": "release", "issue": 1},
        {"op": "close", "issue": "1", "comment": "done"},
        {"op": "reopen", "issue": 1},
        {"op": "create", "title": "Third"},
        {"op": "depends", "issue": 3, "on": [2], "blocks": []},
        {"op": "depends", "issue": 1, "blocks": [2], "remove": True},
    )  # fmt: skip
    assert told.code == 0
    assert [(one["line"], one["ok"]) for one in answers] == [(n, True) for n in range(1, 12)]
    assert answers[0]["item"]["assignees"] == ["ann"]
    first = desk.json("show", "1", "--comments")
    assert (first["title"], first["labels"], first["milestone"]) == ("Tables", ["x"], None)
    assert (first["state"], first["assignees"], first["reopened"]) == ("open", [], 1)
    assert [one["text"] for one in first["comments"]] == ["hello", "done"]
    assert answers[3]["item"]["mine"] is True
    assert desk.json("show", "2")["depends_on"] == []
    assert desk.json("show", "3")["depends_on"] == ["2"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "no JSON"),
        ("[1]", "no object"),
        ('{"op": "crate"}', "Did you mean create?"),
        ('{"title": "x"}', "There is no operation ''"),
        ('{"op": "create", "titel": "x"}', "Did you mean title?"),
        ('{"op": "create"}', "The title is missing"),
        ('{"op": "create", "title": 7}', "must be text"),
        ('{"op": "create", "title": "x", "labels": "bug"}', "must be a list"),
        ('{"op": "create", "title": "x", "labels": [1]}', "must be a list of texts"),
        ('{"op": "create", "title": "x", "priority": "hgih"}', "Did you mean high?"),
        ('{"op": "create", "title": "x", "body": "b", "description": "d"}', "given twice"),
        ('{"op": "create", "title": "x", "depends_on": [99]}', "no issue '99'"),
        ('{"op": "edit", "issue": 1}', "Nothing to change"),
        ('{"op": "edit", "state": "blocked"}', "An issue is missing"),
        ('{"op": "edit", "issue": true, "state": "blocked"}', "An issue is missing"),
        ('{"op": "close", "issue": "../x"}', "There is no issue '../x'"),
        ('{"op": "close", "issue": "\\ud800"}', "There is no issue"),
        ('{"op": "comment", "issue": 1, "text": " "}', "The text is missing"),
        ('{"op": "claim", "issue": 1, "timeout": "soon"}', "not a duration"),
        ('{"op": "release", "issue": 1}', "Nobody holds"),
        ('{"op": "depends", "issue": 1}', "not said what on"),
        ("[" * 100_000, "no JSON"),
    ],
    ids=lambda one: one[:50],
)
def test_a_bad_line_stops_nothing(desk: Desk, line: str, why: str) -> None:
    """It is answered with what is wrong and what to do, the others are done, and the exit code
    is 1."""
    good = {"op": "create", "title": "good"}
    told, answers = batch(desk, good, line, "", good)
    assert told.code == 1
    assert [(one["line"], one["ok"]) for one in answers] == [(1, True), (2, False), (4, True)]
    error = answers[1]["error"]
    assert set(error) == {"code", "what", "why", "next"}
    assert why in f"{error['what']}. {error['next']}"
    assert len(error["what"]) < 200
    assert desk.json("stats")["total"] == 2


def test_blocking_several_is_all_or_none(desk: Desk) -> None:
    """A cycle with the last of them leaves the first as it was."""
    for title in ("a", "b", "c"):
        desk.ok("create", title)
    desk.ok("depends", "add", "2", "--on=3")
    told, (answer,) = batch(desk, {"op": "depends", "issue": 2, "blocks": [1, 3]})
    assert (told.code, answer["error"]["code"]) == (1, "dependency_cycle")
    assert desk.json("show", "1")["depends_on"] == []


def test_lines_that_are_no_text(desk: Desk) -> None:
    """What is not UTF-8 is a bad line like any other."""
    (desk.project / "lines").write_bytes(b'{"op": "\xff"}\n{"op": "create", "title": "\xc3\xa4"}\n')
    told = desk.run("batch", "lines")
    assert told.code == 1
    wrong, right = (json.loads(line) for line in told.out.splitlines())
    assert "UTF-8" in wrong["error"]["what"]
    assert right["item"]["title"] == "ä"


def test_creations_that_follow_each_other_are_one_step(desk: Desk) -> None:
    """The same moment for all, and one may depend on another by its key."""
    drafts = [
        {"op": "create", "title": str(n), "key": f"k{n}", "depends_on": [f"key:k{n - 1}"][: n - 1]}
        for n in range(1, 6)
    ]
    _, answers = batch(desk, *drafts)
    assert [one["item"]["depends_on"] for one in answers] == [[], ["1"], ["2"], ["3"], ["4"]]
    assert len({one["item"]["created_at"] for one in answers}) == 1


def test_a_creation_that_is_refused_does_not_take_others_along(desk: Desk) -> None:
    """The right ones are made, in order, and can still depend on each other by key."""
    _, answers = batch(
        desk,
        {"op": "create", "title": "a", "key": "a"},
        {"op": "create", "title": "b", "depends_on": ["nowhere"]},
        {"op": "create", "title": "c", "depends_on": ["key:a"]},
    )
    assert [one["ok"] for one in answers] == [True, False, True]
    assert answers[2]["item"]["depends_on"] == ["1"]


def test_an_issue_is_named_by_its_key(desk: Desk) -> None:
    """In this batch, in a later one, and in an operation of any kind; a key that nothing was made
    with is told as it stands."""
    batch(desk, {"op": "create", "title": "a", "key": "plan/a"})
    told, answers = batch(
        desk,
        {"op": "create", "title": "b", "depends_on": ["key:plan/a"]},
        {"op": "close", "issue": "key:plan/a"},
        {"op": "close", "issue": "key:plan/z"},
    )
    assert answers[0]["item"]["depends_on"] == ["1"]
    assert answers[1]["item"]["state"] == "closed"
    assert "'key:plan/z'" in answers[2]["error"]["what"]
    assert told.code == 1


def test_a_repeated_batch_makes_nothing_twice(desk: Desk) -> None:
    """With keys: after a crash the same file is run again."""
    operations = [{"op": "create", "title": str(n), "key": str(n)} for n in range(5)]
    batch(desk, *operations[:3])
    _, answers = batch(desk, *operations)
    assert [one["item"]["id"] for one in answers] == ["1", "2", "3", "4", "5"]
    assert desk.json("stats")["total"] == 5


def test_others_claims_hold_in_a_batch_too(desk: Desk) -> None:
    """What somebody holds is refused, line by line."""
    desk.create("one")
    desk.answer("claim", "1", ISSUE_AGENT_ID="bob", ISSUE_SESSION_ID="bob-1")
    _, answers = batch(
        desk, {"op": "close", "issue": 1}, {"op": "close", "issue": 1, "force": True}
    )
    assert [one["error"]["code"] for one in answers] == ["already_claimed", "not_allowed"]


def test_each_line_is_answered_before_the_next_is_known(desk: Desk) -> None:
    """An agent may wait for an answer before it writes its next line, creations included."""
    with subprocess.Popen(
        (str(ISSUE), "batch", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for number in (1, 2, 3):
            program.stdin.write('{"op": "create", "title": "x"}\n')
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["item"]["id"] == str(number)
        program.stdin.close()
        assert program.stdout.read() == ""
    assert program.returncode == 0


def test_a_file_that_is_not_there(desk: Desk) -> None:
    """Wrong usage; an empty one is fine, and the last line may end without a line break."""
    assert desk.run("batch", "nowhere").code == 2
    told = desk.answer("batch", "-", lines='\n{"op": "create", "title": "x"}')
    assert json.loads(told.out)["line"] == 2
    assert desk.answer("batch", "-", lines="") == Told(code=0, out="", err="")
