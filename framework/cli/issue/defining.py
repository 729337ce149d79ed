"""`issue backend add`: a definition put together from options, answers and what is known."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.errors import UsageError
from .asking import ask

if TYPE_CHECKING:
    from ...config.kinds import Kind

PLACE = {
    "url": "the forge's web address",
    "owner": "whose repository it is",
    "repo": "which repository holds the issues",
    "path": "the file of a local board",
}
"""The fields that say where issues live, each with what it is."""

MORE = {"board": "the number of the project board on GitHub, or off [one is made]"}
"""Those that are never asked for."""


def fields_of(project: Path, kind: Kind, options: Namespace) -> dict[str, str]:
    """What was said, for the rest what is asked, and for that what is known already."""
    known = _known(project, options)
    given = {name: getattr(options, name) for name in PLACE}
    fields = {
        name: ask(PLACE[name].capitalize(), known.get(name, "")) if text is None else text
        for name, text in given.items()
        if text is not None or name in kind.fields
    }
    more = {name: text for name in MORE if (text := getattr(options, name) or known.get(name))}
    fields = {**fields, **more}
    source = options.token_source or known.get("token_source")
    return {**fields, "token_source": source} if source else fields


def _known(project: Path, options: Namespace) -> dict[str, str]:
    """What a definition of this name and type may begin with: the old one, or what the git remote
    and the environment say. Local boards get a file each."""
    from ...config.backends import list_backends
    from ...config.choice import token_variable
    from ...config.detection import detect
    from ...config.environment import process
    from ...config.kinds import ALIASES, LOCAL

    kind = ALIASES.get(options.type, options.type)
    if kind == LOCAL:
        known = {"path": f".nightshift/{options.name}.db"}
    else:
        found = detect(project).backend
        known = dict(found.fields) if found is not None and found.type == kind else {}
        if variable := token_variable(kind, project, process()):
            known["token_source"] = f"env:{variable[0]}"
    for one in list_backends(project):
        if (one.name, one.type, one.user) == (options.name, kind, options.user):
            known.update(one.fields)
    return known


def refuse_incomplete(kind: Kind, fields: dict[str, str], options: Namespace) -> None:
    missing = [
        name
        for name in ("url", "owner", "repo")
        if name in kind.fields and not fields.get(name) and not (name == "url" and kind.home)
    ]
    if missing:
        flags = " ".join(f"--{name} {name.upper()}" for name in missing)
        raise UsageError(
            f"The backend {options.name} has no {', no '.join(missing)}. "
            f"Say it: issue backend add {options.name} {options.type} {flags}"
        )
