"""The backends that a person defined: `issue backend …`, `issue config init`.

A definition is kept in the project's file or, for all projects, in the person's. Nothing here
touches the issues themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.errors import AlreadyThere, EntryNotFound, SettingsError
from ..domain.nearest import hint
from .choice import BUILT_IN, Chosen, choose, documents, named, openable
from .detection import Detected
from .document import project_file
from .environment import process, user_file
from .kinds import ALIASES, LOCAL, kind_of
from .place import prepare
from .writing import Change, Saved, change


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A definition as it is written, without what the environment would fill in. `origin` is its
    file or "built-in default"; a hidden one loses to the project's of the same name."""

    name: str
    type: str
    fields: Mapping[str, str]
    origin: str
    user: bool = False
    is_default: bool = False
    is_hidden: bool = False


def list_backends(project: Path, variables: Mapping[str, str] | None = None) -> tuple[Backend, ...]:
    """The built-in board, the project's and the person's; the default is what a command without
    --backend would use."""
    env = _env(variables)
    default = choose(project, variables=env)
    name = ALIASES.get(default.name, default.name)
    found = [Backend(name=LOCAL, type=LOCAL, fields={}, origin=BUILT_IN, is_default=name == LOCAL)]
    for file, user in zip(documents(project, env), (False, True), strict=True):
        for one, definition in file.backends.items():
            hidden = any(earlier.name == one for earlier in found)
            found.append(
                Backend(
                    name=one,
                    type=definition["type"],
                    fields={key: text for key, text in definition.items() if key != "type"},
                    origin=str(file.path),
                    user=user,
                    is_default=one == name and not hidden,
                    is_hidden=hidden,
                )
            )
    return tuple(found)


def show_backend(project: Path, name: str, variables: Mapping[str, str] | None = None) -> Chosen:
    """The backend as it would be used, with the origin of each field. EntryNotFound where no
    backend has this name."""
    env = _env(variables)
    return named(name, project, env, documents(project, env), origin="asked for")


def add_backend(
    project: Path,
    name: str,
    type: str,
    fields: Mapping[str, str],
    *,
    user: bool = False,
    replace: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Saved:
    """Define a backend. `fields` are those of its type; empty ones are left out. Nothing is
    tried. Raises SettingsError for a wrong field, and AlreadyThere where the file defines the
    name already, unless `replace`."""
    kind_of(type)
    given = {key: value.strip() for key, value in fields.items() if value.strip()}
    definition = {"type": ALIASES.get(type, type), **given}

    def edit(values: dict[str, Any]) -> None:
        backends = values.setdefault("backends", {})
        if name in backends and not replace:
            raise AlreadyThere(
                f"The backend {name!r} is defined already. Choose another name, or say that it "
                "is to be replaced; what was is kept in a copy beside the file."
            )
        backends[name] = definition

    return _change(project, edit, user=user, variables=variables)


def remove_backend(
    project: Path,
    name: str,
    *,
    user: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Saved:
    """Forget a definition; its issues stay where they are. Raises EntryNotFound where the file
    does not define it, SettingsError where it is the default."""
    path = file_of(project, user=user, variables=variables)

    def edit(values: dict[str, Any]) -> None:
        backends = values.get("backends", {})
        if name not in backends:
            raise EntryNotFound(
                f"Backend not configured: {path} does not define {name!r}. {hint(name, backends)}"
            )
        if values.get("tracker") == name:
            raise SettingsError(
                f"{name!r} is the default backend. Make another one the default first, for "
                f"example with `issue backend set-default {LOCAL}`."
            )
        del backends[name]

    return _change(project, edit, user=user, variables=variables)


def set_default(
    project: Path,
    name: str,
    *,
    user: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Saved:
    """Use this backend from now on, in this project or, with `user`, wherever a project says
    nothing itself. No issue is moved. Raises SettingsError for an unknown name and UsageError
    for a backend that this version cannot open."""
    env = _env(variables)
    files = documents(project, env)
    openable(named(name, project, env, files[1:] if user else files, origin="asked for"))
    return _change(project, lambda values: values.update(tracker=name), user=user, variables=env)


def init(project: Path, detected: Detected) -> Saved:
    """Write down what was detected: the definition, and it as the default where this version can
    open it and a token is at hand, else the local board. What the project defines under the same
    name is replaced."""
    backend = detected.backend

    def edit(values: dict[str, Any]) -> None:
        if backend is not None:
            definition = {"type": backend.type, **backend.fields}
            values["backends"] = {**values.get("backends", {}), backend.name: definition}
        if backend is not None and detected.is_usable:
            values["tracker"] = backend.name
        values.setdefault("tracker", LOCAL)

    return _change(project, edit, user=False, variables={})


def file_of(
    project: Path, *, user: bool = False, variables: Mapping[str, str] | None = None
) -> Path:
    """The configuration file that commands change; it need not be there."""
    return user_file(_env(variables)) if user else project_file(project)


def _change(
    project: Path, edit: Change, *, user: bool, variables: Mapping[str, str] | None
) -> Saved:
    if not user:
        prepare(project)
    return change(file_of(project, user=user, variables=variables), edit, user=user)


def _env(variables: Mapping[str, str] | None) -> Mapping[str, str]:
    return process() if variables is None else variables
