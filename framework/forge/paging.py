"""Pages of a list: what is on one, and which comes next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from ..domain.errors import TrackerUnavailable


def items(data: Any) -> list[Any]:
    """The items of a page: a list, or the one list in an object that also counts them."""
    if isinstance(data, list):
        return data
    lists = [one for one in data.values() if isinstance(one, list)] if _is_object(data) else []
    if len(lists) != 1:
        raise TrackerUnavailable(
            "GitHub answered with something else than a list. Try again; if it stays so, see "
            "whether the address is that of a GitHub server."
        )
    return list(lists[0])


def next_page(link: str, url: str, is_here: Callable[[str], bool]) -> str | None:
    """The address of the page after that at `url`, by the header Link; None after the last one.

    Raises TrackerUnavailable for one on another server, where the token must not go, and for one
    that would go round in a circle.
    """
    found = re.search(r'<([^>]*)>\s*;[^,]*\brel="?next"?', link)
    if found is None:
        return None
    target = str(urljoin(url, found[1]))
    if not is_here(target) or target == url:
        raise TrackerUnavailable(
            f"GitHub names {target} as the next page, which cannot be. See whether a proxy that "
            "rewrites addresses stands in between."
        )
    return target


def _is_object(data: Any) -> bool:
    return isinstance(data, Mapping)
