"""`issue config`: what is set, where it is from, and changing it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.issue_desk import Desk

REMOTE = "git@github.com:me/app.git"


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


@pytest.fixture
def cloned(desk: Desk) -> Desk:
    """A project whose git remote is on a forge."""
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "remote", "add", "origin", REMOTE], check=True)
    return desk


def write_editor(desk: Desk, *lines: str) -> None:
    """An editor that writes these lines and prints that it has been there."""
    editor = desk.project.parent / "editor"
    body = "\n".join(lines)
    editor.write_text(f"#!/bin/sh\ncat > \"$1\" <<'END'\n{body}\nEND\n")
    editor.chmod(0o755)
    desk.set(EDITOR=str(editor))


def test_c22_p09_detect_shows_and_saves_nothing(cloned: Desk) -> None:
    """C22, P09: platform, address, owner and repository of the git remote."""
    found = cloned.json("config", "detect")
    assert found["remote"] == {
        "platform": "github", "base_url": "https://github.com", "owner": "me", "repo": "app",
    }  # fmt: skip
    assert (found["usable"], found["token_variable"]) == (False, None)
    told = cloned.ok("config", "detect").out
    assert "The git remote origin is me/app at github.com." in told
    assert "Issues are in the local board." in told
    assert not cloned.config.exists()


def test_e01_detect_names_the_tokens_variable_and_never_its_value(cloned: Desk) -> None:
    """E01: GITHUB_TOKEN is seen."""
    cloned.set(GITHUB_TOKEN="s3c-value")
    told = cloned.ok("config", "detect", "--json")
    assert told.value["token_variable"] == "GITHUB_TOKEN"
    assert "s3c-value" not in told.out


def test_c22_init_saves_what_was_detected(cloned: Desk) -> None:
    """C22: off a terminal at once; the forge's definition is kept, and because this version
    cannot open it the local board is the default."""
    item = cloned.json("config", "init")
    kept = json.loads(cloned.config.read_text())
    assert (item["tracker"], kept["tracker"]) == ("sqlite", "sqlite")
    assert kept["backends"]["github"]["repo"] == "app"
    assert Path(item["file"]) == cloned.config
    cloned.create("it works")


def test_c22_init_asks_at_a_terminal(cloned: Desk) -> None:
    """C22: a person who says no finds nothing changed."""
    told = cloned.at_terminal("config", "init", then={"Save this?": "n\n"})
    assert (told.code, "Nothing was saved." in told.out) == (1, True)
    assert not cloned.config.exists()
    assert cloned.at_terminal("config", "init", then={"Save this?": "\n"}).code == 0
    assert cloned.config.exists()


def test_p12_auto_leaves_what_is_set(cloned: Desk) -> None:
    """P12: a configured project stays; one that is not gets what was detected, or the local
    board, without a question."""
    assert cloned.ok("config", "auto").out.endswith("as the default\n")
    before = cloned.config.read_text()
    again = cloned.ok("config", "auto")
    assert "nothing was changed" in again.out
    assert cloned.config.read_text() == before


def test_e09_nothing_has_to_be_configured(desk: Desk) -> None:
    """E09: zero manual configuration; `show` says where each value is from."""
    desk.create("x")
    rows = {one["key"]: (one["value"], one["origin"]) for one in desk.json("config", "show")}
    assert rows["tracker"][0] == "sqlite"
    assert rows["agent.id"] == ("ann", "environment ISSUE_AGENT_ID")
    assert rows["agent.claim_timeout"] == ("1800", "built-in default")
    header, *_ = desk.ok("config", "show", "--origin").out.splitlines()
    assert header.split() == ["key", "value", "from"]
    assert desk.ok("config", "show").out.splitlines()[0].split() == ["key", "value"]


def test_c23_p13_who_acts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """C23, P13: set-id, set-type, show; the environment goes before, and every write carries it."""
    desk.ok("config", "agent", "set-type", "coder")
    told = desk.ok("config", "agent", "set-id", "agent-coder-v1")
    assert "ann counts all the same, from environment ISSUE_AGENT_ID" in told.err
    assert desk.json("config", "agent", "show")["id"] == "ann"
    monkeypatch.delenv("ISSUE_AGENT_ID")
    shown = desk.json("config", "agent", "show")
    assert (shown["id"], shown["type"], shown["session"]) == ("agent-coder-v1", "coder", None)
    assert shown["origins"]["id"] == str(desk.config)
    desk.create("by the agent")
    assert desk.json("show", "1")["author"] == "agent-coder-v1"
    assert desk.run("config", "agent", "set-id", " ").code == 2
    told = desk.run("config", "agent", "set-id", "none")
    assert (told.code, "in queries that means somebody else" in told.err) == (2, True)


def test_p13_the_system_user_is_the_last(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """P13: environment, then configuration, then the system user, who is a person."""
    monkeypatch.delenv("ISSUE_AGENT_ID")
    shown = desk.json("config", "agent", "show")
    assert (shown["type"], shown["origins"]["id"]) == ("person", "system user")


def test_c22_edit_takes_what_is_right(desk: Desk) -> None:
    """C22: $EDITOR at a terminal; the old content is kept beside it."""
    desk.ok("config", "agent", "set-type", "coder")
    write_editor(desk, '{"agent": {"type": "reviewer"}}')
    told = desk.at_terminal("config", "edit", then={})
    assert told.code == 0, told.out
    assert json.loads(desk.config.read_text()) == {"agent": {"type": "reviewer"}}
    [backup] = desk.config.parent.glob("config.json.backup-*")
    assert f"As it was: {backup}" in told.out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"agent": {"typ": "x"}}', "Did you mean"),
        ('{"agent":\n', "line 3 column 1"),
    ],
)
def test_c22_edit_keeps_a_broken_edit_aside(desk: Desk, text: str, why: str) -> None:
    """C22: the old one stays, the error names the place, and nothing of the work is lost."""
    desk.ok("config", "agent", "set-type", "coder")
    before = desk.config.read_text()
    write_editor(desk, *text.splitlines(), "")
    told = desk.at_terminal("config", "edit", then={})
    assert told.code == 2
    assert why in told.out.replace("\n", " ")
    assert desk.config.read_text() == before
    [aside] = desk.config.parent.glob("config.json.edit-*")
    assert str(aside) in told.out
    assert aside.read_text().strip() == text.strip()


def test_c22_edit_without_a_terminal_or_an_editor(desk: Desk) -> None:
    """No editor is ever started for an agent: exit code 2, with the path of the file."""
    desk.set(EDITOR="touch started")
    told = desk.answer("config", "edit")
    assert (told.code, str(desk.config) in told.err) == (2, True)
    assert not Path("started").exists()
    assert desk.at_terminal("config", "edit", then={}, EDITOR="false").code == 2
    gone = desk.at_terminal("config", "edit", then={}, EDITOR="no-such-editor")
    assert (gone.code, "cannot be started" in gone.out) == (2, True)
    assert "nothing was changed" in desk.at_terminal("config", "edit", then={}, EDITOR="true").out
    assert not desk.config.exists()


def test_a_half_written_configuration_is_refused_with_its_line(desk: Desk) -> None:
    """Every command says so, and changes nothing."""
    desk.create("one")
    desk.config.write_text('{\n  "tracker": "sqlite",\n  "agent": {"id"\n')
    for words in (
        ["list"],
        ["config", "show"],
        ["config", "agent", "set-id", "x"],
        ["create", "x"],
    ):
        told = desk.run(*words)
        assert told.code == 2, words
        assert "line 4 column 1" in told.err, words
