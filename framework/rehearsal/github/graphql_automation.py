"""The built-in workflow of a board: a closed issue's card goes to Done.

GitHub has it on in every new board, and so has the double. People switch it in the browser, tests
and rehearsals with `automate`: there is no API for it.
"""

from __future__ import annotations

from typing import Any

from .records import Issue
from .store import Store


def automate(store: Store, board: str, *, on: bool = True) -> None:
    """Switch the workflow of the board with this node id. Issues that are closed already stay."""
    with store.lock:
        store.projects[board]["automated"] = on
        for item in store.projects[board]["items"]:
            item["was_open"] = _is_open(store, item)


def catch_up(store: Store) -> None:
    """Do what the workflows would have done since. `store.lock` is held."""
    for board in store.projects.values():
        if board["automated"]:
            for item in board["items"]:
                _move(store, board, item)


def _is_open(store: Store, item: dict[str, Any]) -> bool:
    content = item["content"]
    found = store.nodes.get(content) if isinstance(content, str) else None
    return not (isinstance(found, Issue) and found.state == "closed")


def _move(store: Store, board: dict[str, Any], item: dict[str, Any]) -> None:
    was, now = item.get("was_open", True), _is_open(store, item)
    item["was_open"] = now
    field = next((one for one in board["fields"] if one["name"] == "Status"), None)
    if field is None or now or not was:
        return
    done = next((one["id"] for one in field["options"] if one["name"] == "Done"), None)
    if done and item["values"].get(field["id"], {}).get("singleSelectOptionId") != done:
        at = store.clock.second()
        item["values"][field["id"]] = {"singleSelectOptionId": done, "at": at}
        item["updated_at"] = at
