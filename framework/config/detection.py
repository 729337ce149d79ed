"""What the environment and the git remote say about a project's forge.

A token goes only to the host that it was given for: that of GITEA_URL or GITLAB_URL, else
github.com or gitlab.com. A Gitea has no such home, so GITEA_TOKEN alone is taken to be for the
forge of the repository, over https.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from ..domain.errors import SettingsError
from ..domain.remote import Remote
from .choice import Chosen, of_environment, token_variable
from .environment import process
from .kinds import KINDS, TOKEN, Kind, is_address
from .repository import Found, find_remote

_GUESSED = "gitea"
_HAS_LOGIN = "github"
_REMOTE = "git remote"


@dataclass(frozen=True, kw_only=True)
class Detected:
    """`backend` is what the project seems to live on, also where this version cannot open it or
    a token is missing; `reasons` say in sentences how that was found and what is missing."""

    remote: Remote | None
    backend: Chosen | None
    token_variable: str | None
    reasons: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        return self.backend is not None and self.backend.ships and self.token_variable is not None


def detect(project: Path, variables: Mapping[str, str] | None = None) -> Detected:
    """Look at the environment and the git remote; writes nothing and asks no forge."""
    env = process() if variables is None else variables
    found = find_remote(project)
    if forge := of_environment(project, env):
        return _told(found, forge, ["The environment names the forge in full."])
    if found.remote is None:
        return _told(found, None, [found.why])
    remote = found.remote
    reasons = [f"The git remote {found.name} is {remote.owner}/{remote.repo} at {remote.host}."]
    type = _type_of(remote, project, env)
    if type is None:
        reasons.append(
            f"Nothing says which forge {remote.host} is: set GITEA_URL or GITLAB_URL to its "
            "address, and the token."
        )
        return _told(found, None, reasons)
    chosen = _at_remote(type, found.name, remote, env)
    return _told(found, _with_token(chosen, project, env), reasons)


def fill(chosen: Chosen, project: Path, variables: Mapping[str, str]) -> Chosen:
    """With what the definition leaves out, from the environment and then from the git remote."""
    kind = KINDS[chosen.type]
    for name, variable in kind.variables.items():
        if (value := variables.get(variable, "").strip()) and _concerns(kind, chosen, variables):
            chosen = _plus(chosen, name, value, f"environment {variable}")
    if any(name in kind.fields and name not in chosen.fields for name in ("url", "owner", "repo")):
        chosen = _from_remote(chosen, kind, find_remote(project))
    if kind.home:
        chosen = _plus(chosen, "url", kind.home, "built-in default")
    return _with_token(chosen, project, variables)


def _type_of(remote: Remote, project: Path, variables: Mapping[str, str]) -> str | None:
    """The address variables go before the host's name, and the name before a token alone."""
    for type, kind in KINDS.items():
        if _host(_address(kind, variables)) == remote.host:
            return type
    if remote.platform is not None:
        return remote.platform.value
    with_token = [type for type in KINDS if token_variable(type, project, variables)]
    unbound = not _address(KINDS[_GUESSED], variables)
    alone = _GUESSED in with_token and "gitlab" not in with_token
    return _GUESSED if alone and unbound else None


def _at_remote(type: str, name: str, remote: Remote, variables: Mapping[str, str]) -> Chosen:
    address = _address(KINDS[type], variables)
    url = address if _host(address) == remote.host else remote.base_url
    origin = f"{_REMOTE} {name}"
    return Chosen(
        name=type,
        type=type,
        origin=origin,
        fields={
            "url": url,
            "owner": _owner(remote, url),
            "repo": remote.repo,
        },
        origins=dict.fromkeys(("url", "owner", "repo"), origin),
    )


def _from_remote(chosen: Chosen, kind: Kind, found: Found) -> Chosen:
    remote = found.remote
    if remote is None or not _is_same_forge(chosen, kind, remote):
        return chosen
    url = chosen.fields.get("url", remote.base_url)
    values = {"url": url, "owner": _owner(remote, url), "repo": remote.repo}
    for name, value in values.items():
        chosen = _plus(chosen, name, value, f"{_REMOTE} {found.name}")
    return chosen


def _is_same_forge(chosen: Chosen, kind: Kind, remote: Remote) -> bool:
    """By the host; where the definition names none, by the type."""
    if host := _host(chosen.fields.get("url", "")):
        return host == remote.host
    if remote.platform is not None:
        return remote.platform.value == chosen.type
    return kind.home is None


def _owner(remote: Remote, url: str) -> str:
    """Without the path that the forge itself is below, which only its address can tell."""
    below = urlsplit(url).path.strip("/")
    return remote.owner.removeprefix(f"{below}/") if below else remote.owner


def _with_token(chosen: Chosen, project: Path, variables: Mapping[str, str]) -> Chosen:
    found = token_variable(chosen.type, project, variables)
    if found is None:
        return _with_login(chosen)
    if not _may_send(chosen, variables):
        return chosen
    return _plus(chosen, TOKEN, f"env:{found[0]}", f"{found[1]} {found[0]}")


def _with_login(chosen: Chosen) -> Chosen:
    """With the token of GitHub's own command, where that is installed: it keeps one per host."""
    host = _host(chosen.fields.get("url", ""))
    if chosen.type != _HAS_LOGIN or not host or shutil.which("gh") is None:
        return chosen
    return _plus(chosen, TOKEN, f"gh:{host}", "gh")


def _may_send(chosen: Chosen, variables: Mapping[str, str]) -> bool:
    kind, url = KINDS[chosen.type], chosen.fields.get("url", "")
    given = _address(kind, variables) or kind.home
    if given:
        return _door(given) == _door(url)
    return url.startswith("https://")


def _concerns(kind: Kind, chosen: Chosen, variables: Mapping[str, str]) -> bool:
    """Whether the variables are about the forge of this definition, and not about another."""
    address, url = _address(kind, variables), chosen.fields.get("url")
    return not address or not url or _door(address) == _door(url)


def _told(found: Found, backend: Chosen | None, reasons: list[str]) -> Detected:
    variable = None
    if backend is not None:
        source = backend.fields.get(TOKEN, "")
        variable = source.removeprefix("env:") if source.startswith("env:") else None
        reasons = [*reasons, *_missing(backend, variable)]
    return Detected(
        remote=found.remote,
        backend=backend,
        token_variable=variable,
        reasons=tuple(reasons),
    )


def _missing(backend: Chosen, variable: str | None) -> list[str]:
    kind, url = KINDS[backend.type], backend.fields["url"]
    said = []
    if variable:
        said.append(f"{variable} holds a token for it.")
    elif TOKEN in backend.fields:
        said.append(f"gh may be logged in there: use it with `--backend {backend.name}`.")
    elif "url" in kind.variables:
        said.append(
            f"No token is for {url}: set {kind.variables['url']} to that address and "
            f"{kind.tokens[0]} to a token."
        )
    else:
        said.append(f"No token: set {' or '.join(kind.tokens)}.")
    if not backend.ships:
        said.append(f"This version has no {backend.type} backend yet, so it is not used.")
    return said


def _plus(chosen: Chosen, name: str, value: str, origin: str) -> Chosen:
    if name in chosen.fields:
        return chosen
    return replace(
        chosen,
        fields={**chosen.fields, name: value},
        origins={**chosen.origins, name: origin},
    )


def _address(kind: Kind, variables: Mapping[str, str]) -> str:
    name = kind.variables.get("url", "")
    text = variables.get(name, "").strip().rstrip("/")
    if text and not is_address(text):
        raise SettingsError(
            f"{name} must be a web address such as https://forge.example, without a password."
        )
    return text


def _host(address: str) -> str:
    return _door(address)[1]


def _door(address: str) -> tuple[str, str, int | None]:
    """What a token is sent to: scheme, host, port. Empty for what is no address."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        return "", "", None
    return scheme, host, port or {"https": 443, "http": 80}.get(scheme)
