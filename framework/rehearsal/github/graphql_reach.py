"""Which boards a request reaches, and the ways to them: owners, repositories, issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .graphql_ask import Ask
from .graphql_errors import forbidden, inaccessible, no_node, nobody
from .records import Issue, Repo, User

Board = dict[str, Any]


def reaches(ask: Ask, board: Board, *, writing: bool = False) -> bool:
    """Whether the request may see, or change, the board.

    GitHub gives fine-grained tokens no boards of users at all, and those of an organisation only
    with a permission of their own; what classic tokens need was checked by their scopes.
    """
    owner = ask.user(board["owner"])
    if ask.fine_grained:
        if owner is None or owner.kind != "Organization":
            return False
        granted = ask.token.permissions.get("organization_projects", "none")
        if granted == "none" or (writing and granted == "read"):
            return False
    return bool(board["public"] and not writing) or _member(ask, board)


def _member(ask: Ask, board: Board) -> bool:
    """The double knows no teams: the owner's own, who made it, and who may write to a repository
    of the owner or one that is linked."""
    store, owner = ask.store, board["owner"]
    if ask.login in (owner, board["creator"]):
        return True
    return any(
        store.may(repo, ask.login, "write")
        for repo in store.repos.values()
        if repo.owner == owner or repo.node in board["repositories"]
    )


def board_for(ask: Ask, id_: str) -> Board:
    """The board of that node id, to change it."""
    board = ask.store.projects.get(id_)
    if board is None or not reaches(ask, board):
        raise no_node(id_)
    if not reaches(ask, board, writing=True):
        raise inaccessible() if ask.fine_grained else forbidden(ask.login, ask.deed)
    return board


def may_own(ask: Ask, owner: User) -> None:
    """Refuse to make a board for `owner` unless the person and the token may."""
    if ask.fine_grained and (
        owner.kind != "Organization"
        or ask.token.permissions.get("organization_projects") not in ("write", "admin")
    ):
        raise inaccessible()
    own = [repo for repo in ask.store.repos.values() if repo.owner == owner.login]
    if owner.login != ask.login and not any(ask.may(repo, "write") for repo in own):
        raise forbidden(ask.login, ask.deed)


def _page(ask: Ask, boards: Sequence[Board], args: Mapping[str, Any], of: str) -> dict[str, Any]:
    found = [one for one in boards if reaches(ask, one)]
    if query := args.get("query"):
        found = [one for one in found if _matches(one, query)]
    order = args.get("orderBy")
    if order is None or order["direction"] == "DESC":
        found = found[::-1]
    return ask.page(found, args, of, [one["id"] for one in found])


def _matches(board: Board, query: str) -> bool:
    """Words of the title, and is:open or is:closed."""
    words = query.lower().split()
    for word in words:
        if word in ("is:open", "is:closed"):
            if board["closed"] != (word == "is:closed"):
                return False
        elif word not in board["title"].lower():
            return False
    return True


def boards_of_owner(ask: Ask, it: User, args: Mapping[str, Any]) -> dict[str, Any]:
    found = [one for one in ask.store.projects.values() if one["owner"] == it.login]
    return _page(ask, found, args, f"{it.node} projectsV2")


def boards_of_repo(ask: Ask, it: Repo, args: Mapping[str, Any]) -> dict[str, Any]:
    found = [one for one in ask.store.projects.values() if it.node in one["repositories"]]
    return _page(ask, found, args, f"{it.node} projectsV2")


def owned_board(ask: Ask, it: User, args: Mapping[str, Any]) -> Board:
    for board in ask.store.projects.values():
        if (board["owner"], board["number"]) == (it.login, args["number"]) and reaches(ask, board):
            return board
    raise nobody("ProjectV2", "number", args["number"])


def repo_board(ask: Ask, it: Repo, args: Mapping[str, Any]) -> Board:
    for board in ask.store.projects.values():
        linked = it.node in board["repositories"]
        if linked and board["number"] == args["number"] and reaches(ask, board):
            return board
    raise nobody("ProjectV2", "number", args["number"])


def items_of(ask: Ask, it: Issue, args: Mapping[str, Any]) -> dict[str, Any]:
    """The cards of an issue or a pull request; archived ones too unless asked otherwise."""
    archived = args.get("includeArchived", True)
    found = [
        item
        for board in ask.store.projects.values()
        if reaches(ask, board)
        for item in board["items"]
        if item["content"] == it.node and (archived or not item["archived"])
    ]
    return ask.page(found, args, f"{it.node} projectItems", [one["id"] for one in found])
