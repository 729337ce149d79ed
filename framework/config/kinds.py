"""What a backend may be: its types, and the fields of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..domain.errors import SettingsError
from ..domain.frozen import dataclass
from ..domain.nearest import hint

TOKEN = "token_source"  # noqa: S105  the name of a field, not a token
LOCAL = "sqlite"
ALIASES = {"local": LOCAL}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
BOARD = "board"
NO_BOARD = "off"
_FIELDS = ("type", "url", "owner", "repo", "path", BOARD, TOKEN)
_MOST = 4096


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`variables` are read for what a definition leaves out, `tokens` in their order; `home` is
    the only host that the token goes to where no address is given."""

    fields: tuple[str, ...]
    variables: Mapping[str, str] = MappingProxyType({})
    tokens: tuple[str, ...] = ()
    home: str | None = None


KINDS: Mapping[str, Kind] = {
    LOCAL: Kind(fields=("path",)),
    "gitea": Kind(
        fields=("url", "owner", "repo", TOKEN),
        variables={"url": "GITEA_URL", "owner": "GITEA_OWNER", "repo": "GITEA_REPO"},
        tokens=("GITEA_TOKEN", "GITEA_API_TOKEN"),
    ),
    "github": Kind(
        fields=("url", "owner", "repo", BOARD, TOKEN),
        tokens=("GITHUB_TOKEN", "GH_TOKEN"),
        home="https://github.com",
    ),
    "gitlab": Kind(
        fields=("url", "owner", "repo", TOKEN),
        variables={"url": "GITLAB_URL"},
        tokens=("GITLAB_TOKEN",),
        home="https://gitlab.com",
    ),
}
"""In this order they are shown. A type that this version cannot open can be kept all the same."""

STORES: Mapping[str, tuple[str, ...]] = {"leases": ("file", "sqlite"), "journal": ("sqlite",)}
"""What a project can keep its leases and its journal in. The `memory` doubles keep nothing."""

RESERVED = frozenset({LOCAL, *ALIASES})
"""Names that always mean the built-in backend, and that no definition may take."""


def kind_of(name: str) -> Kind:
    """The built-in type of this name or alias. Raises SettingsError with the nearest one."""
    found = KINDS.get(ALIASES.get(name, name))
    if found is None:
        raise SettingsError(f"Unknown backend type {name!r}. {hint(name, shown())}")
    return found


def shown() -> tuple[str, ...]:
    """The types that people are told of."""
    return tuple(KINDS)


def wrong(definition: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first wrong key of a backend's definition, and what is wrong with it; else None.

    No text of a value is repeated: it could be a token at the wrong place.
    """
    for key, value in definition.items():
        if key not in _FIELDS:
            return key, f"is unknown. {_advice(key)}"
        if not isinstance(value, str) or not value.strip() or len(value) > _MOST:
            return key, "must be a text in quotes, and not an empty one."
    if definition.get("type") not in KINDS:
        kind = str(definition.get("type", ""))
        return "type", f"must be a known type. {hint(kind, shown())}"
    return _wrong_fields(definition, KINDS[definition["type"]])


def _advice(key: str) -> str:
    if key in ("token", "api_token", "password"):
        return f"A token is never kept here; {TOKEN} says where it is."
    return hint(key, _FIELDS)


def _wrong_fields(definition: Mapping[str, str], kind: Kind) -> tuple[str, str] | None:
    from .secret import is_raw, wrong_source

    for key, value in definition.items():
        if key not in ("type", *kind.fields):
            known = ", ".join(kind.fields) or "none"
            return key, f"does not belong to a backend of this type. Known: {known}."
        if key == TOKEN and (problem := wrong_source(value)):
            return key, f"{problem}."
        if key != TOKEN and is_raw(value):
            return key, f"looks like a token. A token is never kept here; {TOKEN} says where it is."
        if key == BOARD and not is_board(value):
            return key, "must be the number of a project board, or off."
        if key == "url" and not is_address(value):
            return key, "must be a web address such as https://forge.example, without a password."
    return None


def is_board(text: str) -> bool:
    """Whether the text says which project board shows the issues: its number, or that none does."""
    return text == NO_BOARD or (text.isdecimal() and 0 < int(text) < 1_000_000)


def is_address(text: str) -> bool:
    """Whether the text is a web address with a host, and without user name and password."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in text
    except ValueError:
        return False
