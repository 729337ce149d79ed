"""Which tracker is used: precedence, detection with real git, and what is never done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from framework import trackers
from framework.config.choice import choose, openable
from framework.config.detection import detect
from framework.config.stores import fix_stores, stores_of
from framework.config.token import token_of
from framework.domain.errors import EntryNotFound, SettingsError, UsageError
from framework.domain.remote import Platform

ROOT = Path(__file__).parents[2]
FORGE = {
    "GITEA_URL": "https://forge.example",
    "GITEA_OWNER": "o",
    "GITEA_REPO": "r",
    "GITEA_TOKEN": "secret-value",
}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


@pytest.fixture
def every_forge(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a version that has all the backends: precedence is the same then."""
    for name in Platform:
        monkeypatch.setitem(trackers.BACKENDS, name.value, "nowhere:Nothing")


def git(directory: Path, *words: str) -> None:
    subprocess.run(("git", "-C", str(directory), *words), capture_output=True, check=True)


def repository(project: Path, url: str, name: str = "origin") -> Path:
    if not (project / ".git").exists():
        git(project, "init", "--quiet")
    git(project, "remote", "add", name, url)
    return project


def configured(project: Path, **values: Any) -> None:
    path = project / ".nightshift" / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values))


def personal(project: Path, **values: Any) -> dict[str, str]:
    """The variables with which the person's own file is found."""
    path = project.parent / "xdg" / "nightshift" / "config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return {"XDG_CONFIG_HOME": str(project.parent / "xdg")}


def test_a_bare_directory_has_the_built_in_board(project: Path) -> None:
    """Nothing is configured, nothing is made by looking."""
    chosen = choose(project, variables={})
    assert (chosen.name, chosen.type, chosen.origin) == ("sqlite", "sqlite", "built-in default")
    assert chosen.path == project / ".nightshift" / "issues.db"
    assert openable(chosen) is chosen
    assert list(project.iterdir()) == []


def test_each_source_goes_before_the_next(project: Path, every_forge: None) -> None:
    """Command line > environment > project > person > git remote > built-in."""
    repository(project, "https://github.com/o/r.git")
    env = {"GITHUB_TOKEN": "x"}
    assert choose(project, variables={}).origin == "built-in default"
    assert choose(project, variables=env).origin == "git remote origin"
    env |= personal(project, tracker="mine", backends={"mine": {"type": "sqlite", "path": "m"}})
    assert choose(project, variables=env).name == "mine"
    configured(project, tracker="ours", backends={"ours": {"type": "sqlite", "path": "o"}})
    assert choose(project, variables=env).name == "ours"
    env |= FORGE
    assert (choose(project, variables=env).name) == "gitea"
    chosen = choose(project, "mine", variables=env)
    assert (chosen.name, chosen.origin) == ("mine", "command line")
    assert chosen.path == project / "m"


def test_the_projects_definition_goes_before_the_persons(project: Path) -> None:
    env = personal(project, backends={"x": {"type": "sqlite", "path": "/theirs.db"}})
    assert choose(project, "x", env).path == Path("/theirs.db")
    configured(project, backends={"x": {"type": "sqlite", "path": "ours.db"}})
    assert choose(project, "x", env).path == project / "ours.db"


def test_paths_of_boards(project: Path) -> None:
    """Relative ones are the project's, `~` is the home directory, `local` is the built-in."""
    configured(project, backends={"x": {"type": "sqlite", "path": "~/board.db"}})
    assert choose(project, "x", {}).path == project.parent / "home" / "board.db"
    local = choose(project, "local", {})
    assert (local.type, local.path) == ("sqlite", project / ".nightshift" / "issues.db")


@pytest.mark.parametrize("double", ["memory", "scripted"])
def test_a_double_is_no_tracker_for_a_project(project: Path, double: str) -> None:
    """What keeps nothing cannot be chosen: an issue made there would be gone."""
    with pytest.raises(EntryNotFound, match="Backend not configured"):
        choose(project, double, {})


def test_an_unknown_name_is_told_with_the_nearest(project: Path) -> None:
    configured(project, tracker="wrok", backends={"work": {"type": "sqlite"}})
    with pytest.raises(EntryNotFound, match=r"Backend not configured: 'wrok'\. Did you mean work"):
        choose(project, variables={})
    with pytest.raises(EntryNotFound, match=r"Known are .*work"):
        choose(project, "zzz", {})


def test_a_backend_that_does_not_ship_says_so_when_opened(project: Path) -> None:
    """It can be kept and looked at; opening it names what this version has."""
    configured(project, tracker="work", backends={"work": {"type": "gitea", "owner": "o"}})
    chosen = choose(project, variables={})
    assert (chosen.type, chosen.fields) == ("gitea", {"owner": "o"})
    with pytest.raises(UsageError, match="no gitea backend yet; known: sqlite"):
        openable(chosen)


def test_a_forge_that_is_only_found_is_not_chosen_before_it_ships(project: Path) -> None:
    """A token that is there for other programs must not stop anybody; `detect` tells of it."""
    repository(project, "git@gitlab.com:o/r.git")
    assert choose(project, variables={"GITLAB_TOKEN": "x"}).type == "sqlite"
    assert choose(project, variables=FORGE).type == "sqlite"
    found = detect(project, {"GITLAB_TOKEN": "x"})
    assert not found.is_usable
    assert any("no gitlab backend yet" in reason for reason in found.reasons)


def test_a_github_with_a_token_is_chosen(project: Path) -> None:
    """By the git remote and the environment alone; without the token the board is local."""
    repository(project, "git@github.com:o/r.git")
    assert choose(project, variables={"GITHUB_TOKEN": "x"}).type == "github"
    assert choose(project, variables={"GH_TOKEN": "x"}).fields["token_source"] == "env:GH_TOKEN"
    assert choose(project, variables={}).type == "sqlite"


def test_a_token_that_comes_later_does_not_hide_the_issues(
    project: Path, every_forge: None
) -> None:
    """Once the project's stores are in use, they are where they are."""
    repository(project, "git@github.com:o/r.git")
    fix_stores(project, stores_of(project, {}))
    assert choose(project, variables={"GITHUB_TOKEN": "x"}).type == "sqlite"
    assert stores_of(project, FORGE).tracker == "sqlite"


def test_one_forge_comes_whole_from_the_environment(project: Path, every_forge: None) -> None:
    chosen = choose(project, variables=FORGE)
    assert chosen.fields == {
        "url": "https://forge.example",
        "owner": "o",
        "repo": "r",
        "token_source": "env:GITEA_TOKEN",
    }
    assert chosen.origins["owner"] == "environment GITEA_OWNER"
    assert "secret-value" not in repr(chosen)
    for name in FORGE:
        assert choose(project, variables={**FORGE, name: ""}).type == "sqlite", name


def test_the_other_name_of_the_token_counts_too(project: Path, every_forge: None) -> None:
    env = {**FORGE, "GITEA_API_TOKEN": "other"}
    assert choose(project, variables=env).fields["token_source"] == "env:GITEA_TOKEN"
    del env["GITEA_TOKEN"]
    assert choose(project, variables=env).fields["token_source"] == "env:GITEA_API_TOKEN"


HOT = """
import sys
from pathlib import Path
from framework.config.place import find_project
from framework.config.choice import choose
from framework.config.agent import identity
from framework.config.stores import stores_of
project = find_project(Path(sys.argv[1]))
choose(project); identity(project); stores_of(project)
slow = {"asyncio", "logging", "dotenv", "filelock", "difflib", "subprocess", "tempfile", "yaml",
        "rich", "psutil", "http", "framework.domain.plan", "framework.domain.session",
        "framework.config.settings", "framework.config.detection", "framework.config.writing"}
print(sorted(slow & set(sys.modules)))
"""


@pytest.mark.parametrize("values", [{}, {"tracker": "sqlite", "leases": "file"}])
def test_a_plain_local_project_imports_nothing_slow(project: Path, values: dict[str, str]) -> None:
    """In a git repository with an `.env` of other programs; a token matters only where nothing
    is configured."""
    repository(project, "git@github.com:o/r")
    (project / ".env").write_text("DATABASE_URL=x\n")
    configured(project, **values)
    env = {"PATH": "/nowhere", "HOME": str(project.parent)}
    ran = subprocess.run(
        [sys.executable, "-c", HOT, str(project)],
        cwd=ROOT,
        env=env | ({"GITHUB_TOKEN": "x"} if values else {}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"


def test_a_token_is_not_sent_where_a_repository_says(project: Path, every_forge: None) -> None:
    """A configuration that came with a clone could name any address."""
    repository(project, "git@github.com:o/r")
    definition = {"type": "gitea", "url": "https://git.example", "token_source": "env:T"}
    configured(project, tracker="work", backends={"work": definition})
    env = {"T": "secret-value"}
    assert token_of(choose(project, variables=env), project, env).reveal() == "secret-value"
    git(project, "add", "--force", ".nightshift/config.json")
    with pytest.raises(SettingsError, match="part of the repository") as caught:
        token_of(choose(project, variables=env), project, env)
    assert "secret-value" not in str(caught.value)
    env |= personal(project, tracker="own", backends={"own": definition})
    assert token_of(choose(project, "own", env), project, env).reveal() == "secret-value"


def test_a_missing_token_says_which_variable_to_set(project: Path) -> None:
    with pytest.raises(SettingsError, match=r"no token is known for gitea\. Set GITEA_TOKEN or"):
        token_of(choose(project, "gitea", {}), project, {})
