"""Who acts on issues, and how that is said."""

from __future__ import annotations

import getpass
import json
from datetime import timedelta
from pathlib import Path

import pytest

from framework.config.agent import identity, set_agent
from framework.domain.errors import SettingsError
from framework.domain.identity import Identity


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def xdg(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}


def test_p13_without_a_word_it_is_the_person_at_the_keyboard(tmp_path: Path) -> None:
    """P13, last step: the system user."""
    assert identity(tmp_path, xdg(tmp_path)) == Identity(name=getpass.getuser(), kind="person")


def test_p13_the_environment_goes_before_the_files(tmp_path: Path) -> None:
    """P13: environment, then the project's file, then the person's; name and kind one by one."""
    env = xdg(tmp_path)
    set_agent(tmp_path, id="mine", kind="writer", user=True, variables=env)
    assert identity(tmp_path, env) == Identity(name="mine", kind="writer")
    set_agent(tmp_path, id="ours", variables=env)
    assert identity(tmp_path, env) == Identity(name="ours", kind="writer")
    env |= {"ISSUE_AGENT_ID": "ada"}
    assert identity(tmp_path, env) == Identity(name="ada", kind="writer")
    env |= {"ISSUE_AGENT_TYPE": "reviewer", "ISSUE_SESSION_ID": "s-1"}
    assert identity(tmp_path, env) == Identity(name="ada", kind="reviewer", session="s-1")


def test_a_name_that_was_given_is_an_agents(tmp_path: Path) -> None:
    """Only the system user is taken for a person."""
    env = xdg(tmp_path) | {"ISSUE_AGENT_ID": "ada", "ISSUE_AGENT_TYPE": " "}
    assert identity(tmp_path, env).kind == "agent"
    assert identity(tmp_path, xdg(tmp_path) | {"ISSUE_AGENT_TYPE": "bot"}).kind == "bot"


def test_the_claim_timeout_is_the_nearest_files(tmp_path: Path) -> None:
    env = xdg(tmp_path)
    assert identity(tmp_path, env).claim_timeout == timedelta(minutes=30)
    mine = tmp_path / "xdg" / "nightshift" / "config.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"agent": {"claim_timeout": 90}}')
    assert identity(tmp_path, env).claim_timeout == timedelta(seconds=90)
    set_agent(tmp_path, id="ada", variables=env)
    path = tmp_path / ".nightshift" / "config.json"
    path.write_text('{"agent": {"claim_timeout": 0.5e1}}')
    assert identity(tmp_path, env).claim_timeout == timedelta(seconds=5)


def test_setting_one_keeps_the_other(tmp_path: Path) -> None:
    """C23: `config agent set-id`, then `set-type`."""
    set_agent(tmp_path, id="agent-coder-v1", variables={})
    set_agent(tmp_path, kind="coder", variables={})
    values = json.loads((tmp_path / ".nightshift" / "config.json").read_text())
    assert values == {"agent": {"id": "agent-coder-v1", "type": "coder"}}


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "x" * 101, "a\u2028b"])
def test_a_name_that_no_tracker_could_hold_is_refused(tmp_path: Path, name: str) -> None:
    for variable in ("ISSUE_AGENT_ID", "ISSUE_AGENT_TYPE", "ISSUE_SESSION_ID"):
        with pytest.raises(SettingsError, match=f"{variable} must be 1 to 100 signs"):
            identity(tmp_path, {variable: name})
    with pytest.raises(SettingsError, match=r"agent\.id: must be 1 to 100"):
        set_agent(tmp_path, id=name, variables={})


def test_any_language_and_emoji_are_names(tmp_path: Path) -> None:
    assert identity(tmp_path, {"ISSUE_AGENT_ID": "Łukasz 🤖"}).name == "Łukasz 🤖"
    set_agent(tmp_path, id="Łukasz 🤖", variables={})
    assert identity(tmp_path, {}).name == "Łukasz 🤖"
