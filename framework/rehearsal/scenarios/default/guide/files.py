"""Text files that the user names."""

from __future__ import annotations

from pathlib import Path

from tally import TallyError


def read_text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as problem:
        raise TallyError(f"cannot read {name}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise TallyError(f"{name} is not a text file") from None
