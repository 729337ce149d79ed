"""Connections: pages of a list, with cursors that only fit the list they came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from .graphql_errors import Refused


def page(
    items: Sequence[Any], args: Mapping[str, Any], *, of: str, keys: Sequence[str] | None = None
) -> dict[str, Any]:
    """The page of `items` that `first`/`last`/`after`/`before` ask for.

    `of` names the list (its owner's id and field): a cursor of another list is refused. `keys`
    tell the items apart while the list changes; without them their place does.
    """
    names = list(keys) if keys is not None else [str(place) for place in range(len(items))]
    start = _place(args["after"], of, names) + 1 if args.get("after") else 0
    end = _place(args["before"], of, names) if args.get("before") else len(items)
    first, last = args.get("first"), args.get("last")
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    end = max(start, end)
    cursors = [_cursor(of, names[place], place) for place in range(start, end)]
    nodes = list(items[start:end])
    return {
        "nodes": nodes,
        "edges": [{"cursor": c, "node": n} for c, n in zip(cursors, nodes, strict=True)],
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _mark(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:12]


def _cursor(of: str, key: str, place: int) -> str:
    return base64.b64encode(f"cursor:v2:{_mark(of)}:{place}:{key}".encode()).decode()


def _place(cursor: str, of: str, names: Sequence[str]) -> int:
    """Where a cursor points to now; where its item has gone, where that was."""
    invalid = Refused(
        "INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor."
    )
    try:
        word, version, mark, place, key = (
            base64.b64decode(cursor, validate=True).decode().split(":", 4)
        )
    except (binascii.Error, ValueError):
        raise invalid from None
    if (word, version, mark) != ("cursor", "v2", _mark(of)):
        raise invalid
    return names.index(key) if key in names else int(place) - 1
