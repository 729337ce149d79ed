"""Settings: the only reader of the environment, of `.env` and of `.nightshift/config.json`.

Precedence: command line > environment > `.env` in the current directory > built-in default.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from .domain.errors import NoToken, SettingsError
from .domain.plan import Bounds
from .domain.session import Limits

VARIABLES: Mapping[str, str] = {
    "CLAUDE_CODE_OAUTH_TOKEN": "A Claude subscription's token, from `claude setup-token`.",
    "ANTHROPIC_API_KEY": "An API key; used when there is no subscription token.",
    "ANTHROPIC_BASE_URL": "Another endpoint for the model [Anthropic's].",
    "NIGHTSHIFT_MODEL": "The model of all sessions [opus].",
    "NIGHTSHIFT_PLAN_ISSUES": "How many issues a plan may have, as `25-50` [by the spec's size].",
    "NIGHTSHIFT_SESSION_MINUTES": "Wall time of one session [60].",
    "NIGHTSHIFT_SESSION_TURNS": "Turns of one session [200].",
    "NIGHTSHIFT_SESSION_USD": "Money of one session at list prices [20].",
    "NIGHTSHIFT_STALL_SECONDS": "Silence after which a session counts as stalled [300].",
    "NIGHTSHIFT_MAX_FAILURES": "Failed attempts after which an issue is blocked [5].",
    "NIGHTSHIFT_CHECK_SECONDS": "Time limit of one check [900].",
    "NIGHTSHIFT_BOX_READ": "More directories that boxed programs may read, separated by `:`.",
    "HTTPS_PROXY": "Passed on to the agent's program.",
    "HTTP_PROXY": "Passed on to the agent's program.",
    "NO_PROXY": "Passed on to the agent's program.",
    "XDG_STATE_HOME": "Where workspaces are kept while they are worked in [~/.local/state].",
    "PATH": "Where programs are found; its directories outside /usr are readable in the box.",
}
"""Every variable that is read, with what it does and its default."""

STATE_DIRECTORY = ".nightshift"
DEFAULT_MODEL = "opus"
_PASSED_ON = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_OURS = "NIGHTSHIFT_"
_INSIDE = frozenset({"NIGHTSHIFT_HUB", "NIGHTSHIFT_TARGET"})
"""What a session of ours has in its environment: a run started in one is not our mistake."""


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    value: str = field(repr=False)
    oauth: bool


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """What sessions run with. `token` is None until one is needed: see `required_token`."""

    model: str = DEFAULT_MODEL
    token: TokenSettings | None = None
    endpoint: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    def required_token(self) -> TokenSettings:
        if self.token is None:
            raise NoToken(
                "No token: set CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`) or "
                "ANTHROPIC_API_KEY in .env or the environment. To try everything offline and "
                "without an account, add --rehearse."
            )
        return self.token


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    slots: int = 3
    attempts: int | None = None
    bounds: Bounds | None = None
    max_failures: int = 5
    checks: tuple[str, ...] | None = None
    check_seconds: float = 900.0
    rehearsed: bool = False
    first_backoff: float = 10.0


@dataclass(frozen=True, kw_only=True)
class BoxSettings:
    """`wanted` is False when the person passed --no-box."""

    wanted: bool = True
    path: str = ""
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """Which backends the project uses; fixed in `.nightshift/config.json` at first use."""

    tracker: str = "sqlite"
    leases: str = "file"
    journal: str = "sqlite"


@dataclass(frozen=True, kw_only=True)
class Settings:
    project: Path
    state: Path
    agent: AgentSettings = field(default_factory=AgentSettings)
    run: RunSettings = field(default_factory=RunSettings)
    box: BoxSettings = field(default_factory=BoxSettings)
    stores: StoreSettings = field(default_factory=StoreSettings)

    @property
    def directory(self) -> Path:
        """What Nightshift keeps in the project: `.nightshift/`."""
        return self.project / STATE_DIRECTORY


def environment() -> dict[str, str]:
    """The variables that we read, from the environment and, below it, from `.env`.

    An unknown `NIGHTSHIFT_` variable is a SettingsError that names the nearest known one.
    """
    merged = {name: text for name, text in dotenv_values(".env").items() if text is not None}
    merged.update(os.environ)
    for name in merged.keys() - _INSIDE:
        if name.startswith(_OURS) and name not in VARIABLES:
            raise SettingsError(_unknown(name))
    return {name: merged[name] for name in VARIABLES if merged.get(name, "") != ""}


def load(
    *,
    project: Path,
    slots: int = 3,
    attempts: int | None = None,
    model: str | None = None,
    checks: tuple[str, ...] | None = None,
    boxed: bool = True,
    variables: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from what the command line says and, for the rest, from `environment()`."""
    env = environment() if variables is None else variables
    return Settings(
        project=project.resolve(),
        state=state_directory(env),
        agent=AgentSettings(
            model=model or env.get("NIGHTSHIFT_MODEL", DEFAULT_MODEL),
            token=_token(env),
            endpoint=env.get("ANTHROPIC_BASE_URL"),
            environment={name: env[name] for name in _PASSED_ON if name in env},
            limits=_limits(env),
        ),
        run=RunSettings(
            slots=slots,
            attempts=attempts,
            bounds=_bounds(env),
            max_failures=int(_number(env, "NIGHTSHIFT_MAX_FAILURES", 5)),
            checks=checks,
            check_seconds=_number(env, "NIGHTSHIFT_CHECK_SECONDS", 900),
        ),
        box=BoxSettings(
            wanted=boxed,
            path=env.get("PATH", os.defpath),
            readable=tuple(
                Path(one) for one in env.get("NIGHTSHIFT_BOX_READ", "").split(":") if one
            ),
        ),
        stores=stores_of(project),
    )


def state_directory(env: Mapping[str, str]) -> Path:
    """Outside every project: a clone in there inherits nothing from a person's repository."""
    given = Path(env.get("XDG_STATE_HOME", ""))  # a relative one is to be ignored, says XDG
    return (given if given.is_absolute() else Path.home() / ".local" / "state") / "nightshift"


def stores_of(project: Path) -> StoreSettings:
    """What `.nightshift/config.json` fixed; the defaults for a project without one."""
    path = project / STATE_DIRECTORY / "config.json"
    if not path.exists():
        return StoreSettings()
    try:
        raw = json.loads(path.read_text("utf-8"))
        known = {name: str(raw[name]) for name in ("tracker", "leases", "journal") if name in raw}
        return StoreSettings(**known)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}. Mend it; nothing was changed."
        ) from error


def is_fixed(settings: Settings) -> bool:
    """Whether the project has been worked on before."""
    return (settings.directory / "config.json").exists()


def fix_stores(settings: Settings) -> None:
    """Write the project's backends down at first use, so that no second store is ever opened."""
    if is_fixed(settings):
        return
    path = settings.directory / "config.json"
    stores = settings.stores
    text = {"tracker": stores.tracker, "leases": stores.leases, "journal": stores.journal}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(text, indent=2) + "\n", "utf-8")
    temporary.replace(path)


def _token(env: Mapping[str, str]) -> TokenSettings | None:
    if oauth := env.get("CLAUDE_CODE_OAUTH_TOKEN"):
        return TokenSettings(value=oauth.strip(), oauth=True)
    if key := env.get("ANTHROPIC_API_KEY"):
        return TokenSettings(value=key.strip(), oauth=False)
    return None


def _limits(env: Mapping[str, str]) -> Limits:
    usual = Limits()
    return Limits(
        turns=int(_number(env, "NIGHTSHIFT_SESSION_TURNS", usual.turns)),
        seconds=60 * _number(env, "NIGHTSHIFT_SESSION_MINUTES", usual.seconds / 60),
        silence=_number(env, "NIGHTSHIFT_STALL_SECONDS", usual.silence),
        usd=_number(env, "NIGHTSHIFT_SESSION_USD", usual.usd),
    )


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise SettingsError(f"{name} must be a number above 0, not {text!r}.")
    return value


def _bounds(env: Mapping[str, str]) -> Bounds | None:
    text = env.get("NIGHTSHIFT_PLAN_ISSUES")
    if text is None:
        return None
    least, dash, most = text.partition("-")
    if not (dash and least.isdecimal() and most.isdecimal() and 0 < int(least) <= int(most)):
        raise SettingsError(f"NIGHTSHIFT_PLAN_ISSUES must be like `25-50`, not {text!r}.")
    return Bounds(least=int(least), most=int(most))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, VARIABLES, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; .env.example lists the known ones."
    return f"Unknown setting {name} (environment or .env){hint}"
