"""REST: boards (Projects v2), read only: GraphQL writes them. See store.py for their dicts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from .call import Call, Refusal, Reply, missing
from .records import RANKS, Issue
from .routes import route
from .shapes import issue_shape, stamp, user_shape

_TYPES = {"ISSUE": "Issue", "PULL_REQUEST": "PullRequest", "DRAFT_ISSUE": "DraftIssue"}
Board = dict[str, Any]


def _readable(call: Call) -> None:
    """The scope first: without it everything is 403, whether it is there or not."""
    scopes = call.token.scopes
    if call.store.profile == "ghes":
        raise missing()
    if scopes is not None and not scopes & {"project", "read:project"}:
        raise Refusal(403, "Resource not accessible by personal access token", page="projects")


def _boards(call: Call) -> list[Board]:
    """Those of the owner in the path that these eyes may see."""
    _readable(call)
    owner = call.store.user(call.params.get("username") or call.params["org"])
    if owner is None or (owner.kind == "Organization") != ("org" in call.params):
        raise missing("projects/projects")
    fine = call.token.scopes is None and owner.kind == "User"
    return [] if fine else [one for one in _of(call, owner.login) if _visible(call, one)]


def _of(call: Call, owner: str) -> list[Board]:
    return [one for one in call.store.projects.values() if one["owner"] == owner]


def _visible(call: Call, board: Board) -> bool:
    """The owner's and public ones, and those of a repository where one may write."""
    linked = [call.store.nodes.get(node) for node in board["repositories"]]
    ranks = [call.store.permission(repo, call.login) for repo in linked if repo]
    writes = any(RANKS.index(rank) >= RANKS.index("write") for rank in ranks)
    return bool(board["public"] or board["owner"] == call.login or writes)


def _board(call: Call) -> Board:
    for one in _boards(call):
        if str(one["number"]) == call.params["project_number"]:
            return one
    raise missing("projects/projects")


def _url(call: Call, board: Board) -> str:
    kind = "orgs" if "org" in call.params else "users"
    return f"{call.base}/api/v3/{kind}/{board['owner']}/projectsV2/{board['number']}"


def _shape(call: Call, board: Board) -> dict[str, Any]:
    return {
        "id": board["database_id"],
        "node_id": board["id"],
        "owner": user_shape(call.store, board["owner"], call.base),
        "creator": user_shape(call.store, board["creator"], call.base),
        "title": board["title"],
        "description": board["readme"],
        "public": board["public"],
        "closed_at": stamp(board["updated_at"]) if board["closed"] else None,
        "created_at": stamp(board["created_at"]),
        "updated_at": stamp(board["updated_at"]),
        "number": board["number"],
        "short_description": board["short_description"],
        "state": "closed" if board["closed"] else "open",
        "deleted_at": None,
        "deleted_by": None,
    }


def _page(call: Call, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
    """Cursors, not page numbers: `after` is opaque, and 422 where it is not one of ours."""
    asked = call.query.get("per_page", "")
    size = min(int(asked), 100) if asked.isdecimal() and int(asked) else 30
    try:
        start = int(base64.b64decode(call.query.get("after", "") or "MA==", validate=True))
    except ValueError:
        raise Refusal(422, "Invalid cursor", page="projects") from None
    end = start + size
    if end >= len(items):
        return items[start:], {}
    cursor = base64.b64encode(str(end).encode()).decode()
    query = urlencode({**call.query, "after": cursor})
    return items[start:end], {"Link": f'<{call.base}/api/v3{call.path}?{query}>; rel="next"'}


@route("GET", "/users/{username}/projectsV2", area="projects")
@route("GET", "/orgs/{org}/projectsV2", area="organization_projects")
def _list(call: Call) -> Reply:
    words = call.query.get("q", "").lower()
    found = [one for one in _boards(call) if words in one["title"].lower()]
    items, headers = _page(call, found)
    return Reply(body=[_shape(call, one) for one in items], headers=headers)


@route("GET", "/users/{username}/projectsV2/{project_number}", area="projects")
@route("GET", "/orgs/{org}/projectsV2/{project_number}", area="organization_projects")
def _get(call: Call) -> Reply:
    return Reply(body=_shape(call, _board(call)))


@route("GET", "/users/{username}/projectsV2/{project_number}/fields", area="projects")
@route("GET", "/orgs/{org}/projectsV2/{project_number}/fields", area="organization_projects")
def _fields(call: Call) -> Reply:
    board = _board(call)
    items, headers = _page(call, board["fields"])
    return Reply(body=[_field(call, board, one) for one in items], headers=headers)


def _field(call: Call, board: Board, field: Board) -> dict[str, Any]:
    options = [_option(one) for one in field.get("options") or []]
    return {
        "id": field["database_id"],
        "node_id": field["id"],
        "project_url": _url(call, board),
        "name": field["name"],
        "data_type": field["data_type"].lower(),
        "created_at": stamp(board["created_at"]),
        "updated_at": stamp(board["updated_at"]),
        **({"options": options} if options else {}),
    }


def _option(one: Board) -> dict[str, Any]:
    return {
        "id": one["id"],
        "name": {"raw": one["name"], "html": one["name"]},
        "description": {"raw": one["description"], "html": one["description"]},
        "color": one["color"],
    }


@route("GET", "/users/{username}/projectsV2/{project_number}/items", area="projects")
@route("GET", "/orgs/{org}/projectsV2/{project_number}/items", area="organization_projects")
def _items(call: Call) -> Reply:
    """Only the title is told of each, unless `fields` names others by their numbers."""
    board = _board(call)
    shown = [one for one in board["items"] if not one["archived"]]
    if call.query.get("q"):
        shown = _filtered(call, board, shown)
    items, headers = _page(call, shown)
    return Reply(body=[_item(call, board, one) for one in items], headers=headers)


def _filtered(call: Call, board: Board, items: list[Board]) -> list[Board]:
    """By GraphQL's filter; loaded when needed, since it brings its libraries."""
    from .graphql_ask import Ask
    from .graphql_board_filter import kept

    ask = Ask(store=call.store, token=call.token, base=call.base)
    return kept(ask, board, items, call.query["q"])


def _item(call: Call, board: Board, item: Board) -> dict[str, Any]:
    named = call.query.get("fields") or call.query.get("fields[]") or ""
    wanted = {word for word in named.split(",") if word}
    chosen = [
        field
        for field in board["fields"]
        if (str(field["database_id"]) in wanted if wanted else field["data_type"] == "TITLE")
    ]
    content = call.store.nodes.get(item["content"]) if isinstance(item["content"], str) else None
    return {
        "id": item["database_id"],
        "node_id": item["id"],
        "project_url": _url(call, board),
        "content_type": _TYPES[item["type"]],
        "content": _content(call, item, content),
        "creator": user_shape(call.store, item["creator"], call.base),
        "created_at": stamp(item["created_at"]),
        "updated_at": stamp(item["updated_at"]),
        "archived_at": None,
        "item_url": f"{_url(call, board)}/items/{item['database_id']}",
        "fields": [_value(item, field, content) for field in chosen],
    }


def _content(call: Call, item: Board, content: Any) -> dict[str, Any] | None:
    if isinstance(content, Issue):
        return issue_shape(call.store, content, call.base, call.tally)
    draft = item["content"]
    return {"title": draft["title"], "body": draft["body"]} if isinstance(draft, dict) else None


def _value(item: Board, field: Board, content: Any) -> dict[str, Any]:
    """The option's id and name, the text, number or date; null where there is none."""
    said = item["values"].get(field["id"]) or {}
    value: Any = next(iter(said.values()), None)
    if field["data_type"] == "TITLE" and isinstance(content, Issue):
        value = {"raw": content.title, "html": content.title, "number": content.number}
    if "singleSelectOptionId" in said:
        options = {one["id"]: one for one in field["options"]}
        value = _option(options[value]) if value in options else None
    kind = field["data_type"].lower()
    return {"id": field["database_id"], "name": field["name"], "data_type": kind, "value": value}
