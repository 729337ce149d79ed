"""Backends as a person defines, sees and removes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from framework import trackers
from framework.config.backends import (
    add_backend,
    file_of,
    init,
    list_backends,
    remove_backend,
    set_default,
    show_backend,
)
from framework.config.choice import choose
from framework.config.detection import detect
from framework.config.environment import editor
from framework.config.listing import origins
from framework.domain.errors import AlreadyThere, EntryNotFound, SettingsError, UsageError

FIELDS = {"url": "https://git.example", "owner": "o", "repo": "r", "token_source": "env:T"}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


def content(path: Path) -> Any:
    return json.loads(path.read_text())


def repository(project: Path, url: str) -> None:
    for words in (("init", "--quiet"), ("remote", "add", "origin", url)):
        subprocess.run(("git", "-C", str(project), *words), check=True)


def test_c20_add_list_show_remove(project: Path, env: dict[str, str]) -> None:
    """C20, C21: what is added is listed and shown field by field, and gone when removed."""
    saved = add_backend(project, "work", "gitea", {**FIELDS, "path": " "}, variables=env)
    assert saved.path == project / ".nightshift" / "config.json"
    assert saved.backup is None
    assert content(saved.path) == {"backends": {"work": {"type": "gitea", **FIELDS}}}
    rows = [(one.name, one.type, one.is_default) for one in list_backends(project, env)]
    assert rows == [("sqlite", "sqlite", True), ("work", "gitea", False)]
    assert show_backend(project, "work", env).fields["url"] == "https://git.example"
    removed = remove_backend(project, "work", variables=env)
    assert removed.backup is not None
    assert content(removed.backup)["backends"]["work"]["owner"] == "o"
    with pytest.raises(EntryNotFound, match="Backend not configured: 'work'"):
        show_backend(project, "work", env)


def test_a_name_is_not_taken_twice_by_accident(project: Path, env: dict[str, str]) -> None:
    """Replacing must be said, and keeps a copy."""
    add_backend(project, "work", "gitea", FIELDS, variables=env)
    with pytest.raises(AlreadyThere, match="'work' is defined already"):
        add_backend(project, "work", "sqlite", {}, variables=env)
    saved = add_backend(project, "work", "sqlite", {}, replace=True, variables=env)
    assert saved.backup is not None
    assert show_backend(project, "work", env).type == "sqlite"


@pytest.mark.parametrize(
    ("name", "type", "fields", "said"),
    [
        ("work", "gitae", {}, "Unknown backend type 'gitae'. Did you mean gitea?"),
        ("work", "gitea", {"ulr": "x"}, "backends.work.ulr: is unknown. Did you mean url?"),
        ("work", "sqlite", {"url": "https://x.example"}, "does not belong to a backend of this"),
        ("sqlite", "sqlite", {}, "means the built-in local board"),
        ("a b", "sqlite", {}, "a name is letters"),
        ("work", "gitea", {"token_source": "s3cr3t-value"}, "a token itself is never kept"),
    ],
)
def test_a_wrong_definition_changes_nothing(
    project: Path, env: dict[str, str], name: str, type: str, fields: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        add_backend(project, name, type, fields, variables=env)
    assert said in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert not (project / ".nightshift" / "config.json").exists()


def test_a_persons_backend_serves_every_project(project: Path, env: dict[str, str]) -> None:
    """It is in the person's file; a project's of the same name hides it there."""
    saved = add_backend(project, "board", "sqlite", {"path": "/b.db"}, user=True, variables=env)
    assert saved.path == file_of(project, user=True, variables=env)
    assert not (project / ".nightshift").exists()
    set_default(project, "board", user=True, variables=env)
    assert choose(project, variables=env).path == Path("/b.db")
    add_backend(project, "board", "sqlite", {"path": "/ours.db"}, variables=env)
    rows = [
        (one.name, one.user, one.is_default, one.is_hidden) for one in list_backends(project, env)
    ]
    assert rows == [
        ("sqlite", False, False, False),
        ("board", False, True, False),
        ("board", True, False, True),
    ]


def test_the_default_is_changed_and_cannot_be_removed(project: Path, env: dict[str, str]) -> None:
    """What to do first is said; the issues of a removed backend stay where they are."""
    board = project / "b.db"
    board.write_text("issues")
    add_backend(project, "board", "local", {"path": "b.db"}, variables=env)
    set_default(project, "board", variables=env)
    assert choose(project, variables=env).path == board
    with pytest.raises(SettingsError, match=r"is the default backend\. Make another one"):
        remove_backend(project, "board", variables=env)
    set_default(project, "sqlite", variables=env)
    remove_backend(project, "board", variables=env)
    assert board.read_text() == "issues"


def test_a_default_must_exist_and_open(project: Path, env: dict[str, str]) -> None:
    """A project's own backend is no default for other projects."""
    add_backend(project, "work", "gitea", FIELDS, variables=env)
    add_backend(project, "board", "sqlite", {}, variables=env)
    with pytest.raises(UsageError, match="no gitea backend yet"):
        set_default(project, "work", variables=env)
    with pytest.raises(EntryNotFound, match="Did you mean board"):
        set_default(project, "bord", variables=env)
    with pytest.raises(EntryNotFound, match="Backend not configured: 'board'"):
        set_default(project, "board", user=True, variables=env)
    assert choose(project, variables=env).name == "sqlite"


def test_a_default_that_is_gone_can_still_be_mended(project: Path, env: dict[str, str]) -> None:
    """A file that names no backend stops every command but this one."""
    path = project / ".nightshift" / "config.json"
    path.parent.mkdir()
    path.write_text('{"tracker": "gone"}')
    with pytest.raises(EntryNotFound, match="issue backend set-default"):
        choose(project, variables=env)
    set_default(project, "sqlite", variables=env)
    assert choose(project, variables=env).name == "sqlite"


def test_c22_init_writes_what_was_detected(
    project: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """C22: the definition without the token, and it as the default where it can be opened."""
    repository(project, "git@gitlab.com:o/r.git")
    env |= {"GITLAB_TOKEN": "s3cr3t-value"}
    saved = init(project, detect(project, env))
    definition = {
        "type": "gitlab",
        "url": "https://gitlab.com",
        "owner": "o",
        "repo": "r",
        "token_source": "env:GITLAB_TOKEN",
    }
    assert content(saved.path) == {"backends": {"gitlab": definition}, "tracker": "sqlite"}
    monkeypatch.setitem(trackers.BACKENDS, "gitlab", "nowhere:Nothing")
    again = init(project, detect(project, env))
    assert content(again.path)["tracker"] == "gitlab"
    assert again.backup is not None
    assert choose(project, variables=env).origins["url"] == str(saved.path)


def test_init_where_nothing_is_found_settles_on_the_local_board(project: Path) -> None:
    """And what a project settled on before stays."""
    path = init(project, detect(project, {})).path
    assert content(path) == {"tracker": "sqlite"}
    add_backend(project, "board", "sqlite", {}, variables={})
    set_default(project, "board", variables={})
    init(project, detect(project, {}))
    assert content(path)["tracker"] == "board"


def test_every_setting_has_an_origin(project: Path, env: dict[str, str]) -> None:
    """File, variable, or default; of a token only its source."""
    add_backend(project, "work", "gitea", FIELDS, user=True, variables=env)
    set_default(project, "sqlite", variables=env)
    env |= {"ISSUE_AGENT_ID": "ada", "T": "s3cr3t-value"}
    rows = origins(project, env)
    found = {key: (value, origin) for key, value, origin in rows}
    ours, mine = str(file_of(project)), str(file_of(project, user=True, variables=env))
    assert len(found) == len(rows)
    assert found["tracker"] == ("sqlite", ours)
    assert found["tracker.path"][1] == "built-in default"
    assert found["leases"] == ("file", "built-in default")
    assert found["agent.id"] == ("ada", "environment ISSUE_AGENT_ID")
    assert found["agent.type"] == ("agent", "built-in default")
    assert found["agent.claim_timeout"] == ("1800", "built-in default")
    assert found["backends.work.token_source"] == ("env:T", mine)
    assert "s3cr3t" not in str(rows)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, ("vi",)),
        ({"EDITOR": "nano"}, ("nano",)),
        ({"EDITOR": "nano", "VISUAL": "code --wait 'a b'"}, ("code", "--wait", "a b")),
        ({"EDITOR": "nano", "VISUAL": " "}, ("nano",)),
    ],
)
def test_the_editor(variables: dict[str, str], words: tuple[str, ...]) -> None:
    """VISUAL goes before EDITOR; both may have options."""
    assert editor(variables) == words


def test_an_editor_that_is_no_command_is_told() -> None:
    with pytest.raises(SettingsError, match="VISUAL or EDITOR is no command"):
        editor({"EDITOR": "vi 'x"})
