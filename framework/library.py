"""The library of specifications, `prompts/<name>/app_spec.txt`, and which one a project means."""

from __future__ import annotations

import shutil
from pathlib import Path

from .config.place import STATE_DIRECTORY
from .domain.errors import SpecError
from .domain.nearest import hint
from .prose import FOLDER, SPEC_FILE
from .runner.planner import PLAN_FILE

GENERATIONS = Path("generations")


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{SPEC_FILE}")))


def resolve(
    directory: Path | None, name: str | None, *, folder: Path = FOLDER
) -> tuple[Path, Path | None]:
    """The project directory, and the specification to put there if it has none of its own.

    A name decides; then what the project has; then the specification named like its directory;
    then the only one there is, for a directory that is new or empty. Raises SpecError, naming
    what there is, rather than guess.
    """
    known = names(folder)
    if name is not None and name not in known:
        raise SpecError(_unknown(name, known))
    if directory is None:
        name = name or _only(known)
        directory = GENERATIONS / name
    directory = directory.resolve()
    if directory.exists() and not directory.is_dir():
        raise SpecError(f"{directory} is a file; --project-dir takes a directory.")
    if name is None and not _has_work(directory):
        name = directory.name if directory.name in known else _for_empty(directory, known)
    return directory, folder / name / SPEC_FILE if name else None


def place(spec: Path | None, project: Path) -> None:
    """Make the project's directory and copy the specification into it, unless it has one:
    nothing is ever replaced."""
    target = project / SPEC_FILE
    try:
        project.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"{project} cannot be made: {error.strerror}.") from error
    if spec is not None and not target.exists() and not (project / PLAN_FILE).exists():
        shutil.copyfile(spec, target)


def _has_work(directory: Path) -> bool:
    """Whether the project itself says what is to be done: a spec, a plan or a board."""
    return any(
        (directory / one).exists() for one in (SPEC_FILE, PLAN_FILE, f"{STATE_DIRECTORY}/issues.db")
    )


def _for_empty(directory: Path, known: tuple[str, ...]) -> str:
    if directory.exists() and any(directory.iterdir()):
        raise SpecError(
            f"{directory} has no {SPEC_FILE}: write what is to be built into it, or take one of "
            f"the library with --project-name ({', '.join(known)})."
        )
    return _only(known)


def _only(known: tuple[str, ...]) -> str:
    if len(known) == 1:
        return known[0]
    if not known:
        raise SpecError(f"No specification: write {SPEC_FILE} into the project directory.")
    raise SpecError(f"Which specification? Say --project-name with one of: {', '.join(known)}.")


def _unknown(name: str, known: tuple[str, ...]) -> str:
    return f"No specification is called {name!r}. {hint(name, known)}"
