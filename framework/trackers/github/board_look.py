"""Reads the cards of a board: all, those outside of one column, or some by their ids."""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.frozen import dataclass
from ...forge.github import GitHub
from .board_cards import There, there_of
from .board_fields import STATUS, WANTED, Known
from .board_setup import Layout, layout_of
from .board_texts import (
    FILTER_QUERY,
    FILTERED_ITEMS_QUERY,
    ITEMS_BY_ID_QUERY,
    ITEMS_QUERY,
    PAGE,
)

Fields = Mapping[str, Known]
"""The fields that we use, by our word for them."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """The cards of a board at one look, and the board at that time; no `layout`: it is gone."""

    layout: Layout | None
    cards: tuple[There, ...] = ()


def look(api: GitHub, board: str, fields: Fields, filter_: str = "") -> Look:
    """Reads the board, one request for a hundred cards; with a filter only what meets it."""
    text = FILTERED_ITEMS_QUERY if filter_ else ITEMS_QUERY
    given = {"project": board, **_names(fields), **({"filter": filter_} if filter_ else {})}
    layout, cards, after, more = None, list[There](), None, True
    while more:
        first = after is None
        node = api.query(text, after=after, first=first, **given).get("node")
        if not node:
            return Look(layout=None)
        layout = layout_of(node) if first else layout
        cards += [there_of(one) for one in node["items"]["nodes"] if one]
        page = node["items"]["pageInfo"]
        after, more = page["endCursor"], page["hasNextPage"]
    return Look(layout=layout, cards=tuple(cards))


def look_at(api: GitHub, items: list[str], fields: Fields) -> dict[str, There]:
    """These cards, by their ids; one that is gone is not in it."""
    found: dict[str, There] = {}
    for at in range(0, len(items), PAGE):
        data = api.query(ITEMS_BY_ID_QUERY, ids=items[at : at + PAGE], **_names(fields))
        found |= {one["id"]: there_of(one) for one in data.get("nodes") or () if one}
    return found


def hiding(option: str, status: Known) -> str:
    """The filter that leaves out the cards in this column; empty where it cannot be written."""
    name = status.every.get(option, "")
    plain = name and '"' not in name and status.name.casefold() == STATUS.name.casefold()
    return f'-status:"{name}"' if plain else ""


def takes_filters(api: GitHub) -> bool:
    """Whether this server lists a part of a board."""
    described = api.query(FILTER_QUERY).get("__type") or {}
    arguments = {one["name"]: one["args"] for one in described.get("fields") or ()}
    return any(one["name"] == "query" for one in arguments.get("items", ()))


def _names(fields: Fields) -> dict[str, str]:
    return {
        one.name.casefold(): fields[one.name].name if one.name in fields else one.name
        for one in WANTED
    }
