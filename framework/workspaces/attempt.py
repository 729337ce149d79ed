"""What is on disk of one attempt: `<slug>-e<epoch>/` with `clone/` and `home/` for the agent,
and beside them, out of its reach, what the host needs to know."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import WorkspaceError
from ..domain.identifier import slug
from . import refs
from .base import Workspace

_RECORD = "attempt.json"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt and its directory. `base` is the tip that its clone started from."""

    issue: str
    epoch: int
    base: str
    directory: Path

    @property
    def clone(self) -> Path:
        return self.directory / "clone"

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def index(self) -> Path:
        """Git's index as it was when the clone was handed over; it exists only from then on."""
        return self.directory / "index"

    @property
    def has_clone(self) -> bool:
        """Whether the clone is there, and no link that leads elsewhere."""
        return self.clone.is_dir() and not self.clone.is_symlink()

    @property
    def branch(self) -> str:
        return refs.branch(self.issue, self.epoch)

    @property
    def ref(self) -> str:
        return refs.attempt(self.issue, self.epoch)


def name(issue: str, epoch: int) -> str:
    """The attempt's directory under the root."""
    return f"{slug(issue)}-e{epoch}"


def of(workspace: Workspace) -> Attempt:
    return Attempt(
        issue=workspace.issue,
        epoch=workspace.epoch,
        base=workspace.base,
        directory=workspace.directory.parent,
    )


def write(attempt: Attempt) -> None:
    """Before anything else is there, so that what is there is always an attempt's."""
    record = {"issue": attempt.issue, "epoch": attempt.epoch, "base": attempt.base}
    new = attempt.directory / f"{_RECORD}.new"
    new.write_text(json.dumps(record), encoding="utf-8")
    os.replace(new, attempt.directory / _RECORD)


def read(directory: Path) -> Attempt | None:
    """The attempt in a directory; None when none was begun there. Raises WorkspaceError when
    that cannot be told."""
    path = directory / _RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return Attempt(
            issue=str(record["issue"]),
            epoch=int(record["epoch"]),
            base=str(record["base"]),
            directory=directory,
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{path} cannot be read ({error}): save what you need from {directory}, and delete it"
        ) from error
