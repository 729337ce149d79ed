"""`issue search`: queries from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """1 a bug of ann's, 2 an urgent one of nobody's, 3 blocked, 4 closed."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.ok("create", "Memory leak", "--label=bug", "--assignee=me")
    desk.ok("create", "Slow start", "--label=priority:high", "--description", "leaks time")
    desk.ok("create", "A leak again", "--label=bug", "--label=blocked")
    desk.ok("create", "Old leak", "--label=bug", "--assignee=me")
    desk.ok("close", "4")
    return desk


def found(desk: Desk, *words: str) -> list[str]:
    return [one["id"] for one in desk.json(*words)]


def test_c09_the_documents_queries(desk: Desk) -> None:
    """C09: as one argument, and the same by `list --query`."""
    query = "is:open assignee:me label:bug,priority:high"
    assert found(desk, "search", query) == ["1"]
    assert found(desk, "list", f"--query={query}") == ["1"]
    assert found(desk, "list", "--query=is:in-progress created:>7d") == []


def test_several_arguments_are_one_query(desk: Desk) -> None:
    """Q04: without quotes too, also a part that begins with a minus, anywhere."""
    assert found(desk, "search", "label:bug", "-label:blocked") == ["1"]
    assert found(desk, "search", "-label:blocked", "label:bug", "--state=all") == ["1", "4"]
    assert found(desk, "search", "-label:blocked label:bug", "--limit=5") == ["1"]
    assert found(desk, "search", "leak", "-memory") == ["3"]


def test_search_takes_all_that_list_takes(desk: Desk) -> None:
    """Q08: filters narrow the query, and order, bounds and fields are as in `list`."""
    assert found(desk, "search", "leak", "--assignee=none") == ["3"]
    assert found(desk, "search", "leak", "--label=bug", "--state=all", "--sort=number-desc") == [
        *("4", "3", "1")
    ]
    assert desk.json("search", "leak", "--limit=1", "--fields=id,title") == [
        {"id": "1", "title": "Memory leak"}
    ]


def test_closed_issues_are_found_when_they_are_asked_for(desk: Desk) -> None:
    """By the query or by --state."""
    assert "4" not in found(desk, "search", "leak")
    assert found(desk, "search", "is:closed leak") == ["4"]
    assert set(found(desk, "search", "leak", "--state=all")) == {"1", "3", "4"}


def test_explain_says_how_it_was_read(desk: Desk) -> None:
    """On stderr, so that the table stays a table."""
    told = desk.ok("search", "is:open label:bug,ui", "--explain")
    assert "label:bug,ui — " in told.err
    assert "label:bug,ui" not in told.out


def test_a_query_that_cannot_be_read(desk: Desk) -> None:
    """Exit code 2, the nearest word, and for programs the code."""
    told = desk.run("search", "is:opn")
    assert (told.code, told.out) == (2, "")
    assert "open" in told.err
    assert '"query_error"' in desk.run("search", "is:opn", "--json").err
    assert desk.run("search").code == 2


def test_claimed_issues_are_found(desk: Desk) -> None:
    """is:claimed asks the claims."""
    desk.ok("claim", "3")
    assert found(desk, "search", "is:claimed") == ["3"]
    assert found(desk, "search", "-is:claimed") == ["1", "2"]
    assert desk.json("stats", "--query=is:claimed")["total"] == 1


def test_a_mistake_in_a_query_is_told_with_its_column(desk: Desk) -> None:
    """For people in words, for programs as a number; both count from 1."""
    told = desk.run("search", "is:open is:opne")
    assert (told.code, "(column 12)" in told.err) == (2, True)
    error = json.loads(desk.run("search", "is:open is:opne", "--json").err)
    assert (error["code"], error["column"]) == ("query_error", 12)
