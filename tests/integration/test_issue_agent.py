"""`issue message`, `agent` and `prime`: what agents tell each other, and are told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from framework.cli.issue.command import Command, Group
from framework.cli.issue.commands import COMMANDS
from framework.cli.issue.prime import primer
from framework.cli.issue.program import load, parser_of
from framework.domain.budget import tokens
from tests.integration.issue_desk import Desk


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Two issues, of which the second waits for the first."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.create("one")
    desk.ok("create", "two", "--depends-on=1")
    return desk


def test_p18_messages_are_posted_and_read_by_type(desk: Desk) -> None:
    """P18: type, agent, timestamp and any JSON as data, oldest first, carried by a comment."""
    data = {"files_changed": ["src/auth.py"], "tests_passing": True, "coverage": 95.2}
    desk.ok("message", "post", "1", "implementation_complete", "--data", json.dumps(data))
    desk.set(ISSUE_AGENT_ID="bob")
    desk.answer("message", "post", "1", "question", "--data=-", lines='"which?"')
    desk.ok("message", "post", "1", "done")
    desk.ok("comment", "1", "no message")
    found = desk.json("message", "list", "1")
    assert [(one["type"], one["agent"], one["data"]) for one in found] == [
        ("implementation_complete", "ann", data),
        ("question", "bob", "which?"),
        ("done", "bob", None),
    ]
    assert desk.json("message", "list", "1", "--type=question") == [found[1]]
    assert "```agent-message" in desk.json("show", "1", "--comments")["comments"][0]["text"]
    rows = desk.ok("message", "list", "1").out.splitlines()
    assert rows[2].split()[2:] == ["bob", "question", '"which?"']


def test_a_message_reaches_whoever_holds_the_issue(desk: Desk) -> None:
    """Others' claims do not keep messages away."""
    desk.answer("claim", "1", ISSUE_AGENT_ID="bob", ISSUE_SESSION_ID="bob-1")
    desk.ok("message", "post", "1", "hurry")
    desk.ok("agent", "progress", "1", "0.5")


@pytest.mark.parametrize(
    "words",
    [
        ("message", "post", "1", "two words"),
        ("message", "post", "1", "x", "--data={"),
        ("message", "post", "1", "x", "--data=NaN"),
        ("message", "post", "1", "x", "--data", "[" * 100_000),
        ("agent", "progress", "1", "1.5"),
        ("agent", "progress", "1", "nan"),
        ("agent", "progress", "1", "half"),
        ("agent", "progress", "1", "0.5", "--status=two\nlines"),
        ("agent", "checkpoint", "1", " "),
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_what_cannot_be_told(desk: Desk, words: tuple[str, ...]) -> None:
    """Wrong usage, with what to do, and nothing is written."""
    told = desk.run(*words)
    assert (told.code, told.out) == (2, "")
    assert desk.json("show", "1", "--comments")["comments"] == []


def test_p16_p17_progress_and_checkpoints(desk: Desk) -> None:
    """P16, P17: who works on it, how far, at what stage, what is reached and next, who holds it,
    and what it blocks and is blocked by."""
    assert desk.ok("agent", "show", "1").out == "#1: nobody has reported\n"
    desk.ok("claim", "1")
    desk.ok("agent", "progress", "1", "0.75", "--status=tests left", "--stage=implementation")
    desk.ok("agent", "checkpoint", "1", "analysis", "--next=design")
    told = desk.ok("agent", "checkpoint", "1", "design", "--next=testing").out.splitlines()
    assert re.fullmatch(r"#1: 75%, stage implementation, by ann at \S+ \S+Z", told[0])
    assert told[1:] == ["tests left", "reached: analysis, design", "next: testing"]
    found = desk.json("agent", "show", "1")
    assert found["work_state"]["checkpoints"] == ["analysis", "design"]
    assert found["work_state"]["next_checkpoint"] == "testing"
    assert (found["claim"]["agent"], found["blocks"], found["depends_on"]) == ("ann", ["2"], [])
    assert desk.json("agent", "progress", "1", "80%")["work_state"]["progress"] == 0.8
    assert desk.json("show", "1")["work_state"]["stage"] == "implementation"


def test_prime_fits_its_budget(desk: Desk) -> None:
    """Under 1,000 tokens, without a board, as text and as JSON."""
    text = desk.ok("prime").out
    assert tokens(text) < 1000
    assert desk.json("prime") == {"text": primer(), "tokens": tokens(primer())}


def test_prime_names_only_commands_that_there_are() -> None:
    """Every `issue …` in it, with its options, is one of the commands as they are."""
    lines = [line for line in primer().splitlines() if line.startswith("issue ")]
    quoted = re.findall(r"`(issue [^`]+)`", primer())
    assert len(quoted) > 8
    for text in (*lines, *quoted):
        path, command = _meant(text.split()[1:])
        if isinstance(command, Command):
            known = set(parser_of(path, command)._option_string_actions)
            assert set(re.findall(r"(?<=[ \[])--\w[\w-]*", text)) <= known, text


def test_prime_names_every_command() -> None:
    """Nothing that an agent can type is left out."""
    text = primer()
    for name in COMMANDS:
        assert f"\nissue {name}" in text, name
        if isinstance(command := load(name), Group):
            for one in command.commands:
                assert re.search(rf"\nissue {name}[ |](\S*\|)?{one}\b", text), (name, one)


def _meant(words: list[str]) -> tuple[tuple[str, ...], Command | Group]:
    path: tuple[str, ...] = ("issue", words[0])
    command = load(words[0])
    while isinstance(command, Group) and words[1:]:
        words = words[1:]
        for name in words[0].split("|"):
            assert name in command.commands or (command.default and name == "N"), words
        chosen = command.commands.get(words[0], command.default)
        if chosen is None:
            return path, command
        command, path = chosen, (*path, words[0])
    return path, command
