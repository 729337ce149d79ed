"""Copies of a local board that nobody asked for: whoever never looks after it has some, too."""

from __future__ import annotations

from ...domain.errors import TrackerError
from .context import Context


def back_up(context: Context) -> None:
    """See `trackers.base.BacksUp`. A copy that cannot be made is said, and the deed stands."""
    try:
        context.facade.back_up()
    except TrackerError as error:
        context.out.note(str(error))
