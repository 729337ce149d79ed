"""Who acts on issues here, and for how long a claim is made.

The environment goes before the project's file, and that before the person's. Name and kind are
looked for one by one, so that a project can say what all who work in it are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.errors import SettingsError
from ..domain.identity import AGENT, PERSON, Identity
from ..domain.lease import TTL
from .choice import BUILT_IN, documents
from .document import project_file, wrong_agent, wrong_name
from .environment import process, user_file
from .place import prepare

if TYPE_CHECKING:
    from .writing import Saved

_CLAIM_SECONDS = str(int(TTL.total_seconds()))
_VARIABLES = {"id": "ISSUE_AGENT_ID", "type": "ISSUE_AGENT_TYPE", "session": "ISSUE_SESSION_ID"}


def identity(project: Path, variables: Mapping[str, str] | None = None) -> Identity:
    """Who acts. Raises SettingsError for a name that no tracker could hold."""
    said = agent_settings(project, process() if variables is None else variables)
    values = {key: value for key, (value, _) in said.items()}
    return Identity(
        name=values["id"],
        kind=values["type"],
        session=values.get("session"),
        claim_timeout=timedelta(seconds=float(values["claim_timeout"])),
    )


def agent_settings(project: Path, variables: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """`id`, `type`, `claim_timeout` in seconds and, where it was said, `session`, each with where
    it is from."""
    found: dict[str, tuple[str, str]] = {}
    for key, variable in _VARIABLES.items():
        if value := variables.get(variable, "").strip():
            _refuse_wrong(variable, value, wrong_agent if key == "id" else wrong_name)
            found[key] = value, f"environment {variable}"
    for file in documents(project, variables):
        for key, value in file.agent.items():
            found.setdefault(key, (str(value), str(file.path)))
    found.setdefault("type", (AGENT if "id" in found else PERSON, BUILT_IN))
    found.setdefault("claim_timeout", (_CLAIM_SECONDS, BUILT_IN))
    if "id" not in found:
        found["id"] = _system_user(), "system user"
    return found


def set_agent(
    project: Path,
    *,
    id: str | None = None,
    kind: str | None = None,
    user: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Saved:
    """Write down who acts; None leaves what there is. `user`: for all projects of the person."""
    from .writing import change

    if id is not None:
        _refuse_wrong("agent.id:", id, wrong_agent)
    given = {"id": id, "type": kind}

    def edit(values: dict[str, Any]) -> None:
        said = {key: value for key, value in given.items() if value is not None}
        if said:
            values["agent"] = {**values.get("agent", {}), **said}

    env = process() if variables is None else variables
    if not user:
        prepare(project)
    return change(user_file(env) if user else project_file(project), edit, user=user)


def _refuse_wrong(what: str, value: str, flaw: Callable[[str], str | None]) -> None:
    if problem := flaw(value):
        raise SettingsError(f"{what} {problem}")


def _system_user() -> str:
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name, as in a container
        return f"user-{os.getuid()}" if hasattr(os, "getuid") else "user"
