"""What git remotes and the environment say about a forge, with real git."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from framework import trackers
from framework.config.choice import choose
from framework.config.detection import detect
from framework.domain.errors import SettingsError
from framework.domain.remote import Platform

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


@pytest.mark.parametrize(
    ("url", "variables", "type", "address"),
    [
        ("https://github.com/o/r.git", {"GITHUB_TOKEN": "x"}, "github", "https://github.com"),
        ("git@gitlab.com:o/r.git", {"GITLAB_TOKEN": "x"}, "gitlab", "https://gitlab.com"),
        ("git@git.example:o/r", {"GITEA_TOKEN": "x"}, "gitea", "https://git.example"),
        ("https://codeberg.org/o/r", {"GITEA_API_TOKEN": "x"}, "gitea", "https://codeberg.org"),
        (
            "ssh://git@git.example:2222/o/r",
            {"GITEA_TOKEN": "x", "GITEA_URL": "http://git.example:3000/"},
            "gitea",
            "http://git.example:3000",
        ),
        (
            "https://git.example/forge/o/r",
            {"GITEA_TOKEN": "x", "GITEA_URL": "https://git.example/forge"},
            "gitea",
            "https://git.example/forge",
        ),
        (
            "git@gitlab.work.example:o/r",
            {"GITLAB_TOKEN": "x", "GITLAB_URL": "https://gitlab.work.example"},
            "gitlab",
            "https://gitlab.work.example",
        ),
        (
            "git@code.work.example:o/r",
            {"GITLAB_TOKEN": "x", "GITLAB_URL": "https://code.work.example", "GITEA_TOKEN": "y"},
            "gitlab",
            "https://code.work.example",
        ),
    ],
)
def test_e01_a_remote_and_a_token_are_enough(
    project: Path, every_forge: None, url: str, variables: dict[str, str], type: str, address: str
) -> None:
    """E01: `GITEA_TOKEN=xxx issue list` alone works in a clone; so for the others."""
    repository(project, url)
    chosen = choose(project, variables=variables)
    assert (chosen.type, chosen.fields["url"]) == (type, address)
    assert (chosen.fields["owner"], chosen.fields["repo"]) == ("o", "r")
    assert chosen.fields["token_source"].removeprefix("env:") in variables


@pytest.mark.parametrize(
    ("url", "variables", "advice"),
    [
        ("git@github.evil.example:o/r", {"GITHUB_TOKEN": "x"}, "which forge github.evil.example"),
        ("git@gitlab.evil.example:o/r", {"GITLAB_TOKEN": "x"}, "set GITLAB_URL to that address"),
        (
            "git@evil.example:o/r",
            {"GITEA_TOKEN": "x", "GITEA_URL": "https://git.example"},
            "Nothing says which forge evil.example is",
        ),
        (
            "git@gitea.evil.example:o/r",
            {"GITEA_TOKEN": "x", "GITEA_URL": "https://git.example"},
            "No token is for https://gitea.evil.example",
        ),
        ("http://git.example/o/r", {"GITEA_TOKEN": "x"}, "No token is for http://git.example"),
        ("git@git.example:o/r", {"GITEA_TOKEN": "x", "GITLAB_TOKEN": "y"}, "Nothing says which"),
        ("git@github.com:o/r", {}, "No token: set GITHUB_TOKEN"),
        ("../elsewhere", {"GITHUB_TOKEN": "x"}, "No git remote of the repository is on a forge"),
    ],
)
def test_a_token_goes_only_to_the_host_it_is_for(
    project: Path, every_forge: None, url: str, variables: dict[str, str], advice: str
) -> None:
    """Where a clone comes from must not decide who is sent a token; what to do is said."""
    repository(project, url)
    assert choose(project, variables=variables).type == "sqlite"
    found = detect(project, variables)
    assert not found.is_usable
    assert advice in " ".join(found.reasons)


def test_a_defined_forge_takes_only_a_token_for_its_address(
    project: Path, every_forge: None
) -> None:
    definition = {"type": "gitea", "url": "https://git.example", "owner": "o", "repo": "r"}
    configured(project, tracker="work", backends={"work": definition})
    assert choose(project, variables=FORGE | {"GITEA_OWNER": ""}).fields == {
        key: text for key, text in definition.items() if key != "type"
    }
    there = {"GITEA_URL": "https://git.example:443/", "GITEA_TOKEN": "x"}
    assert choose(project, variables=there).fields["token_source"] == "env:GITEA_TOKEN"


def test_what_a_definition_leaves_out_is_filled_in(project: Path, every_forge: None) -> None:
    """One definition of a person's serves all clones from that forge; each origin is told."""
    env = personal(
        project,
        tracker="work",
        backends={"work": {"type": "gitea", "url": "https://git.example", "token_source": "env:T"}},
    )
    repository(project, "git@git.example:group/app.git")
    chosen = choose(project, variables=env)
    assert (chosen.fields["owner"], chosen.fields["repo"]) == ("group", "app")
    assert chosen.origins["owner"] == "git remote origin"
    assert (
        chosen.origins["url"] == chosen.origin == f"{env['XDG_CONFIG_HOME']}/nightshift/config.json"
    )
    git(project, "remote", "set-url", "origin", "git@elsewhere.example:group/app.git")
    assert "owner" not in choose(project, variables=env).fields


@pytest.mark.parametrize(
    "url", ["forge.example", "https://me:secret-value@forge.example", "https://"]
)
def test_a_wrong_address_in_the_environment_is_told_and_not_repeated(
    project: Path, url: str
) -> None:
    with pytest.raises(SettingsError, match="GITEA_URL must be a web address") as caught:
        choose(project, variables=FORGE | {"GITEA_URL": url})
    assert "secret-value" not in str(caught.value)


def test_the_env_file_gives_tokens_and_nothing_else(project: Path, every_forge: None) -> None:
    """A file that came with a clone must not say where a person's token is sent."""
    repository(project, "git@git.example:o/r")
    (project / ".env").write_text("GITEA_TOKEN=x\nGITEA_URL=https://evil.example\nGITEA_OWNER=e\n")
    chosen = choose(project, variables={})
    assert chosen.fields["url"] == "https://git.example"
    assert chosen.fields["owner"] == "o"
    assert chosen.origins["token_source"] == f"{project / '.env'} GITEA_TOKEN"


def test_git_resolves_its_remotes_itself(project: Path, tmp_path: Path) -> None:
    """`insteadOf` from a person's configuration, a linked work tree, a directory below the top."""
    (tmp_path / "gitconfig").write_text('[url "git@github.com:"]\n\tinsteadOf = gh:\n')
    repository(project, "gh:o/r")
    git(project, "-c", "user.name=a", "-c", "user.email=a", "commit", "--allow-empty", "-qm", "1")
    git(project, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    (project / "below").mkdir()
    for place in (project, tmp_path / "tree", project / "below"):
        found = detect(place, {}).remote
        assert found is not None
        assert (found.host, found.owner, found.repo) == ("github.com", "o", "r")


def test_origin_goes_before_upstream_and_that_before_the_rest(project: Path) -> None:
    def owner() -> str:
        found = detect(project, {}).remote
        assert found is not None
        return found.owner

    repository(project, "git@github.com:another/r", "another")
    repository(project, "/somewhere/local", "backup")
    assert owner() == "another"
    repository(project, "git@github.com:upstream/r", "upstream")
    assert owner() == "upstream"
    repository(project, "git@github.com:origin/r", "origin")
    assert owner() == "origin"


def test_a_hook_does_not_lead_astray(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets GIT_DIR for its hooks; the project's own repository is meant all the same."""
    (tmp_path / "other").mkdir()
    repository(tmp_path / "other", "git@github.com:other/r")
    repository(project, "git@github.com:o/r")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    found = detect(project, {}).remote
    assert found is not None
    assert found.owner == "o"


def test_without_git_the_reason_is_told(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is in no git repository" in detect(project, {}).reasons[0]
    (project / ".git").write_text("gitdir: nowhere\n")
    assert "Git says nothing about" in detect(project, {}).reasons[0]
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert "Git could not be asked" in detect(project, {}).reasons[0]
