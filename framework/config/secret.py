"""Tokens: where one is kept, and the value when it is needed. A value is never written down.

A `token_source` is `env:NAME` (a variable, or a line of the project's `.env`), `file:PATH`
(absolute or from `~/`, readable by its owner alone), `keyring:SERVICE/USER`, or `gh:HOST`: the
one that the `gh` command is logged in with there.
"""

from __future__ import annotations

import importlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from ..domain.errors import SettingsError
from .environment import lookup, process

_FORMS = "`env:NAME`, `file:/path`, `keyring:SERVICE/USER` or `gh:HOST`"
_SOURCES = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]*|file:(?:/|~/).+|keyring:[^/].*/[^/]+|gh:[A-Za-z0-9][A-Za-z0-9.-]*"
)
_GH_SECONDS = 20
_RAW = re.compile(r"(?:env:)?(?:gh[a-z]_|github_pat_|gl[a-z]{2,8}-|[0-9a-f]{40}$|[0-9a-f]{64}$)")
_LONGEST = 16_384


class Secret:
    """A value that no repr, format or log shows; only `reveal()` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def is_raw(text: str) -> bool:
    """Whether the text looks like a token itself."""
    return _RAW.match(text) is not None


def wrong_source(text: str) -> str | None:
    """What is wrong with a `token_source`, without repeating it; None where nothing is."""
    if _SOURCES.fullmatch(text) and not is_raw(text):
        return None
    return f"must be {_FORMS}; a token itself is never kept here"


def resolve_token(source: str, project: Path, variables: Mapping[str, str] | None = None) -> Secret:
    """The token that a source names. Raises SettingsError, which says what to do and shows no
    part of a token, where there is none or where others could have read it."""
    if problem := wrong_source(source):
        raise SettingsError(f"The token's source {problem}.")
    form, _, place = source.partition(":")
    match form:
        case "env":
            value = _of_variable(place, project, process() if variables is None else variables)
        case "file":
            value = _of_file(Path(place).expanduser())
        case "gh":
            value = _of_gh(place)
        case _:
            value = _of_keyring(place)
    if not value.isprintable() or " " in value:
        raise SettingsError(f"What {source} holds is no token: it must be one line of text.")
    return Secret(value)


def _of_variable(name: str, project: Path, variables: Mapping[str, str]) -> str:
    found = lookup(project, name, variables)
    if found is None:
        raise SettingsError(
            f"The token's variable {name} is not set. Export it, or write it into "
            f"{project / '.env'}, which must stay out of git."
        )
    return found[0]


def _of_file(path: Path) -> str:
    try:
        # Without O_NONBLOCK the opening of a pipe that nobody writes to would wait for ever.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(number, "rb") as file:
            _refuse_open_to_others(path, os.fstat(number))
            value = file.read(_LONGEST).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(
            f"The token file {path} cannot be read: {why}. Write the token into it, "
            "alone and readable by you only."
        ) from error
    if not value:
        raise SettingsError(f"The token file {path} is empty. Write the token into it.")
    return value


def _refuse_open_to_others(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(f"The token file {path} is no plain file. Name one that is.")
    if os.name == "posix" and status.st_mode & 0o077:
        raise SettingsError(
            f"The token file {path} is open to other users. Close it with `chmod 600 {path}`, "
            "and replace the token if others may have read it."
        )


def _of_gh(host: str) -> str:
    import subprocess

    command = ("gh", "auth", "token", "--hostname", host)
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=_GH_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError(
            f"The gh command cannot be asked for its token of {host}: {error}. Install gh, or "
            "keep a token in a variable (`env:NAME`)."
        ) from error
    if ran.returncode or not ran.stdout.strip():
        raise SettingsError(
            f"gh is not logged in at {host}. Run `gh auth login --hostname {host} --scopes "
            "repo,project`, or keep a token in a variable (`env:NAME`)."
        )
    return ran.stdout.strip()


def _of_keyring(place: str) -> str:
    service, _, user = place.rpartition("/")
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError as error:
        raise SettingsError(
            "The token is kept in the system's keyring, which needs a package. Install it with "
            "`pip install keyring`, or keep the token in a variable (`env:NAME`)."
        ) from error
    try:
        value = keyring.get_password(service, user)
    except errors.KeyringError as error:
        raise SettingsError(
            f"The system's keyring cannot be asked: {error}. Unlock it, or keep the token in a "
            "variable (`env:NAME`)."
        ) from error
    if not value:
        raise SettingsError(
            f"The system's keyring holds nothing for {user} at {service}. Store it with "
            f"`keyring set {service} {user}`."
        )
    return str(value)
