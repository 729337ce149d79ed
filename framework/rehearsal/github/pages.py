"""Lists in pages: per_page, page and the Link header, on the client's own host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from .call import Call, Refusal, Reply

_LONGEST = 100


def listed(call: Call, items: Sequence[Any], shape: Callable[[Any], object]) -> Reply:
    """The page of `items` that was asked for, each as `shape` makes it. Like GitHub, values that
    make no sense are the default, and more than 100 are 100."""
    size = min(_number(call, "per_page", 30), _LONGEST)
    page = _number(call, "page", 1)
    last = max(1, -(-len(items) // size))
    links: dict[str, int] = {}
    if page < last:
        links |= {"next": page + 1, "last": last}
    if page > 1:
        links = {"prev": min(page - 1, last), **links, "first": 1}
    header = ", ".join(f'<{_address(call, to)}>; rel="{name}"' for name, to in links.items())
    shown = [shape(one) for one in items[(page - 1) * size : page * size]]
    return Reply(body=shown, headers={"Link": header} if header else {})


def _number(call: Call, name: str, otherwise: int) -> int:
    value = call.query.get(name, "")
    return int(value) if value.isdecimal() and int(value) > 0 else otherwise


def _address(call: Call, page: int) -> str:
    query = urlencode({**call.query, "page": str(page)})
    return f"{call.base}/api/v3{call.path}?{query}"


def since(call: Call) -> datetime | None:
    """The time of that name in the query, None where it is not given; 422 where it is none."""
    value = call.query.get("since")
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(422, f"Invalid since: {value}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
