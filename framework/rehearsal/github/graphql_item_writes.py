"""The mutations of cards: added, filled in, moved, put away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .graphql_ask import Ask, Deed
from .graphql_board_writes import touched
from .graphql_boards import KEYS, Field, Item, option_of
from .graphql_errors import Refused, no_node, unprocessable
from .graphql_issue_writes import checked, logins
from .graphql_reach import Board, board_for

_MOST_ITEMS, _LONGEST_TEXT = 50_000, 1024
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")

Given = Mapping[str, Any]


def _new(ask: Ask, board: Board, type_: str, content: Any) -> Item:
    if len(board["items"]) >= _MOST_ITEMS:
        raise unprocessable(f"A project cannot have more than {_MOST_ITEMS} items")
    number, node = ask.store.mint("item")
    now = ask.store.clock.second()
    item: Item = {
        "__typename": "ProjectV2Item",
        "id": node,
        "database_id": number,
        "project": board["id"],
        "type": type_,
        "content": content,
        "archived": False,
        "creator": ask.login,
        "created_at": now,
        "updated_at": now,
        "values": {},
    }
    board["items"].append(item)
    ask.store.keep(node, item)
    touched(ask, board)
    return item


def _add(ask: Ask, given: Given) -> dict[str, Any]:
    """What is on the board already is answered as it is; an archived card stays archived."""
    board = board_for(ask, given["projectId"])
    content = ask.issue(given["contentId"])
    for item in board["items"]:
        if item["content"] == content.node:
            return {"item": item}
    type_ = "PULL_REQUEST" if content.pull else "ISSUE"
    item = _new(ask, board, type_, content.node)
    item["was_open"] = content.state == "open"
    return {"item": item}


def _draft(ask: Ask, given: Given) -> dict[str, Any]:
    board = board_for(ask, given["projectId"])
    checked(given["title"], given.get("body"))
    number, node = ask.store.mint("draft")
    now = ask.store.clock.second()
    content = {
        "__typename": "DraftIssue",
        "id": node,
        "database_id": number,
        "title": given["title"],
        "body": given.get("body") or "",
        "creator": ask.login,
        "assignees": logins(ask, given.get("assigneeIds")),
        "created_at": now,
        "updated_at": now,
    }
    ask.store.keep(node, content)
    return {"projectItem": _new(ask, board, "DRAFT_ISSUE", content)}


def _item(ask: Ask, given: Given, name: str = "itemId") -> tuple[Board, Item]:
    board, id_ = board_for(ask, given["projectId"]), given[name]
    item = next((one for one in board["items"] if one["id"] == id_), None)
    if item is None:
        raise no_node(id_)
    return board, item


def _field(board: Board, id_: str) -> Field:
    field: Field | None = next((one for one in board["fields"] if one["id"] == id_), None)
    if field is None:
        raise no_node(id_)
    if field["data_type"] not in KEYS:
        raise unprocessable(
            f"The field of type {field['data_type'].lower()} is currently not supported."
        )
    return field


def _set(ask: Ask, given: Given) -> dict[str, Any]:
    board, item = _item(ask, given)
    field = _field(board, given["fieldId"])
    if item["archived"]:
        raise unprocessable("The item is archived and cannot be updated")
    told = _value(field, {name: one for name, one in given["value"].items() if one is not None})
    now = ask.store.clock.second()
    item["values"][field["id"]] = {**told, "at": now}
    return {"projectV2Item": _changed(ask, board, item)}


def _value(field: Field, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The one value that was sent, if it is one that this field takes."""
    if len(sent) != 1:
        raise Refused("INVALID", "A value must have exactly one of its fields set")
    wanted = KEYS[field["data_type"]]
    name, value = next(iter(sent.items()))
    if name != wanted:
        kind = field["data_type"].lower().replace("_", " ")
        raise unprocessable(f"Column value must be a valid value for {kind} column")
    if wanted == "singleSelectOptionId" and option_of(field, value) is None:
        raise unprocessable("The single select option Id does not belong to the field")
    if wanted == "text" and (not value or len(value) > _LONGEST_TEXT):
        raise unprocessable("Column value must be a valid value for text column")
    return {wanted: _day(value) if wanted == "date" else value}


def _day(text: str) -> str:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        pass
    raise Refused("INVALID", f"`{text}` is not a valid ISO 8601 Date.")


def _changed(ask: Ask, board: Board, item: Item) -> Item:
    item["updated_at"] = ask.store.clock.second()
    touched(ask, board)
    return item


def _clear(ask: Ask, given: Given) -> dict[str, Any]:
    board, item = _item(ask, given)
    item["values"].pop(_field(board, given["fieldId"])["id"], None)
    return {"projectV2Item": _changed(ask, board, item)}


def _place(ask: Ask, given: Given) -> dict[str, Any]:
    """Behind `afterId`; to the top without one."""
    board, item = _item(ask, given)
    after = _item(ask, given, "afterId")[1] if given.get("afterId") else None
    items = board["items"]
    if after is not item:
        items.remove(item)
        items.insert(items.index(after) + 1 if after else 0, item)
    _changed(ask, board, item)
    return {"items": {"__typename": "Moved", "totalCount": len(items), "nodes": items[:100]}}


def _archive(ask: Ask, given: Given) -> dict[str, Any]:
    board, item = _item(ask, given)
    item["archived"] = True
    return {"item": _changed(ask, board, item)}


def _unarchive(ask: Ask, given: Given) -> dict[str, Any]:
    board, item = _item(ask, given)
    item["archived"] = False
    return {"item": _changed(ask, board, item)}


def _delete(ask: Ask, given: Given) -> dict[str, Any]:
    board, item = _item(ask, given)
    board["items"].remove(item)
    del ask.store.nodes[item["id"]]
    touched(ask, board)
    return {"deletedItemId": item["id"]}


DEEDS: Mapping[str, Deed] = {
    "addProjectV2ItemById": _add,
    "addProjectV2DraftIssue": _draft,
    "updateProjectV2ItemFieldValue": _set,
    "clearProjectV2ItemFieldValue": _clear,
    "updateProjectV2ItemPosition": _place,
    "archiveProjectV2Item": _archive,
    "unarchiveProjectV2Item": _unarchive,
    "deleteProjectV2Item": _delete,
}
