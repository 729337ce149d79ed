"""`issue history`, `activity` and `stats`: what happened, and where things stand."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Two issues; the first with a life of seven entries."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("Parse amounts", "Sum amounts")
    desk.ok("edit", "1", "--title=Parse all amounts", "--add-label=bug", "--priority=high")
    desk.ok("edit", "1", "--assignee=bob", "--body=How", "--milestone=Q1")
    desk.ok("depends", "add", "1", "--on=2")
    desk.ok("close", "1", "--comment=Landed as 1234\nall green")
    desk.set(ISSUE_AGENT_ID="bob")
    desk.ok("reopen", "1")
    return desk


def test_history_is_readable(desk: Desk) -> None:
    """One line for each change: who, what, before and after; comments with their words."""
    head, *rows = desk.ok("history", "1").out.splitlines()
    assert head.split() == ["when", "(UTC)", "who", "issue", "what"]
    assert [row.split("#1")[1].strip() for row in rows] == [
        "created: Parse amounts",
        "changed: title Parse amounts -> Parse all amounts, priority medium -> high, labels +bug",
        "changed: body, assignees +bob, milestone none -> Q1",
        "changed: depends_on +#2",
        "commented: Landed as 1234 all green",
        "closed",
        "reopened",
    ]
    assert [row.split()[2] for row in rows] == ["ann"] * 6 + ["bob"]


def test_history_for_programs(desk: Desk) -> None:
    """P22: every entry with kind, actor, time and the fields before and after; pages by id."""
    first = json.loads(desk.ok("history", "1", "--limit=2", "--json").out)
    assert (first["total"], first["cursor"]) == (7, first["items"][-1]["id"])
    changed = first["items"][1]
    assert changed["changes"][0] == {
        "field": "title",
        "before": "Parse amounts",
        "after": "Parse all amounts",
    }
    assert (changed["actor"], changed["issue"], changed["kind"]) == ("ann", "1", "issue.updated")
    assert changed["at"].endswith("Z")
    rest = json.loads(desk.ok("history", "1", f"--cursor={first['cursor']}", "--json").out)
    assert ([one["kind"] for one in rest["items"]][-1], rest["cursor"]) == ("issue.reopened", None)
    assert len(rest["items"]) == 5
    tight = json.loads(desk.ok("history", "1", "--max-tokens=60", "--json").out)
    assert tight["cursor"] == tight["items"][-1]["id"]


def test_activity_is_chosen_by_issue_agent_and_time(desk: Desk) -> None:
    """P22: the whole project's, oldest first, the last ones when they are many."""
    every = desk.json("activity")
    assert [one["id"] for one in every] == sorted(one["id"] for one in every)
    assert {one["issue"] for one in desk.json("activity", "--issue=#2")} == {"2"}
    assert [one["kind"] for one in desk.json("activity", "--agent=bob")] == ["issue.reopened"]
    assert desk.json("activity", "--agent=me") == desk.json("activity", "--agent=bob")
    assert desk.json("activity", "--limit=2") == every[-2:]
    assert desk.json("activity", "--since=1d") == every
    assert desk.json("activity", "--since=2099-01-01") == []
    assert desk.run("activity", "--since=soon").code == 2


def test_activity_behind_a_cursor_misses_nothing(desk: Desk) -> None:
    """An agent that asks again and again with the last id gets each entry once."""
    every = desk.json("activity", "--limit=0")
    seen, cursor = [], every[0]["id"]
    while cursor is not None:
        page = json.loads(desk.ok("activity", f"--cursor={cursor}", "--limit=3", "--json").out)
        seen += page["items"]
        cursor = page["cursor"]
    assert seen == every[1:]


def test_entries_of_labels_are_told_too(desk: Desk) -> None:
    """What concerns no issue has a line without one."""
    desk.ok("milestone", "create", "Q2", "--due=2026-12-24")
    desk.ok("milestone", "edit", "Q2", "--state=closed")
    desk.ok("milestone", "delete", "Q2", "--yes")
    rows = desk.ok("activity", "--limit=3").out.splitlines()[1:]
    assert [row.split("bob")[1].strip() for row in rows] == [
        "saved: milestone Q2, due none -> 2026-12-24",
        "saved: milestone Q2, state closed",
        "took away: milestone Q2",
    ]
    desk.ok("label", "edit", "bug", "--name=defect", "--color=d73a4a")
    line = desk.ok("activity", "--limit=1").out.splitlines()[1]
    assert line.split("bob")[1].strip() == ("saved: label bug -> defect, color none -> d73a4a")


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_activity_is_followed_until_ctrl_c(desk: Desk, words: tuple[str, ...]) -> None:
    """P22: what is there, then what comes, each once, at once and on a line; Ctrl-C ends it with
    exit code 0 and no traceback."""
    follower = desk.start("activity", "--follow", "--limit=1", *words)
    assert follower.stdout is not None
    first = follower.stdout.readline()
    desk.ok("comment", "2", "news")
    desk.ok("close", "2")
    second, third = follower.stdout.readline(), follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    out, err = follower.communicate(timeout=60)
    assert (follower.returncode, out, err) == (0, "", "")
    if words:
        kinds = [json.loads(line)["kind"] for line in (first, second, third)]
        assert kinds == ["issue.reopened", "comment.added", "issue.closed"]
    else:
        assert first.endswith("bob  #1 reopened\n")
        assert second.endswith("bob  #2 commented\n")
        assert third.endswith("bob  #2 closed\n")


def test_a_follower_whose_reader_leaves_ends(desk: Desk) -> None:
    """`issue activity --follow | head -1` neither hangs nor complains."""
    told = subprocess.run(
        "issue activity --follow | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert told.stdout.count("\n") == 1
    assert told.stderr == ""


def test_stats(desk: Desk) -> None:
    """Numbers by state, and of what is not closed by priority, label and assignee."""
    desk.ok("close", "2")
    numbers = desk.json("stats")
    assert numbers["total"] == 2
    assert list(numbers["states"].items()) == [
        *(("open", 1), ("in_progress", 0), ("blocked", 0), ("needs_review", 0)),
        ("closed", 1),
    ]
    assert (numbers["labels"], numbers["assignees"]) == ({"bug": 1}, {"bob": 1})
    assert numbers["closed_last_7_days"] == 1
    text = desk.ok("stats").out.splitlines()
    assert text[0] == "2 issues: 1 open, 0 in_progress, 0 blocked, 0 needs_review, 1 closed"
    assert "not closed, by priority: high 1" in text
    assert desk.json("stats", "--query=label:bug")["total"] == 1
