"""Reading where no board was ever made: an empty answer that says so, and nothing is made."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk

EMPTY = (
    *(("list",), ("search", "x"), ("ready",), ("ready", "--explain"), ("depends", "ready")),
    *(("claim", "list"), ("activity",), ("label", "list"), ("milestone", "list"), ("user", "list")),
)
OF_ONE = (
    *(("show", "7"), ("history", "7"), ("claim", "check", "7"), ("depends", "show", "7")),
    *(("message", "list", "7"), ("agent", "show", "7"), ("ready", "--explain", "7")),
)
REMOTE = ("git", "remote", "add", "origin")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A directory in which nothing is."""
    return Desk(tmp_path, monkeypatch, capsys)


def in_git(desk: Desk, address: str) -> None:
    for words in (("git", "init", "-q"), (*REMOTE, address)):
        subprocess.run(words, cwd=desk.project, check=True)


@pytest.mark.parametrize("words", EMPTY, ids=" ".join)
def test_reading_without_a_board_finds_nothing(desk: Desk, words: tuple[str, ...]) -> None:
    """E01: a token alone is enough. People are told on stderr how a board is made, programs get an
    empty list, and the directory stays as it was."""
    desk.set(GITEA_TOKEN="x")
    told = desk.ok(*words)
    assert told.out == ""
    assert told.err.count("has no board yet") == 1
    assert 'issue create "TITLE"' in told.err
    told = desk.ok(*words, "--format=json")
    assert (json.loads(told.out), told.err) == ([], "")
    assert desk.json(*words) == []
    assert list(desk.project.iterdir()) == []


def test_numbers_without_a_board_are_nought(desk: Desk) -> None:
    """`stats` counts what is there."""
    assert desk.json("stats")["total"] == 0


@pytest.mark.parametrize("words", OF_ONE, ids=" ".join)
def test_an_issue_without_a_board_is_not_found(desk: Desk, words: tuple[str, ...]) -> None:
    """Exit code 1 and the same note; programs get the error alone."""
    told = desk.run(*words)
    assert (told.code, told.out) == (1, "")
    assert "has no board yet" in told.err
    told = desk.run(*words, "--json")
    assert json.loads(told.err)["code"] == "issue_not_found"


@pytest.mark.parametrize(
    "words",
    [("close", "7"), ("claim", "7"), ("claim", "next"), ("activity", "--follow")],
    ids=" ".join,
)
def test_what_needs_a_board_says_so(desk: Desk, words: tuple[str, ...]) -> None:
    """Exit code 2: a write that had no effect, or a wait without end, would mislead."""
    told = desk.run(*words)
    assert told.code == 2
    assert "has no board yet" in told.err


def test_a_forge_that_cannot_be_opened_is_not_empty(desk: Desk) -> None:
    """Its repository and a token are at hand: that there is nothing would be a lie. Issues on
    this machine are still one command away, and are read from then on."""
    in_git(desk, "https://gitea.example/me/app.git")
    desk.set(GITEA_TOKEN="x")
    told = desk.run("list")
    assert told.code == 2
    assert "https://gitea.example/me/app, for which GITEA_TOKEN is set" in told.err
    assert "no gitea backend yet" in told.err
    assert 'issue create "TITLE"' in told.err
    desk.ok("backend", "set-default", "sqlite")
    assert desk.json("list") == []
    desk.create("one")
    assert len(desk.json("list")) == 1


def test_a_forge_that_was_asked_for_cannot_be_opened(desk: Desk) -> None:
    """Exit code 2, and another way."""
    told = desk.run("list", "--backend", "gitea")
    assert told.code == 2
    assert "no gitea backend yet" in told.err
    assert "--backend sqlite" in told.err


def test_a_repository_without_a_token_has_no_issues_elsewhere(desk: Desk) -> None:
    """Where nothing says that its forge is meant, the local board is, and that has none."""
    in_git(desk, "https://github.com/me/app.git")
    desk.set(GITEA_TOKEN="x")
    assert desk.json("list") == []
