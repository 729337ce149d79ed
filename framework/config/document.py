"""One configuration file, read strictly: the project's `.nightshift/config.json`, or the
person's `~/.config/nightshift/config.json`.

Whatever is wrong is a SettingsError that names the file, the place in it and the nearest known
key; nothing of a wrong file is used, and nothing in it is changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..domain.errors import SettingsError
from ..domain.frozen import dataclass
from ..domain.identity import NOBODY
from ..domain.nearest import hint
from .kinds import NAME, RESERVED, STORES, wrong
from .place import CONFIG_FILE, STATE_DIRECTORY

_BOTH = ("tracker", "backends", "agent")
_OF_PROJECT = (*_BOTH, "leases", "journal")
_AGENT = ("id", "type", "claim_timeout")
_LONGEST = 100
_YEAR = 366 * 86_400


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file's content, checked. `values` is empty where there is no file."""

    path: Path
    values: Mapping[str, Any]

    @property
    def tracker(self) -> str | None:
        """The name of the backend that is to be used."""
        return self.values.get("tracker")

    @property
    def backends(self) -> Mapping[str, Mapping[str, str]]:
        """The definitions, each with its `type`."""
        found: Mapping[str, Mapping[str, str]] = self.values.get("backends", {})
        return found

    @property
    def agent(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.values.get("agent", {})
        return found


def project_file(project: Path) -> Path:
    return project / STATE_DIRECTORY / CONFIG_FILE


def read(path: Path, *, user: bool = False) -> Document:
    """The file as it is; `user` says that it is a person's own and belongs to no project."""
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Document(path=path, values={})
    except OSError as error:
        raise _unreadable(path, f"{error.strerror}") from error
    return Document(path=path, values=parse(text, path, user=user))


def check_file(path: Path, *, user: bool = False) -> None:
    """Raise the SettingsError of whatever is wrong in the file."""
    read(path, user=user)


def parse(text: bytes, path: Path, *, user: bool = False) -> dict[str, Any]:
    """The content that `text` is, checked. `path` is what errors call it."""
    try:
        decoded = text.decode("utf-8")
        values = json.loads(decoded, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _unreadable(path, f"{where}: {error.msg}") from error
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"line {line}: it is not UTF-8 text") from error
    except RecursionError as error:
        raise _unreadable(path, "it is nested too deeply") from error
    except _Twice as error:
        from .lines import twice

        key, line = twice(decoded)
        raise _unreadable(path, f"line {line}: the key {key!r} is there twice") from error
    except ValueError as error:  # a number that is too long for Python
        raise _unreadable(path, str(error)) from error
    check(values, path, user=user, text=decoded)
    return dict(values)


def check(values: Any, path: Path, *, user: bool = False, text: str = "") -> None:
    """Raise SettingsError unless `values` may be the content of such a file. `text` is that
    content, where it was read: the error then names the line."""
    try:
        _check(values, user=user)
    except _Wrong as error:
        from .lines import line_of

        line = line_of(text, error.keys)
        place = f"Line {line}: " if line else ""
        key = f"{'.'.join(error.keys)}: " if error.keys else ""
        raise SettingsError(
            f"{path} is not used. {place}{key}{error.what} Mend it; nothing was changed."
        ) from error


class _Wrong(ValueError):
    """Something is wrong at the place that `keys` lead to."""

    def __init__(self, keys: tuple[str, ...], what: str) -> None:
        super().__init__(what)
        self.keys = keys
        self.what = what


class _Twice(ValueError):
    """An object has a key twice."""


def _check(values: Any, *, user: bool) -> None:
    if not isinstance(values, dict):
        raise _Wrong((), "the whole must be an object in braces.")
    for key, value in values.items():
        _refuse_unknown((key,), _BOTH if user else _OF_PROJECT)
        match key:
            case "backends":
                _check_backends(_object((key,), value))
            case "agent":
                _check_agent(_object((key,), value))
            case "leases" | "journal":
                if value not in STORES[key]:
                    raise _Wrong((key,), f"must be {' or '.join(STORES[key])}.")
            case _:
                _name((key,), value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _check_backends(backends: dict[str, Any]) -> None:
    for name, value in backends.items():
        keys = ("backends", name)
        if not NAME.fullmatch(name):
            raise _Wrong(keys, "a name is letters, digits, `.`, `_` and `-`, at most 64.")
        if name in RESERVED:
            raise _Wrong(keys, "the name means the built-in local board; take another.")
        definition = _object(keys, value)
        if problem := wrong(definition):
            raise _Wrong((*keys, problem[0]), problem[1])


def _check_agent(agent: dict[str, Any]) -> None:
    for key, value in agent.items():
        keys = ("agent", key)
        _refuse_unknown(keys, _AGENT)
        if key != "claim_timeout":
            _name(keys, value)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise _Wrong(keys, "must be a number of seconds.")
        elif not 1 <= value <= _YEAR:
            raise _Wrong(keys, "must be from one second to a year.")


def _name(keys: tuple[str, ...], value: Any) -> None:
    if not isinstance(value, str):
        raise _Wrong(keys, "must be a text in quotes.")
    is_who = keys == ("agent", "id")
    if problem := wrong_agent(value) if is_who else wrong_name(value):
        raise _Wrong(keys, problem)


def wrong_agent(text: str) -> str | None:
    """What is wrong with the name of who acts; None where nothing is."""
    if text.strip().lower() in NOBODY:
        return f"cannot be {text!r}: in queries that means somebody else. Choose another name."
    return wrong_name(text)


def wrong_name(text: str) -> str | None:
    """What is wrong with the name of somebody or something; None where nothing is."""
    if text.strip() != text or not text or len(text) > _LONGEST or not text.isprintable():
        return f"must be 1 to {_LONGEST} signs on one line, without space around them."
    return None


def _object(keys: tuple[str, ...], value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(keys, "must be an object in braces.")
    return value


def _refuse_unknown(keys: tuple[str, ...], known: tuple[str, ...]) -> None:
    if keys[-1] not in known:
        raise _Wrong(keys, f"is unknown. {hint(keys[-1], known)}")


def _unreadable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"{path} cannot be read: {why}. Mend it, or put back a copy from beside it "
        f"({CONFIG_FILE}.backup-…), if there is one; nothing was changed."
    )
