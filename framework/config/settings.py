"""What a run is done with.

Precedence: command line > environment > `.env` in the current directory > built-in default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ..domain.errors import NoToken, SettingsError
from ..domain.lease import TTL
from ..domain.ledger import Caps
from ..domain.plan import Bounds
from ..domain.policy import Policy
from ..domain.retry import MAX_FAILURES
from .environment import environment
from .limits import caps, limits, number, whole
from .place import STATE_DIRECTORY
from .stores import StoreSettings, stores_of
from .tokens import PoolToken, pool_tokens

DEFAULT_MODEL = "opus"
SECOND_MODEL = "sonnet"
_PASSED_ON = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """What sessions run with. `tokens` may be empty until one is needed."""

    model: str = DEFAULT_MODEL
    tokens: tuple[PoolToken, ...] = ()
    endpoint: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def require_token(self) -> None:
        if not self.tokens:
            raise NoToken(
                "No token: set CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`) or "
                "ANTHROPIC_API_KEY in .env or the environment. To try everything offline and "
                "without an account, add --rehearse."
            )


@dataclass(frozen=True, kw_only=True)
class OutageSettings:
    """A rehearsal's tracker is away once so many landings were told, for so many seconds."""

    after: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What else a run is told. `land` is `push` or `pr`."""

    caps: Caps = field(default_factory=Caps)
    checks: tuple[str, ...] | None = None
    check_seconds: float = 900.0
    push: bool | None = None
    land: str = "push"
    crash: str | None = None
    outage: OutageSettings | None = None


@dataclass(frozen=True, kw_only=True)
class BoxSettings:
    """`wanted` is False when the person passed --no-box. `network` is what sessions reach,
    `check_network` what checks do; they are named as in `box.network`."""

    wanted: bool = True
    network: str = "open"
    check_network: str = "off"
    path: str = ""
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settings:
    project: Path
    state: Path
    agent: AgentSettings = field(default_factory=AgentSettings)
    policy: Policy = field(default_factory=Policy)
    run: RunSettings = field(default_factory=RunSettings)
    box: BoxSettings = field(default_factory=BoxSettings)
    stores: StoreSettings = field(default_factory=StoreSettings)

    @property
    def directory(self) -> Path:
        """What Nightshift keeps in the project: `.nightshift/`."""
        return self.project / STATE_DIRECTORY


def load(
    *,
    project: Path,
    slots: int = 3,
    attempts: int | None = None,
    model: str | None = None,
    checks: tuple[str, ...] | None = None,
    boxed: bool = True,
    push: bool | None = None,
    land: str = "push",
    merge: str = "human",
    tracker: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from what the command line says and, for the rest, from `environment()`."""
    env = environment() if variables is None else variables
    return Settings(
        project=project.resolve(),
        state=state_directory(env),
        agent=AgentSettings(
            model=model or env.get("NIGHTSHIFT_MODEL", DEFAULT_MODEL),
            tokens=pool_tokens(env),
            endpoint=env.get("ANTHROPIC_BASE_URL"),
            environment={name: env[name] for name in _PASSED_ON if name in env},
        ),
        policy=Policy(
            slots=slots,
            attempts=attempts,
            limits=limits(env),
            bounds=_bounds(env),
            ttl=timedelta(seconds=number(env, "NIGHTSHIFT_LEASE_SECONDS", TTL.total_seconds())),
            max_failures=whole(env, "NIGHTSHIFT_MAX_FAILURES", MAX_FAILURES),
            second_model=env.get("NIGHTSHIFT_SECOND_MODEL", SECOND_MODEL),
            merge=merge,
            reviews=whole(env, "NIGHTSHIFT_REVIEWS", 10),
        ),
        run=RunSettings(
            caps=caps(env),
            checks=checks,
            push=push,
            land=land,
            check_seconds=number(env, "NIGHTSHIFT_CHECK_SECONDS", 900),
            crash=env.get("NIGHTSHIFT_CRASH"),
        ),
        box=BoxSettings(
            wanted=boxed,
            network=_one_of(env, "NIGHTSHIFT_NETWORK", ("open", "model-only")),
            check_network=_one_of(env, "NIGHTSHIFT_CHECK_NETWORK", ("off", "open")),
            path=env.get("PATH", os.defpath),
            readable=tuple(
                Path(one) for one in env.get("NIGHTSHIFT_BOX_READ", "").split(":") if one
            ),
        ),
        stores=stores_of(project, env, tracker=tracker),
    )


def state_directory(env: Mapping[str, str]) -> Path:
    """Outside every project: a clone in there inherits nothing from a person's repository."""
    given = Path(env.get("XDG_STATE_HOME", ""))  # a relative one is to be ignored, says XDG
    return (given if given.is_absolute() else Path.home() / ".local" / "state") / "nightshift"


def _one_of(env: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    value = env.get(name, known[0])
    if value not in known:
        raise SettingsError(f"{name} must be {' or '.join(known)}, not {value!r}.")
    return value


def _bounds(env: Mapping[str, str]) -> Bounds | None:
    text = env.get("NIGHTSHIFT_PLAN_ISSUES")
    if text is None:
        return None
    least, dash, most = text.partition("-")
    if not (dash and least.isdecimal() and most.isdecimal() and 0 < int(least) <= int(most)):
        raise SettingsError(f"NIGHTSHIFT_PLAN_ISSUES must be like `25-50`, not {text!r}.")
    return Bounds(least=int(least), most=int(most))
