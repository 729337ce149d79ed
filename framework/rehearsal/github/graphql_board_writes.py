"""The mutations of a board itself: the board, its links, its fields and their options."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from .graphql_ask import Ask, Deed
from .graphql_automation import automate
from .graphql_boards import Field, board_of, field_named
from .graphql_errors import no_node, unknown, unprocessable
from .graphql_reach import Board, board_for, may_own
from .records import Repo, User

_STATUS = (("f75ad846", "Todo", "GREEN"), ("47fc9ee4", "In Progress", "YELLOW"))
_DEFAULTS = (*_STATUS, ("98236657", "Done", "PURPLE"))
"""GitHub gives every new board these option ids: an id is unique inside its field only."""
_OWN = {
    "Title": "TITLE",
    "Assignees": "ASSIGNEES",
    "Status": "SINGLE_SELECT",
    "Labels": "LABELS",
    "Linked pull requests": "LINKED_PULL_REQUESTS",
    "Milestone": "MILESTONE",
    "Repository": "REPOSITORY",
    "Reviewers": "REVIEWERS",
    "Parent issue": "PARENT_ISSUE",
    "Sub-issues progress": "SUB_ISSUES_PROGRESS",
}
_RESERVED = {name.lower() for name in _OWN} | {"assignee", "label", "repo", "type", "state", "is"}
_CUSTOM = ("TEXT", "NUMBER", "DATE", "SINGLE_SELECT")
_MOST_FIELDS, _MOST_OPTIONS, _LONGEST = 50, 50, 256

Given = Mapping[str, Any]


def _create(ask: Ask, given: Given) -> dict[str, Any]:
    """With GitHub's own fields, and Status with its three options."""
    owner: User = ask.node(given["ownerId"], User)
    may_own(ask, owner)
    repos = [ask.node(given["repositoryId"], Repo)] if given.get("repositoryId") else []
    _same_owner(owner.login, repos)
    if given.get("teamId"):
        raise unknown("CreateProjectV2Input", "teamId")
    _title(given["title"])
    number, node = ask.store.mint("project")
    now = ask.store.clock.second()
    board: Board = {
        "__typename": "ProjectV2",
        "id": node,
        "database_id": number,
        "number": _next_number(ask, owner),
        "owner": owner.login,
        "title": given["title"],
        "short_description": None,
        "readme": None,
        "public": False,
        "closed": False,
        "creator": ask.login,
        "repositories": [one.node for one in repos],
        "created_at": now,
        "updated_at": now,
        "fields": [],
        "items": [],
    }
    ask.store.projects[node] = board
    ask.store.keep(node, board)
    automate(ask.store, node)
    for name, type_ in _OWN.items():
        _add_field(ask, board, name, type_)["options"] = [
            {"id": id_, "name": word, "color": color, "description": ""}
            for id_, word, color in (_DEFAULTS if name == "Status" else ())
        ]
    return {"projectV2": board}


def _next_number(ask: Ask, owner: User) -> int:
    own = (one for one in ask.store.projects.values() if one["owner"] == owner.login)
    return max((one["number"] for one in own), default=0) + 1


def _title(title: str) -> None:
    if not title.strip():
        raise unprocessable("Title can't be blank")
    if len(title) > _LONGEST:
        raise unprocessable(f"Title is too long (maximum is {_LONGEST} characters)")


def _same_owner(owner: str, repos: Iterable[Repo]) -> None:
    for repo in repos:
        if repo.owner.lower() != owner.lower():
            raise unprocessable("The repository must belong to the same owner as the project")


def touched(ask: Ask, board: Board) -> Board:
    board["updated_at"] = ask.store.clock.second()
    return board


def _link(ask: Ask, given: Given) -> dict[str, Any]:
    board = board_for(ask, given["projectId"])
    repo: Repo = ask.node(given["repositoryId"], Repo)
    _same_owner(board["owner"], [repo])
    if repo.node not in board["repositories"]:
        board["repositories"].append(repo.node)
    return {"repository": repo}


def _unlink(ask: Ask, given: Given) -> dict[str, Any]:
    board = board_for(ask, given["projectId"])
    repo: Repo = ask.node(given["repositoryId"], Repo)
    if repo.node in board["repositories"]:
        board["repositories"].remove(repo.node)
    return {"repository": repo}


def _update(ask: Ask, given: Given) -> dict[str, Any]:
    board = board_for(ask, given["projectId"])
    if given.get("title") is not None:
        _title(given["title"])
    names = {"shortDescription": "short_description", "title": "title", "readme": "readme"} | {
        "public": "public",
        "closed": "closed",
    }
    for sent, kept in names.items():
        if given.get(sent) is not None:
            board[kept] = given[sent]
    return {"projectV2": touched(ask, board)}


def _delete(ask: Ask, given: Given) -> dict[str, Any]:
    board = board_for(ask, given["projectId"])
    for thing in (board, *board["fields"], *board["items"]):
        del ask.store.nodes[thing["id"]]
    del ask.store.projects[board["id"]]
    return {"projectV2": board}


def _add_field(ask: Ask, board: Board, name: str, type_: str) -> Field:
    number, node = ask.store.mint("field")
    selects = type_ == "SINGLE_SELECT"
    field: Field = {
        "__typename": "ProjectV2SingleSelectField" if selects else "ProjectV2Field",
        "id": node,
        "database_id": number,
        "project": board["id"],
        "name": name,
        "data_type": type_,
        "options": [],
    }
    board["fields"].append(field)
    ask.store.keep(node, field)
    return field


def _field_name(board: Board, name: str, but: Field | None = None) -> None:
    if not name.strip():
        raise unprocessable("Name can't be blank")
    other = field_named(board, name)
    if other is not None and other is not but:
        raise unprocessable("Name has already been taken")
    if name.lower() in _RESERVED and but is None:
        raise unprocessable("Name cannot have a reserved value")


def _create_field(ask: Ask, given: Given) -> dict[str, Any]:
    board, type_ = board_for(ask, given["projectId"]), given["dataType"]
    if type_ not in _CUSTOM:
        raise unknown("ProjectV2CustomFieldType", type_)
    _field_name(board, given["name"])
    options = given.get("singleSelectOptions")
    if (type_ == "SINGLE_SELECT") != bool(options):
        raise unprocessable(
            "Single select options are required for a single select field and refused for others"
        )
    if len(board["fields"]) >= _MOST_FIELDS:
        raise unprocessable(f"A project cannot have more than {_MOST_FIELDS} fields")
    made = _options(ask, [], options or [])
    field = _add_field(ask, board, given["name"], type_)
    field["options"] = made
    touched(ask, board)
    return {"projectV2Field": field}


def _options(ask: Ask, old: list[dict[str, Any]], sent: Iterable[Given]) -> list[dict[str, Any]]:
    """The new list: an option that comes with the id of an old one is that one, under whatever
    name; one without is a new one, even under an old name."""
    known, made = {one["id"] for one in old}, list[dict[str, Any]]()
    for one in sent:
        id_ = one.get("id")
        if id_ and id_ not in known:
            raise unprocessable(f"The single select option Id does not belong to the field: {id_}")
        if not one["name"].strip():
            raise unprocessable("Option name can't be blank")
        number, _ = ask.store.mint("option")
        fresh = hashlib.sha256(f"option:{number}".encode()).hexdigest()[:8]
        made.append(
            {
                "id": id_ or fresh,
                "name": one["name"],
                "color": one["color"],
                "description": one["description"],
            }
        )
    if len({one["name"].lower() for one in made}) < len(made):
        raise unprocessable("Option names must be unique")
    if len({one["id"] for one in made}) < len(made):
        raise unprocessable("Option ids must be unique")
    if len(made) > _MOST_OPTIONS:
        raise unprocessable(f"A field cannot have more than {_MOST_OPTIONS} options")
    return made


def _field(ask: Ask, id_: str) -> tuple[Board, Field]:
    field = ask.store.nodes.get(id_)
    if not isinstance(field, dict) or "data_type" not in field:
        raise no_node(id_)
    return board_for(ask, board_of(ask, field)["id"]), field


def _update_field(ask: Ask, given: Given) -> dict[str, Any]:
    """An empty list of options changes nothing; any other is the whole list from now on, and
    cards whose option is not in it lose their value."""
    board, field = _field(ask, given["fieldId"])
    if given.get("name") is not None:
        _field_name(board, given["name"], but=field)
    if options := given.get("singleSelectOptions"):
        if field["data_type"] != "SINGLE_SELECT":
            raise unprocessable("Options can only be set on a single select field")
        field["options"] = _options(ask, field["options"], options)
        _forget(board, field)
    if given.get("name") is not None:
        field["name"] = given["name"]
    touched(ask, board)
    return {"projectV2Field": field}


def _forget(board: Board, field: Field) -> None:
    known = {one["id"] for one in field["options"]}
    for item in board["items"]:
        told = item["values"].get(field["id"])
        if told and told["singleSelectOptionId"] not in known:
            del item["values"][field["id"]]


def _delete_field(ask: Ask, given: Given) -> dict[str, Any]:
    board, field = _field(ask, given["fieldId"])
    if field["name"] in _OWN and field["name"] != "Status":
        raise unprocessable("This field cannot be deleted")
    board["fields"].remove(field)
    del ask.store.nodes[field["id"]]
    for item in board["items"]:
        item["values"].pop(field["id"], None)
    touched(ask, board)
    return {"projectV2Field": field}


DEEDS: Mapping[str, Deed] = {
    "createProjectV2": _create,
    "updateProjectV2": _update,
    "deleteProjectV2": _delete,
    "linkProjectV2ToRepository": _link,
    "unlinkProjectV2FromRepository": _unlink,
    "createProjectV2Field": _create_field,
    "updateProjectV2Field": _update_field,
    "deleteProjectV2Field": _delete_field,
}
