"""The memory of a remote that refused a landing: only a real push can tell, and that costs a
session each time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LINES = 3


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """Remembers in `file` the last refusal, of `where` (one line: branch and address). One of
    another place, as after `git remote set-url`, says nothing. Not promised: that it was not
    mended since; no remote tells before it is pushed to."""

    file: Path
    where: str

    def last(self) -> str | None:
        """When it refused, and with which words."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        if len(lines) != _LINES or lines[0] != self.where:
            return None
        return f"at {lines[1]}: {lines[2]}"

    def note(self, said: str) -> None:
        """In one step, so that a kill leaves no half of it. `said` is one line."""
        new = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        new.write_text(f"{self.where}\n{moment}\n{said}\n", encoding="utf-8")
        os.replace(new, self.file)

    def forget(self) -> None:
        """It has taken a push."""
        self.file.unlink(missing_ok=True)
