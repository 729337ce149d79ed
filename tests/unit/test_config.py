"""Settings: where they come from and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework import config
from framework.domain.errors import NoToken, SettingsError
from framework.domain.plan import Bounds


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
    found = config.environment()
    assert found["NIGHTSHIFT_MODEL"] == "from-environment"
    assert found["ANTHROPIC_API_KEY"] == "quoted"
    assert "UNRELATED" not in found


def test_an_unknown_setting_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_MODLE", "x")
    with pytest.raises(SettingsError, match="did you mean NIGHTSHIFT_MODEL"):
        config.environment()


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
    assert settings.run.bounds == Bounds(least=2, most=4)
    assert settings.agent.limits.seconds == 120
    assert settings.agent.limits.silence == 7
    assert settings.agent.environment == {"NO_PROXY": "localhost"}
    assert settings.state == Path("/state/nightshift")


def test_a_subscription_token_goes_before_an_api_key(tmp_path: Path) -> None:
    settings = load(tmp_path, CLAUDE_CODE_OAUTH_TOKEN=" oauth ", ANTHROPIC_API_KEY="key")
    assert settings.agent.required_token() == config.TokenSettings(value="oauth", oauth=True)
    assert "oauth " not in repr(settings)


def test_no_token_says_what_to_set_and_offers_the_rehearsal(tmp_path: Path) -> None:
    with pytest.raises(NoToken, match=r"CLAUDE_CODE_OAUTH_TOKEN.*--rehearse"):
        load(tmp_path).agent.required_token()


def test_the_stores_of_a_project_are_fixed_at_first_use(tmp_path: Path) -> None:
    settings = load(tmp_path)
    settings.directory.mkdir()
    config.fix_stores(settings)
    assert config.stores_of(tmp_path) == config.StoreSettings()
    (settings.directory / "config.json").write_text('{"leases": "redis"}')
    assert config.stores_of(tmp_path).leases == "redis"


def test_a_broken_store_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".nightshift" / "config.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(SettingsError, match=r"config\.json cannot be read"):
        config.stores_of(tmp_path)
    assert path.read_text() == "{"
