"""Which tracker a project's issues are in.

Precedence: command line > environment > the project's config.json > the person's config.json >
git remote with a token in the environment > the built-in local board. A definition is taken as a
whole from one of these; what it leaves out is filled in from the environment and the git remote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..domain.errors import EntryNotFound, UsageError
from ..domain.frozen import dataclass
from ..domain.nearest import hint
from ..trackers import BACKENDS
from .document import Document, project_file, read
from .environment import lookup, process, user_file
from .kinds import ALIASES, KINDS, LOCAL, TOKEN, shown
from .place import STATE_DIRECTORY

BUILT_IN = "built-in default"
COMMAND_LINE = "command line"
_BOARD = "issues.db"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A tracker, and who said so. `fields` has no `type`, and `origins` says for each field where
    its value is from. A token is only named: `fields["token_source"]`."""

    name: str
    type: str
    origin: str
    fields: Mapping[str, str]
    origins: Mapping[str, str]

    @property
    def path(self) -> Path | None:
        """The file of a local board; absolute."""
        return Path(self.fields["path"]) if "path" in self.fields else None

    @property
    def ships(self) -> bool:
        """Whether this version can open it."""
        return self.type in BACKENDS


def choose(
    project: Path, backend: str | None = None, variables: Mapping[str, str] | None = None
) -> Chosen:
    """The tracker of a project, `backend` being what the command line says.

    Opens and asks nothing; git is run only where nothing is configured and a forge's token is at
    hand. A forge that is only found, in the environment or as the git remote, is not chosen when
    this version has no backend for it. Raises EntryNotFound where a name means no backend, and
    SettingsError for a wrong configuration file.
    """
    env = process() if variables is None else variables
    files = documents(project, env)
    if backend is not None:
        return named(backend, project, env, files, origin=COMMAND_LINE)
    if (forge := of_environment(project, env)) and forge.ships:
        return forge
    for file in files:
        if file.tracker is not None:
            return named(file.tracker, project, env, files, origin=str(file.path))
    return _found(project, env) or named(LOCAL, project, env, files, origin=BUILT_IN)


def openable(chosen: Chosen) -> Chosen:
    """The same; UsageError where this version cannot open such a tracker."""
    if not chosen.ships:
        known = ", ".join(name for name in shown() if name in BACKENDS)
        raise UsageError(
            f"{chosen.name} cannot be opened: this version has no {chosen.type} backend yet; "
            f"known: {known}. Use another, for example with --backend {LOCAL}."
        )
    return chosen


def documents(project: Path, variables: Mapping[str, str]) -> tuple[Document, Document]:
    """The project's file and the person's, the stronger first."""
    mine = read(user_file(variables), user=True)
    return read(project_file(project)), mine


def named(
    name: str,
    project: Path,
    variables: Mapping[str, str],
    files: Sequence[Document],
    *,
    origin: str,
) -> Chosen:
    """The backend of this name: as a file defines it, else the built-in type of that name."""
    for file in files:
        if name in file.backends:
            fields = dict(file.backends[name])
            kind = fields.pop("type")
            origins = dict.fromkeys(fields, str(file.path))
            break
    else:
        kind, fields, origins = _built_in(name, files), {}, {}
    chosen = Chosen(name=name, type=kind, origin=origin, fields=fields, origins=origins)
    return _local(chosen, project) if kind == LOCAL else _filled(chosen, project, variables)


def of_environment(project: Path, variables: Mapping[str, str]) -> Chosen | None:
    """The forge that the environment names in full: address, owner, repository and token."""
    for type, kind in KINDS.items():
        if {"url", "owner", "repo"} <= kind.variables.keys() and all(
            variables.get(variable) for variable in kind.variables.values()
        ):
            bare = Chosen(name=type, type=type, origin="environment", fields={}, origins={})
            chosen = _filled(bare, project, variables)
            return chosen if TOKEN in chosen.fields else None
    return None


def token_variable(
    type: str, project: Path, variables: Mapping[str, str]
) -> tuple[str, str] | None:
    """The variable that holds a token for a forge of this type, and where it is set."""
    for name in KINDS[type].tokens:
        if found := lookup(project, name, variables):
            return name, found[1]
    return None


def _built_in(name: str, files: Sequence[Document]) -> str:
    if ALIASES.get(name, name) in KINDS:
        return ALIASES.get(name, name)
    known = sorted({*shown(), *(one for file in files for one in file.backends)})
    raise EntryNotFound(
        f"Backend not configured: {name!r}. {hint(name, known)} Define it with "
        f"`issue backend add {name} TYPE`, or take another with `issue backend set-default NAME`."
    )


def _filled(chosen: Chosen, project: Path, variables: Mapping[str, str]) -> Chosen:
    from .detection import fill  # a plain local project never needs it

    return fill(chosen, project, variables)


def _local(chosen: Chosen, project: Path) -> Chosen:
    """A relative path is the project's."""
    given = chosen.fields.get("path")
    default = Path(STATE_DIRECTORY, _BOARD)
    path = project.absolute() / (Path(given).expanduser() if given else default)
    origin = chosen.origins.get("path", BUILT_IN)
    return Chosen(
        name=chosen.name,
        type=chosen.type,
        origin=chosen.origin,
        fields={"path": str(path)},
        origins={"path": origin},
    )


def _found(project: Path, variables: Mapping[str, str]) -> Chosen | None:
    if not any(token_variable(type, project, variables) for type in KINDS):
        return None
    from .detection import detect

    found = detect(project, variables)
    return found.backend if found.is_usable else None
