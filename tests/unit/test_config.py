"""Settings of a run: where they come from and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.config import settings as config
from framework.config.environment import environment
from framework.config.stores import StoreSettings, fix_stores, is_fixed, stores_of
from framework.domain.errors import NoToken, SettingsError
from framework.domain.plan import Bounds


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def load(project: Path, **variables: str) -> config.Settings:
    return config.load(project=project, variables=variables)


def test_the_environment_goes_before_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "NIGHTSHIFT_MODEL=from-file\nexport ANTHROPIC_API_KEY='quoted'\nUNRELATED=1\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIGHTSHIFT_MODEL", "from-environment")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    found = environment()
    assert found["NIGHTSHIFT_MODEL"] == "from-environment"
    assert found["ANTHROPIC_API_KEY"] == "quoted"
    assert "UNRELATED" not in found


def test_an_unknown_setting_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_MODLE", "x")
    with pytest.raises(SettingsError, match="Did you mean NIGHTSHIFT_MODEL"):
        environment()


@pytest.mark.parametrize("text", ["x", "-1", "0", "inf", "nan"])
def test_a_wrong_number_names_the_variable(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="NIGHTSHIFT_SESSION_USD"):
        load(tmp_path, NIGHTSHIFT_SESSION_USD=text)


@pytest.mark.parametrize("text", ["25", "5-2", "a-b", "0-3", "1-2-3"])
def test_wrong_bounds_name_the_variable(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="like `25-50`"):
        load(tmp_path, NIGHTSHIFT_PLAN_ISSUES=text)


def test_values_reach_their_places(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        NIGHTSHIFT_PLAN_ISSUES="2-4",
        NIGHTSHIFT_SESSION_MINUTES="2",
        NIGHTSHIFT_STALL_SECONDS="7",
        NO_PROXY="localhost",
        XDG_STATE_HOME="/state",
    )
    assert settings.policy.bounds == Bounds(least=2, most=4)
    assert settings.policy.limits.seconds == 120
    assert settings.policy.limits.silence == 7
    assert settings.agent.environment == {"NO_PROXY": "localhost"}
    assert settings.state == Path("/state/nightshift")


def test_no_token_says_what_to_set_and_offers_the_rehearsal(tmp_path: Path) -> None:
    with pytest.raises(NoToken, match=r"CLAUDE_CODE_OAUTH_TOKEN.*--rehearse"):
        load(tmp_path).agent.require_token()


def test_the_stores_of_a_project_are_fixed_at_first_use(tmp_path: Path) -> None:
    """What a run began with is what the next one takes, and what commands take."""
    settings = load(tmp_path)
    assert not is_fixed(tmp_path)
    fix_stores(settings.project, settings.stores)
    assert is_fixed(tmp_path)
    assert stores_of(tmp_path, {}) == StoreSettings()
    (settings.directory / "config.json").write_text('{"leases": "sqlite"}')
    assert stores_of(tmp_path, {}).leases == "sqlite"


def test_a_second_store_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """Two lease stores would let two sessions work on one issue."""
    fix_stores(tmp_path, StoreSettings(leases="file"))
    before = (tmp_path / ".nightshift" / "config.json").read_bytes()
    fix_stores(tmp_path, StoreSettings(leases="file"))
    with pytest.raises(SettingsError, match=r"leases of this project are in 'file', not in 'sqli"):
        fix_stores(tmp_path, StoreSettings(leases="sqlite"))
    assert (tmp_path / ".nightshift" / "config.json").read_bytes() == before


def test_a_file_without_leases_does_not_count_as_used(tmp_path: Path) -> None:
    """Who sets an agent's name before the first run has not lost a lease store."""
    path = tmp_path / ".nightshift" / "config.json"
    path.parent.mkdir()
    path.write_text('{"agent": {"id": "ada"}}')
    assert not is_fixed(tmp_path)
    fix_stores(tmp_path, StoreSettings())
    assert is_fixed(tmp_path)
    assert "ada" in path.read_text()


def test_the_file_of_an_earlier_version_stays_valid(tmp_path: Path) -> None:
    path = tmp_path / ".nightshift" / "config.json"
    path.parent.mkdir()
    path.write_text('{\n  "tracker": "sqlite",\n  "leases": "file",\n  "journal": "sqlite"\n}\n')
    assert stores_of(tmp_path, {}) == StoreSettings()
    assert is_fixed(tmp_path)


def test_a_run_goes_on_where_it_began_whatever_the_environment_says(tmp_path: Path) -> None:
    fix_stores(tmp_path, StoreSettings())
    forge = {"GITEA_URL": "https://forge.example", "GITEA_TOKEN": "x"}
    complete = {**forge, "GITEA_OWNER": "o", "GITEA_REPO": "r"}
    assert load(tmp_path, **complete).stores.tracker == "sqlite"


def test_a_broken_store_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".nightshift" / "config.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(SettingsError, match=r"config\.json cannot be read: line 1 column 2"):
        stores_of(tmp_path, {})
    assert path.read_text() == "{"


def test_the_command_line_names_a_tracker_at_first_use_only(tmp_path: Path) -> None:
    """Another one than the project began with is refused, with the way to go over to it."""
    assert stores_of(tmp_path, {}, tracker="github").tracker == "github"
    fix_stores(tmp_path, stores_of(tmp_path, {}, tracker="local"))
    assert stores_of(tmp_path, {}, tracker="local").tracker == "sqlite"
    with pytest.raises(SettingsError, match="issue backend set-default github"):
        stores_of(tmp_path, {}, tracker="github")
