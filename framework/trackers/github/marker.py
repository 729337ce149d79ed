"""What GitHub cannot hold, written at the end of a body or comment where people do not see it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ...domain.frozen import dataclass

_PATTERN = re.compile(r"(?:\r?\n){0,2}<!-- nightshift (\{[^\n]*\}) -->")


@dataclass(frozen=True, kw_only=True)
class Marker:
    """What is kept beside the visible text; all of it may be missing.

    `number` is the issue that it was written for, None while that is not known. `title` and
    `text` are exact where GitHub's are not; each counts only while people have not changed what
    stands for it. `needs` are ids, and keys as `key:NAME`, that the issue waits for beyond what
    GitHub itself knows. For `reopened`, `done` and `counted` see `reading.reopenings`. `labels`,
    `assignees` and `milestone` are those whose names GitHub does not take.
    """

    number: int | None = None
    key: str | None = None
    by: str | None = None
    title: str | None = None
    text: str | None = None
    needs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    reopened: int = 0
    done: bool = False
    counted: bool = False


_NOTHING = Marker()
_KINDS: Mapping[str, type] = {
    "number": int,
    "key": str,
    "by": str,
    "title": str,
    "text": str,
    "needs": tuple,
    "labels": tuple,
    "assignees": tuple,
    "milestone": str,
    "reopened": int,
    "done": bool,
    "counted": bool,
}


def marked(visible: str, marker: Marker) -> str:
    """`visible` with the marker at its end; as it is where there is nothing to mark and nothing
    in it that could be taken for a marker."""
    if marker == _NOTHING and not _PATTERN.search(visible):
        return visible
    gap = "\n\n" if visible else ""
    return f"{visible}{gap}<!-- nightshift {_written(marker)} -->"


def unmarked(body: str) -> tuple[str, Marker]:
    """The visible text and the marker: the last one, as people may write behind it.

    What cannot be read as a marker is text. Never raises.
    """
    for found in reversed(list(_PATTERN.finditer(body))):
        if (marker := _read(found[1])) is not None:
            return body[: found.start()] + body[found.end() :], marker
    return body, _NOTHING


def _written(marker: Marker) -> str:
    said = {name: value for name, value in vars(marker).items() if value != vars(_NOTHING)[name]}
    text = json.dumps(said, separators=(",", ":"))
    # Inside JSON strings only, where all these are the same text; so nothing ends the comment.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")


def _read(text: str) -> Marker | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    values: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        value = said.get(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = tuple(value)
        if isinstance(value, kind):
            values[name] = value
    return Marker(**values)
