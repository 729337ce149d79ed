"""Two kinds of lease stores in one directory: neither would see the other's claims and epochs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..domain.errors import SettingsError

# What a store of the kind makes first and never takes away. Not the high-water mark itself, into
# which a person writes a number for a store of either kind that was lost.
_SIGNS: Mapping[str, str] = {"file": "high-water.mark.lock", "sqlite": "leases.db"}
_FILES: Mapping[str, str] = {"file": "high-water.* and *.json", "sqlite": "leases.db*"}


def refuse_rival(directory: Path, kind: str, config: Path) -> None:
    """Raise SettingsError when a store of another kind than `kind` was established in
    `directory`; `config` is the file that says which is used."""
    for other, sign in _SIGNS.items():
        if other != kind and os.path.exists(directory / sign):
            raise SettingsError(_told(directory, kind, other, config))


def _told(directory: Path, kind: str, other: str, config: Path) -> str:
    if kind in _SIGNS and os.path.exists(directory / _SIGNS[kind]):
        return (
            f"{directory} holds two stores of claims, of the kinds {kind!r} and {other!r}, which "
            f"do not see one another. See that no session is at work, keep the one that was used "
            f"first, move the other's files ({_FILES[kind]} or {_FILES[other]}) out of that "
            f'directory and let {config} name the one that is left, as "leases".'
        )
    return (
        f"The claims of this project are in a store of the kind {other!r} in {directory}, and "
        f"{config} asks for {kind!r}, where nobody would see them. "
        f'Let it say "leases": "{other}" as before.'
    )
