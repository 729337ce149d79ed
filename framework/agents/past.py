"""A conversation of the CLI's taken out of one home and put into another, where it goes on.

The CLI keeps one file of rows, `claude/projects/<place>/<session>.jsonl`; the place is its name
for the directory that the session works in. Observed with the CLI 2.1.329: of those rows only the
links of the conversation are needed, and a session that goes on from them in another directory is
told of the change by the CLI itself.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..domain.errors import AgentError

LARGEST = 16 << 20
"""How many bytes of a conversation are kept at most."""
_LARGEST_FILE = 4 * LARGEST
"""The CLI's own file holds the requests as well, so nearly all of it twice."""


def taken(
    home: Path, place: str, session: str, clean: Callable[[Any], Any] = lambda value: value
) -> bytes:
    """The rows of a session that has worked in `place`, every text in them through `clean`.

    The agent may have put anything there: no link is followed, and nothing but a file is read.
    Raises AgentError where there is no such conversation, or too much of it.
    """
    names = ("claude", "projects", place, f"{session}.jsonl")
    try:
        with _opened(home, *names) as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise AgentError(f"its record cannot be read ({error.strerror})") from error
    rows = b"".join(_rows(raw, clean))
    if len(raw) > _LARGEST_FILE or len(rows) > LARGEST:
        raise AgentError(f"it has more than {LARGEST >> 20} MB")
    if not rows:
        raise AgentError("nothing is in its record")
    return rows


def put(home: Path, place: str, session: str, rows: bytes) -> None:
    """Before the agent's program has run in that home. Raises OSError."""
    folder = _folder(home, place)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    with open(folder / f"{session}.jsonl", "xb", opener=_private) as file:
        file.write(rows)


def drop(home: Path, place: str) -> None:
    """All conversations of that place. Raises OSError."""
    folder = _folder(home, place)
    if folder.exists():
        shutil.rmtree(folder)


def _folder(home: Path, place: str) -> Path:
    return home / "claude" / "projects" / place


def _rows(raw: bytes, clean: Callable[[Any], Any]) -> Iterator[bytes]:
    """The links of the conversation, each of which names the one before it. What the CLI notes
    beside them (requests, costs, modes) is left behind, as is a line that was cut short."""
    for line in raw.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "uuid" in row and "parentUuid" in row:
            yield json.dumps(clean(row), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _opened(top: Path, *names: str) -> BinaryIO:
    """The file of that path below `top`, without a link anywhere on it."""
    *folders, last = names
    at = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in folders:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        # A pipe that nobody writes to would be waited for.
        found = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(0, "it is no file")
    return os.fdopen(found, "rb")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
