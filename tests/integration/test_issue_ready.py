"""`issue ready`: what can be worked on, in which order, and why the rest cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """1 is ready, 2 waits for it, 3 is ready and urgent, 4 is held, 5 is blocked, 6 is closed."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("first", "second", "urgent one", "held", "stuck", "done")
    desk.ok("depends", "add", "2", "--on", "1")
    desk.ok("edit", "3", "--priority", "urgent", "--add-label", "bug")
    desk.ok("claim", "4")
    desk.ok("edit", "5", "--state", "blocked")
    desk.ok("close", "6")
    return desk


def ids(found: list[dict[str, object]]) -> list[object]:
    return [one["id"] for one in found]


def test_c31_p20_ready_is_in_the_order_to_work(desk: Desk) -> None:
    """C31, P20: the longest chain first, then priority; nothing that waits, is held or done."""
    assert ids(desk.json("ready")) == ["1", "3"]
    assert [row.split()[0] for row in desk.ok("ready").out.splitlines()[1:]] == ["#1", "#3"]
    assert desk.ok("depends", "ready").out == desk.ok("ready").out


def test_ready_is_the_bare_array_for_jq(desk: Desk) -> None:
    """The documents pipe `--format=json` to `jq -r '.[0].number'`."""
    assert json.loads(desk.ok("ready", "--format=json", "--limit=1").out)[0]["number"] == 1


def test_ready_only_among_some(desk: Desk) -> None:
    """By label and by query."""
    assert ids(desk.json("ready", "--label", "bug")) == ["3"]
    assert ids(desk.json("ready", "--query=-label:bug")) == ["1"]
    assert ids(desk.json("ready", "--query", "first")) == ["1"]


def test_ready_in_pages(desk: Desk) -> None:
    """The cursor leads on, and the total is known on the last page only."""
    first = json.loads(desk.ok("ready", "--limit", "1", "--json").out)
    assert (ids(first["items"]), first["cursor"], first["total"]) == (["1"], 1, None)
    last = json.loads(desk.ok("ready", "--limit", "1", "--cursor", "1", "--json").out)
    assert (ids(last["items"]), last["cursor"], last["total"]) == (["3"], None, 2)


def test_a_query_that_makes_no_sense_of_ready(desk: Desk) -> None:
    """Exit code 2: what is claimed is not ready, and the order is that of the work."""
    for query in ("is:claimed", "sort:created"):
        told = desk.run("ready", "--query", query)
        assert (told.code, told.out) == (2, "")
        assert "issue list" in told.err
    assert "is written after =" in desk.run("ready", "--query", "-label:bug").err


def test_explain_says_why_each_is_not_ready(desk: Desk) -> None:
    """State, dependencies, claims; the closed and the ready are left out."""
    rows = desk.ok("ready", "--explain").out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["#2", "#4", "#5"]
    assert "it waits for #1 (open)" in rows[0]
    assert "it is claimed until" in rows[1]
    assert "it is blocked" in rows[2]
    document = desk.json("ready", "--explain", "--query", "second")
    assert document == [
        {
            "issue": "2",
            "ready": False,
            "reasons": [{"obstacle": "dependencies", "text": "it waits for #1 (open)"}],
        }
    ]


def test_explain_in_pages(desk: Desk) -> None:
    page = json.loads(desk.ok("ready", "--explain", "--limit", "2", "--json").out)
    assert ([one["issue"] for one in page["items"]], page["cursor"]) == (["2", "4"], 2)


def test_explain_one_issue(desk: Desk) -> None:
    """Ready or not, closed too; an unknown one is exit code 1."""
    assert desk.ok("ready", "--explain", "1").out == "#1 is ready: first\n"
    assert desk.ok("ready", "--explain", "#2").out.splitlines() == [
        "#2 is not ready: second",
        "  it waits for #1 (open)",
    ]
    assert desk.json("ready", "--explain", "6")["reasons"][0]["obstacle"] == "state"
    assert desk.run("ready", "--explain", "99").code == 1


def test_nothing_is_ready(desk: Desk) -> None:
    """An empty list is no error; people are told where to look."""
    told = desk.ok("ready", "--label", "none")
    assert (told.out, told.err) == ("", "No issue is ready. See why: issue ready --explain\n")
    assert desk.json("ready", "--label", "none") == []
    desk.ok("depends", "remove", "2", "--on", "1")
    desk.ok("claim", "release", "4")
    desk.ok("edit", "5", "--state", "open")
    assert desk.ok("ready", "--explain").err == "Every unclosed issue is ready.\n"
