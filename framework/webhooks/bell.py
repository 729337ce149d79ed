"""The file that tells a run to look now: `.nightshift/wake`."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path

from ..domain.errors import SettingsError

WAKE_FILE = "wake"


class Bell:
    """Rung by whoever has news, and looked at by a run: another text than last time means news.

    Any number of processes may ring and look. A ring is not kept for anybody: who was not there
    looks at the board when it starts anyway.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def ring(self, now: datetime) -> None:
        """Readers see the old text or the new one, never a part. Raises SettingsError where the
        file cannot be written."""
        unfinished = self._path.with_name(f"{self._path.name}-{os.getpid()}-{secrets.token_hex(4)}")
        try:
            try:
                unfinished.write_text(f"{now.isoformat()} {secrets.token_hex(8)}\n", "utf-8")
                os.replace(unfinished, self._path)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise SettingsError(
                f"{self._path} cannot be written: {error.strerror}. Give this user the right to "
                f"write in {self._path.parent}, and free disk space if there is none."
            ) from error

    def last(self) -> str:
        """The text of the last ring; "" where nobody ever rang, or nobody may look."""
        try:
            return self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""  # a run without a bell polls, as it does without webhooks
