"""The same thing has the same fields, whichever command answers with it."""

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
    """Two issues, the second waits for the first."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one")
    desk.ok("create", "two", "--depends-on", "1")
    return desk


def batch(desk: Desk, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    file = desk.project / "lines"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    told = desk.ok("batch", str(file))
    return [json.loads(line)["item"] for line in told.out.splitlines()]


def test_every_issue_says_what_it_waits_for(desk: Desk) -> None:
    """Made, changed, closed, reopened or put back, alone or in a batch, as `list` says."""
    assert desk.json("create", "three", "--depends-on", "1")["waits_for"] == ["1"]
    for words in (("edit", "2", "--title", "x"), ("reopen", "2")):
        assert desk.json(*words)[0]["item"]["waits_for"] == ["1"], words
    desk.ok("edit", "2", "--state", "in_progress")
    assert desk.json("claim", "cleanup")[0]["waits_for"] == ["1"]
    made = batch(
        desk,
        {"op": "create", "title": "four", "key": "a", "depends_on": ["1"]},
        {"op": "create", "title": "five", "depends_on": ["key:a"]},
        {"op": "edit", "issue": 2, "title": "y"},
        {"op": "create", "title": "six", "depends_on": ["1"]},
        {"op": "depends", "issue": 2, "on": [6]},
    )
    assert [one["waits_for"] for one in made] == [["1"], ["4"], ["1"], ["1"], ["1", "6"]]
    assert desk.json("close", "2")[0]["item"]["waits_for"] == []
    shown = desk.json("show", "6")
    listed = next(one for one in desk.json("list") if one["id"] == "6")
    assert made[3].keys() == listed.keys() <= shown.keys()


def test_a_free_issue_has_the_fields_of_a_claim(desk: Desk) -> None:
    """Without a holder, so that no program has to look for them first."""
    free = desk.json("claim", "check", "1")
    claimed = desk.json("claim", "1")
    assert free == {**dict.fromkeys(claimed), "issue": "1", "mine": False}
    assert list(free) == list(claimed)


def test_a_release_in_a_batch_is_a_release(desk: Desk) -> None:
    """As `claim release` answers."""
    desk.ok("claim", "1")
    alone = desk.json("claim", "release", "1")
    _, released = batch(desk, {"op": "claim", "issue": 1}, {"op": "release", "issue": 1})
    assert released.keys() == alone.keys()
    assert released["released"] is True


def test_a_length_of_time_is_told_twice(desk: Desk) -> None:
    """For people, and in seconds for programs."""
    desk.config.write_text(
        json.dumps({**json.loads(desk.config.read_text()), "agent": {"claim_timeout": 5430}})
    )
    shown = desk.json("config", "agent", "show")
    assert (shown["claim_timeout"], shown["claim_timeout_seconds"]) == ("1h 30m 30s", 5430)
    assert f"claim_timeout 1h 30m 30s ({desk.config})" in desk.ok("config", "agent", "show").out
