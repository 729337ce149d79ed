"""`issue label`, `milestone` and `user`: what issues name, as things of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Two open issues and a closed one that name a label, a milestone and a user."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    for title in ("one", "two", "three"):
        desk.ok("create", title, "--label=bug", "--milestone=Q1", "--assignee=bob")
    desk.ok("close", "3")
    return desk


def entry(desk: Desk, noun: str, name: str) -> Any:
    return {one["name"]: one for one in desk.json(noun, "list")}[name]


def test_c11_labels_are_made_changed_and_taken_away(desk: Desk) -> None:
    """C11: full label management; a new name and an end are carried to the issues."""
    desk.ok("label", "create", "ui", "--color=#D73A4A", "--description=What is seen")
    assert entry(desk, "label", "ui") == {
        "name": "ui",
        "color": "d73a4a",
        "description": "What is seen",
        "issues": 0,
    }
    desk.ok("label", "edit", "bug", "--name=defect", "--color=aaaaaa")
    assert desk.json("show", "1")["labels"] == ["defect"]
    desk.ok("label", "edit", "defect", "--description=It fails")
    assert entry(desk, "label", "defect")["color"] == "aaaaaa"
    desk.ok("label", "edit", "defect", "--color=")
    assert entry(desk, "label", "defect")["color"] == ""
    desk.ok("label", "delete", "defect", "--yes")
    assert desk.json("show", "1")["labels"] == []
    assert [one["name"] for one in desk.json("label", "list")] == ["ui"]


def test_c11_milestones(desk: Desk) -> None:
    """C11: a day, a state, a new name."""
    desk.ok("milestone", "create", "Q2", "--due=2026-12-24", "--description=d")
    desk.ok("milestone", "edit", "Q2", "--state=closed")
    found = entry(desk, "milestone", "Q2")
    assert (found["due"], found["state"], found["issues"]) == ("2026-12-24", "closed", 0)
    desk.ok("milestone", "edit", "Q2", "--state=open", "--due=none", "--name=Q3")
    found = entry(desk, "milestone", "Q3")
    assert (found["due"], found["state"], found["description"]) == (None, "open", "d")
    desk.ok("milestone", "delete", "Q1", "--yes")
    assert desk.json("show", "1")["milestone"] is None


def test_c11_users_have_a_kind(desk: Desk) -> None:
    """C11: who writes or is named is a user; what kind of one can be said."""
    assert [one["name"] for one in desk.json("user", "list")] == ["ann", "bob"]
    desk.ok("user", "edit", "bob", "--kind=coder", "--name=robert")
    assert desk.ok("user", "list").out.splitlines()[2].split() == ["robert", "coder", "2"]
    assert desk.json("show", "1")["assignees"] == ["robert"]
    desk.ok("user", "create", "eve", "--kind=reviewer")
    assert entry(desk, "user", "eve")["kind"] == "reviewer"
    desk.ok("user", "delete", "robert", "--yes")
    assert desk.json("show", "1")["assignees"] == []


@pytest.mark.parametrize(("noun", "name"), [("label", "bug"), ("milestone", "Q1"), ("user", "bob")])
def test_lists_count_what_is_not_closed(desk: Desk, noun: str, name: str) -> None:
    """Two of the three; as a table for people, and bounded."""
    assert entry(desk, noun, name)["issues"] == 2
    head, *rows = desk.ok(noun, "list").out.splitlines()
    assert head.startswith("name")
    assert any(row.startswith(f"{name} ") for row in rows)
    desk.ok(noun, "create", "zz")
    page = json.loads(desk.ok(noun, "list", "--limit=1", "--json", "--fields=name").out)
    assert (page["cursor"], page["total"]) == (1, 3 if noun == "user" else 2)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("label", "create", "bug"), 3),
        (("label", "edit", "bug", "--name=ui"), 3),
        (("label", "edit", "no", "--name=x"), 1),
        (("label", "delete", "no", "--yes"), 1),
        (("label", "edit", "bug"), 2),
        (("label", "create", " "), 2),
        (("label", "create", "x", "--color=red"), 2),
        (("milestone", "create", "x", "--due=soon"), 2),
        (("milestone", "edit", "Q1", "--state=done"), 2),
        (("user", "crate", "x"), 2),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else str(one),
)
def test_what_is_refused(desk: Desk, words: tuple[str, ...], code: int) -> None:
    """Taken names 3, missing ones 1, wrong values 2; none changes anything."""
    desk.ok("label", "create", "ui")
    before = desk.json("activity", "--limit=0")
    told = desk.run(*words)
    assert (told.code, told.out) == (code, "")
    assert told.err.startswith(f"issue {words[0]}")
    assert desk.json("activity", "--limit=0") == before


def test_a_person_is_asked_before_an_entry_goes(desk: Desk) -> None:
    """Off a terminal it is refused without --yes; on one, anything but yes keeps it."""
    told = desk.answer("label", "delete", "bug")
    assert told.code == 2
    assert "--yes" not in told.err
    assert desk.at_terminal("label", "delete", "bug", then={"[y/N]": "n\n"}).code == 1
    assert desk.json("show", "1")["labels"] == ["bug"]
    assert desk.at_terminal("label", "delete", "bug", then={"[y/N]": "y\n"}).code == 0
    assert desk.json("show", "1")["labels"] == []
