"""Boards (Projects v2) as GraphQL reads them: fields, options, cards and their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .graphql_ask import Ask, Fields, Reader, when
from .graphql_board_filter import kept
from .graphql_reach import Board, reaches
from .records import Issue, Repo

Item = dict[str, Any]
Field = dict[str, Any]

_VALUES = {
    "SINGLE_SELECT": "ProjectV2ItemFieldSingleSelectValue",
    "TEXT": "ProjectV2ItemFieldTextValue",
    "TITLE": "ProjectV2ItemFieldTextValue",
    "NUMBER": "ProjectV2ItemFieldNumberValue",
    "DATE": "ProjectV2ItemFieldDateValue",
}
KEYS = {"SINGLE_SELECT": "singleSelectOptionId", "TEXT": "text", "NUMBER": "number", "DATE": "date"}
"""What the value of a field is called, by the field's type."""


def key(name: str) -> Reader:
    return lambda ask, it, args: it[name]


def _time(name: str) -> Reader:
    return lambda ask, it, args: when(it[name])


def field_named(board: Board, name: str) -> Field | None:
    return next((one for one in board["fields"] if one["name"].lower() == name.lower()), None)


def option_of(field: Field, id_: str | None) -> dict[str, Any] | None:
    return next((one for one in field["options"] if one["id"] == id_), None)


def board_of(ask: Ask, thing: Mapping[str, Any]) -> Board:
    """The board of a field or a card."""
    return ask.store.projects[thing["project"]]


def _items(ask: Ask, it: Board, args: Mapping[str, Any]) -> dict[str, Any]:
    states = args.get("archivedStates") or ["NOT_ARCHIVED"]
    found = [
        one for one in it["items"] if ("ARCHIVED" if one["archived"] else "NOT_ARCHIVED") in states
    ]
    found = kept(ask, it, found, args.get("query") or "")
    order = args.get("orderBy")
    if order and order["direction"] == "DESC":
        found = found[::-1]
    # A cursor of one filter does not fit another one's list.
    of = f"{it['id']} items {args.get('query') or ''} {order}"
    return ask.page(found, args, of, [one["id"] for one in found])


def _fields(ask: Ask, it: Board, args: Mapping[str, Any]) -> dict[str, Any]:
    return ask.page(it["fields"], args, f"{it['id']} fields", [one["id"] for one in it["fields"]])


def _linked(ask: Ask, it: Board, args: Mapping[str, Any]) -> dict[str, Any]:
    repos = [ask.store.nodes.get(one) for one in it["repositories"]]
    found = [one for one in repos if isinstance(one, Repo) and ask.sees(one)]
    return ask.page(found, args, f"{it['id']} repositories", [one.node for one in found])


def _url(ask: Ask, it: Board, args: Mapping[str, Any]) -> str:
    owner = ask.user(it["owner"])
    kind = "orgs" if owner and owner.kind == "Organization" else "users"
    return ask.url(kind, it["owner"], "projects", it["number"])


def content_of(ask: Ask, it: Item) -> Any:
    """The issue, the pull request or the draft of a card; None where these eyes may not see it."""
    if isinstance(it["content"], dict):
        return it["content"]
    found = ask.store.nodes.get(it["content"])
    if not isinstance(found, Issue) or not ask.sees(ask.store.repo_of(found)):
        return None
    return found


def _type(ask: Ask, it: Item, args: Mapping[str, Any]) -> str:
    return str(it["type"]) if content_of(ask, it) is not None else "REDACTED"


def value_of(ask: Ask, item: Item, field: Field) -> dict[str, Any] | None:
    """What a card says in a field; None where it says nothing."""
    content, type_ = content_of(ask, item), field["data_type"]
    if type_ == "TITLE" and content is not None:
        title = content["title"] if isinstance(content, dict) else content.title
        return _said(item, field, {"text": title})
    if type_ not in KEYS:
        if type_ in ("ASSIGNEES", "LABELS", "MILESTONE", "REPOSITORY"):
            return _of_content(ask, item, field, content)
        return None
    told = item["values"].get(field["id"])
    return _said(item, field, told) if told else None


def _said(item: Item, field: Field, told: Mapping[str, Any]) -> dict[str, Any]:
    option = option_of(field, told.get("singleSelectOptionId")) or {}
    changed = when(told.get("at") or item["updated_at"])
    return {
        "__typename": _VALUES[field["data_type"]],
        "id": f"PVTFV_{field['id'][-8:]}{item['id'][-8:]}",
        "field": field,
        "item": item,
        "createdAt": changed,
        "updatedAt": changed,
        "optionId": option.get("id"),
        "name": option.get("name"),
        "color": option.get("color"),
        "description": option.get("description"),
        **{name: told[name] for name in ("text", "number", "date") if name in told},
    }


def _of_content(ask: Ask, item: Item, field: Field, content: Any) -> dict[str, Any] | None:
    """A value that is the issue's own; the double tells it only by its type."""
    if not isinstance(content, Issue):
        return None
    repo = ask.store.repo_of(content)
    match field["data_type"]:
        case "REPOSITORY":
            return {"__typename": "ProjectV2ItemFieldRepositoryValue", "field": field} | {
                "repository": repo
            }
        case "MILESTONE" if content.milestone:
            return {"__typename": "ProjectV2ItemFieldMilestoneValue", "field": field} | {
                "milestone": repo.milestones.get(content.milestone)
            }
        case _:
            return None


def _by_name(ask: Ask, it: Item, args: Mapping[str, Any]) -> dict[str, Any] | None:
    field = field_named(board_of(ask, it), args["name"])
    return value_of(ask, it, field) if field else None


def _values(ask: Ask, it: Item, args: Mapping[str, Any]) -> dict[str, Any]:
    fields = board_of(ask, it)["fields"]
    found = [told for field in fields if (told := value_of(ask, it, field))]
    return ask.page(found, args, f"{it['id']} fieldValues")


def _options(ask: Ask, it: Field, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = args.get("names")
    return [one for one in it["options"] if names is None or one["name"] in names]


def _board(ask: Ask, it: Mapping[str, Any], args: Mapping[str, Any]) -> Board:
    return board_of(ask, it)


def _none(what: str) -> Reader:
    """An empty connection of what the double does not keep; asking more of it is refused."""

    def read(ask: Ask, it: Board, args: Mapping[str, Any]) -> dict[str, Any]:
        return ask.page([], args, f"{it['id']} {what}")

    return read


_OF_FIELD: Mapping[str, Reader] = {
    "id": key("id"),
    "databaseId": key("database_id"),
    "name": key("name"),
    "dataType": key("data_type"),
    "project": _board,
    "createdAt": lambda ask, it, args: when(board_of(ask, it)["created_at"]),
    "updatedAt": lambda ask, it, args: when(board_of(ask, it)["updated_at"]),
}

FIELDS: Fields = {
    "ProjectV2": {
        "id": key("id"),
        "databaseId": key("database_id"),
        "fullDatabaseId": lambda ask, it, args: str(it["database_id"]),
        "number": key("number"),
        "title": key("title"),
        "shortDescription": key("short_description"),
        "readme": key("readme"),
        "public": key("public"),
        "closed": key("closed"),
        "closedAt": lambda ask, it, args: when(it["updated_at"]) if it["closed"] else None,
        "template": lambda ask, it, args: False,
        "url": _url,
        "resourcePath": lambda ask, it, args: _url(ask, it, args).removeprefix(ask.base),
        "owner": lambda ask, it, args: ask.user(it["owner"]),
        "creator": lambda ask, it, args: ask.user(it["creator"]),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "viewerCanUpdate": lambda ask, it, args: reaches(ask, it, writing=True),
        "field": lambda ask, it, args: field_named(it, args["name"]),
        "fields": _fields,
        "items": _items,
        "repositories": _linked,
        "teams": _none("teams"),
    },
    "ProjectV2Field": _OF_FIELD,
    "ProjectV2SingleSelectField": {**_OF_FIELD, "options": _options},
    "ProjectV2Item": {
        "id": key("id"),
        "databaseId": key("database_id"),
        "fullDatabaseId": lambda ask, it, args: str(it["database_id"]),
        "type": _type,
        "isArchived": key("archived"),
        "content": lambda ask, it, args: content_of(ask, it),
        "project": _board,
        "creator": lambda ask, it, args: ask.user(it["creator"]),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "fieldValueByName": _by_name,
        "fieldValues": _values,
    },
    "DraftIssue": {
        "title": key("title"),
        "body": key("body"),
        "createdAt": _time("created_at"),
        "updatedAt": _time("updated_at"),
        "creator": lambda ask, it, args: ask.user(it["creator"]),
        "assignees": lambda ask, it, args: ask.page(
            [ask.user(one) for one in it["assignees"]], args, f"{it['id']} assignees"
        ),
    },
}
