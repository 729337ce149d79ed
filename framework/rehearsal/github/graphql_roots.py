"""Where every query begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from . import merging
from .graphql_ask import Ask, Fields, when
from .graphql_errors import Refused, no_node, nobody
from .graphql_issues import issue_in
from .graphql_people import repository
from .graphql_reach import reaches
from .records import Issue, User


def _viewer(ask: Ask, it: Any, args: Mapping[str, Any]) -> User | None:
    return ask.user(ask.login)


def _owner(ask: Ask, login: str, kind: str, *kinds: str) -> User:
    found = ask.user(login)
    if found is None or found.kind not in kinds:
        raise nobody(kind, "login of", login)
    return found


def _one(ask: Ask, id_: str) -> Any:
    found = ask.node(id_)
    if isinstance(found, dict):
        board = ask.store.projects.get(found.get("project", id_))
        if board is not None and not reaches(ask, board):
            raise no_node(id_)
    if isinstance(found, Issue) and found.pull:
        merging.catch_up(ask.store, ask.store.repo_of(found))
    return found


def _each(ask: Ask, id_: str) -> Any:
    """One of several: a missing one is an error at its place, and the others are answered."""
    try:
        return _one(ask, id_)
    except Refused as refused:
        return refused


def _resource(ask: Ask, it: Any, args: Mapping[str, Any]) -> Any:
    """An account, a repository, an issue or a pull request by its address."""
    parts = urlsplit(args["url"]).path.strip("/").split("/")
    match parts:
        case [login]:
            return ask.user(login)
        case [owner, name]:
            return repository(ask, {"owner": owner, "name": name})
        case [owner, name, "issues" | "pull", number] if number.isdecimal():
            found = repository(ask, {"owner": owner, "name": name})
            return issue_in(ask, found, int(number), "issue or pull request")
        case _:
            return None


def _rate(ask: Ask, it: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    window = ask.store.limits.window(ask.login, "graphql")
    return {
        "cost": ask.price.points,
        "limit": window.limit,
        "nodeCount": ask.price.nodes,
        "remaining": window.remaining,
        "resetAt": when(window.reset),
        "used": window.used,
    }


FIELDS: Fields = {
    "Query": {
        "viewer": _viewer,
        "rateLimit": _rate,
        "node": lambda ask, it, args: _one(ask, args["id"]),
        "nodes": lambda ask, it, args: [_each(ask, one) for one in args["ids"]],
        "repository": lambda ask, it, args: repository(ask, args),
        "resource": _resource,
        "user": lambda ask, it, args: _owner(ask, args["login"], "User", "User"),
        "organization": lambda ask, it, args: _owner(
            ask, args["login"], "Organization", "Organization"
        ),
        "repositoryOwner": lambda ask, it, args: ask.user(args["login"]),
    },
}
