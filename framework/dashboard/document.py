"""The board, or any value of the domain, as plain data for programs.

Names are those of the fields, in snake_case; times are ISO 8601 in UTC, ending in `Z`. Fields
may be added; one that is renamed, removed or changes its meaning raises `VERSION`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..domain.board import Board
from ..domain.event import AccountParked, Entry
from ..domain.story import account_line, describe

VERSION = 1


def to_json(board: Board) -> dict[str, Any]:
    """The board, ready for `json.dumps`. Texts are as the tracker and the agents wrote them."""
    return {"version": VERSION, **plain(board)}


def plain(value: Any) -> Any:
    """A frozen value of the domain as dicts, lists, texts and numbers."""
    match value:
        case Entry():
            return _entry(value)
        case AccountParked():
            return account_line(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case tuple() | list():
            return [plain(one) for one in value]
        case frozenset():
            return sorted(plain(one) for one in value)
        case _ if dataclasses.is_dataclass(value):
            names = (one.name for one in dataclasses.fields(value))
            return {name: plain(getattr(value, name)) for name in names}
        case _:
            return value


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "cursor": entry.cursor,
        "at": plain(entry.at),
        "run": entry.run,
        "kind": type(entry.event).__name__,
        "text": describe(entry.event),
    }
