"""What a git remote says about the forge behind it: host, owner, repository, and at times which.

Pure reading: nobody is asked. `insteadOf` and the aliases of an SSH configuration must be
resolved before.
"""

from __future__ import annotations

import re
from enum import StrEnum

from .frozen import dataclass

_WEB_PORTS = {"https": "443", "http": "80"}
_SCHEMES = frozenset({"https", "http", "ssh", "git", "git+ssh", "ssh+git"})
_ALWAYS_HTTPS = frozenset({"github.com", "gitlab.com", "codeberg.org"})
_OTHER_DOORS = {
    "ssh.github.com": "github.com",
    "www.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
}
_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")
_IPV6 = frozenset("0123456789abcdef:.")
_SHORT = r"(?:[^/:@\[\]]+@)?(\[[^\[\]/]+\]|[^/:@\[\]]+):(?!:)(.*)"


class Platform(StrEnum):
    """Forgejo and Codeberg answer as Gitea does."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A repository on a forge.

    `platform` is None unless the host's name says it, and a name is no proof: a token goes only
    to a host that it was given for. `base_url` has no slash at its end. `host` is in small
    letters, without port and brackets. `owner` holds all groups, as in `group/sub`.
    """

    platform: Platform | None
    base_url: str
    host: str
    owner: str
    repo: str


def parse_remote(url: str) -> Remote | None:
    """Read an https, http, ssh or git URL, or SSH's short form `user@host:owner/repo`.

    None for what names no owner and repository on another host: local paths, `file://`, other
    protocols, malformed text. Never raises. User names, passwords and queries are in no field.
    Where git speaks SSH, the forge's web address is taken to be https on its usual port. A forge
    below a path, as in `https://host/forge/owner/repo`, cannot be told from a subgroup: its path
    counts as part of the owner. Host names are ASCII.
    """
    text = url.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        return _short(text)
    if scheme.lower() not in _SCHEMES:
        return None
    authority, _, path = _without_query(rest).partition("/")
    return _remote(scheme.lower(), authority.rpartition("@")[2], path)


def _short(text: str) -> Remote | None:
    """`host:path`, `user@host:path`, `[::1]:path` or `[user@host:port]:path`, as git reads them:
    a slash before the colon makes it a local path, and a single letter is a drive."""
    found = re.fullmatch(_SHORT, text)
    if found is None or (len(found[1]) == 1 and text.startswith(found[1])):
        return None
    authority = found[1]
    if authority.startswith("[") and authority.count(":") < 2:
        authority = authority[1:-1].rpartition("@")[2]
    return _remote("ssh", authority, _without_query(found[2]))


def _remote(scheme: str, authority: str, path: str) -> Remote | None:
    host, port = _host_and_port(authority)
    *groups, repo = [part for part in path.split("/") if part] or [""]
    repo = repo.removesuffix(".git")
    platform = _platform(host)
    if not (host and groups and all(_is_name(part) for part in (*groups, repo))):
        return None
    if platform is Platform.GITHUB and len(groups) > 1:
        return None
    return Remote(
        platform=platform,
        base_url=_base_url(scheme, host, port),
        host=host,
        owner="/".join(groups),
        repo=repo,
    )


def _host_and_port(authority: str) -> tuple[str, str]:
    """The host is empty where the authority is malformed; the port is where none is given."""
    text = authority.lower()
    if text.startswith("["):
        host, end, rest = text[1:].partition("]")
        sound = bool(end) and set(host) <= _IPV6 and host.count(":") > 1 and rest[:1] in ("", ":")
        port = rest[1:]
    else:
        host, _, port = text.partition(":")
        host = host.removesuffix(".")
        sound = set(host) <= _HOST and host[:1].isalnum() and ".." not in host
    if not sound or (port and not _is_port(port)):
        return "", ""
    return _OTHER_DOORS.get(host, host), port


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536


def _is_name(text: str) -> bool:
    """Whether a forge could have a group or repository of this name."""
    plain = all(sign.isalnum() or sign in "._-~+" for sign in text)
    return plain and text not in ("", ".", "..", "-")


def _base_url(scheme: str, host: str, port: str) -> str:
    name = f"[{host}]" if ":" in host else host
    if scheme not in _WEB_PORTS or host in _ALWAYS_HTTPS:
        return f"https://{name}"
    usual = port in ("", _WEB_PORTS[scheme])
    return f"{scheme}://{name}" + ("" if usual else f":{int(port)}")


def _platform(host: str) -> Platform | None:
    if host == "github.com":
        return Platform.GITHUB
    if host == "codeberg.org":
        return Platform.GITEA
    match host.partition("."):
        case ("gitlab", ".", _):
            return Platform.GITLAB
        case ("gitea" | "forgejo", ".", _):
            return Platform.GITEA
        case _:
            return None


def _without_query(text: str) -> str:
    return text.partition("?")[0].partition("#")[0]
