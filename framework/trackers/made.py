"""That a project's own board was made once, so that one which is gone is lost and not new.

It is remembered by a file beside the board, under a name of its own: whatever takes the files of
the database away leaves it. Nothing else tells: a project may use another tracker from its first
day on, and have stores, claims and a journal without ever having had a board of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..domain.errors import TrackerError, TrackerUnavailable

_NAME = "board.made"
_TEXT = "The issues of this project are in {}. If that is gone, it was lost: nothing begins anew.\n"


def is_there(board: Path) -> bool:
    """Whether the file holds anything; an empty one is what a crash leaves of its making.
    Raises TrackerUnavailable where that cannot be seen."""
    try:
        return os.stat(board).st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreachable(board, error) from error


def was_made(board: Path) -> bool:
    """Whether there ever was a board."""
    return os.path.exists(board.with_name(_NAME))


def note_made(board: Path) -> None:
    """Remember the board from now on. To be called when it is made, not before: a crash in
    between leaves a board that is found, never one that is missed."""
    if not was_made(board):
        try:
            board.with_name(_NAME).write_text(_TEXT.format(board.name), "utf-8")
        except OSError as error:
            raise _unreachable(board, error) from error


def refuse_lost(board: Path) -> None:
    """Raise TrackerError where the board is gone or was emptied. Makes nothing."""
    if is_there(board) or not was_made(board):
        return
    from ._backups import way_back

    state = "is empty" if os.path.exists(board) else "is gone"
    raise TrackerError(
        f"{board} {state}, although this project had issues in it. Nothing was made in its "
        f"place: {way_back(board)}, or move {board.parent} away to begin anew."
    )


def _unreachable(board: Path, error: OSError) -> TrackerUnavailable:
    return TrackerUnavailable(
        f"{error.filename or board} cannot be used ({error.strerror or error}). See that you may "
        f"read and write in {board.parent} and that the disk has room."
    )
