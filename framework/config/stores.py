"""Which stores a project uses: fixed in its config.json at first use.

With a second lease store, two sessions could work on one issue.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..domain.errors import SettingsError
from ..domain.frozen import dataclass
from .choice import choose
from .document import project_file, read
from .kinds import ALIASES, LOCAL
from .place import prepare

_FIXED = ("leases", "journal")


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """Names of backends: `tracker` as `choose` takes it, the others as their folders' tables."""

    tracker: str = LOCAL
    leases: str = "file"
    journal: str = "sqlite"


def stores_of(
    project: Path,
    variables: Mapping[str, str] | None = None,
    *,
    tracker: str | None = None,
) -> StoreSettings:
    """What the project fixed; where it fixed nothing yet, what it would begin with, and
    `tracker` is what the command line says.

    A tracker that the project's own file names stays, whatever the environment says: a run must
    go on where it began. Raises SettingsError where the command line says another.
    """
    values = read(project_file(project)).values
    fixed = values.get("tracker")
    if tracker and fixed and ALIASES.get(tracker, tracker) != ALIASES.get(fixed, fixed):
        raise SettingsError(
            f"The issues of this project are in {fixed!r}, not in {tracker!r}. Leave out "
            f"--tracker, or go over to the other for good with `issue backend set-default "
            f"{tracker}`; no issue is moved."
        )
    chosen = fixed or choose(project, tracker, variables=variables).name
    tracker = chosen if fixed else ALIASES.get(chosen, chosen)
    return StoreSettings(
        tracker=tracker, **{name: values[name] for name in _FIXED if name in values}
    )


def is_fixed(project: Path) -> bool:
    """Whether the project's leases have been used before: `fix_stores` writes both names, where a
    person who chooses a store before first use writes the one."""
    values = read(project_file(project)).values
    return all(name in values for name in _FIXED)


def fix_stores(project: Path, stores: StoreSettings) -> None:
    """Write the project's stores down at first use, so that no second one is ever opened.

    Makes `.nightshift/` where it is missing. Raises SettingsError where others are fixed.
    """
    path = project_file(project)
    if all(read(path).values.get(name) == getattr(stores, name) for name in _FIXED):
        return
    from .writing import change

    def edit(values: dict[str, Any]) -> None:
        values.setdefault("tracker", stores.tracker)
        for name in _FIXED:
            if values.setdefault(name, getattr(stores, name)) != getattr(stores, name):
                raise SettingsError(
                    f"{path} says that the {name} of this project are in {values[name]!r}, not "
                    f"in {getattr(stores, name)!r}. They stay where they are: in a second store "
                    "nobody would see the first one's."
                )

    prepare(project)
    change(path, edit)
