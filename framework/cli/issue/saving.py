"""What the commands that change configuration share: where it is kept, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._options import Parser
from .context import Context

if TYPE_CHECKING:
    from ...config.writing import Saved


def project_of(context: Context) -> Path:
    from ...config.place import find_project

    return find_project(context.start)


def add_user(parser: Parser) -> None:
    parser.add_argument(
        "--user", action="store_true", help="for all your projects, not for this one"
    )


def saved_document(saved: Saved) -> dict[str, Any]:
    return {"file": str(saved.path), "backup": str(saved.backup) if saved.backup else None}


def tell_backup(context: Context, saved: Saved) -> None:
    if saved.backup is not None:
        context.out.note(f"As it was: {saved.backup}. To go back, copy it to {saved.path}")
