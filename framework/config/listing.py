"""Every setting that counts for the `issue` command, with its value and where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .agent import agent_settings
from .backends import list_backends
from .choice import BUILT_IN, choose, documents
from .environment import process
from .stores import StoreSettings

Row = tuple[str, str, str]
"""Key, value, origin."""


def origins(project: Path, variables: Mapping[str, str] | None = None) -> list[Row]:
    """All settings in a fixed order. Of a token only its source is shown, never the value.

    The origin is a file, a variable, a git remote, "command line", "system user" or "built-in
    default".
    """
    env = process() if variables is None else variables
    return [
        *_tracker(project, env),
        *_stores(project, env),
        *_agent(project, env),
        *_defined(project, env),
    ]


def _tracker(project: Path, variables: Mapping[str, str]) -> list[Row]:
    chosen = choose(project, variables=variables)
    rows = [("tracker", chosen.name, chosen.origin), ("tracker.type", chosen.type, chosen.origin)]
    fields = chosen.fields.items()
    return [*rows, *((f"tracker.{key}", text, chosen.origins[key]) for key, text in fields)]


def _stores(project: Path, variables: Mapping[str, str]) -> list[Row]:
    file, _ = documents(project, variables)
    usual = StoreSettings()
    return [
        (
            name,
            str(file.values.get(name, getattr(usual, name))),
            str(file.path) if name in file.values else BUILT_IN,
        )
        for name in ("leases", "journal")
    ]


def _agent(project: Path, variables: Mapping[str, str]) -> list[Row]:
    said = agent_settings(project, variables)
    keys = [key for key in ("id", "type", "session", "claim_timeout") if key in said]
    return [(f"agent.{key}", *said[key]) for key in keys]


def _defined(project: Path, variables: Mapping[str, str]) -> list[Row]:
    return [
        (f"backends.{backend.name}.{key}", text, backend.origin)
        for backend in list_backends(project, variables)
        if backend.origin != BUILT_IN
        for key, text in {"type": backend.type, **backend.fields}.items()
    ]
