"""A board's filter, as its search line takes it: `-status:Done is:open label:bug updated:>…`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .graphql_ask import Ask, moment
from .graphql_errors import Refused
from .records import Issue

Item = dict[str, Any]
_TERM = re.compile(
    r'(?P<no>-?)(?:(?P<word>[\w-]+):)?(?P<value>"[^"]*"(?:,(?:"[^"]*"|[^\s"]+))*|\S+)'
)


def kept(ask: Ask, board: Mapping[str, Any], items: list[Item], query: str) -> list[Item]:
    """The cards that meet all terms. A value that is on no card keeps none; it is no error."""
    for term in _TERM.finditer(query):
        test = _test(ask, board, term["word"] or "", term["value"])
        wanted = not term["no"]
        items = [one for one in items if test(one) is wanted]
    return items


def _test(ask: Ask, board: Mapping[str, Any], word: str, value: str) -> Callable[[Item], bool]:
    values = {part.strip().strip('"').lower() for part in value.split(",")}

    def issue(item: Item) -> Issue | None:
        found = ask.store.nodes.get(item["content"]) if isinstance(item["content"], str) else None
        return found if isinstance(found, Issue) else None

    match word.lower():
        case "is":
            return lambda item: bool(values & _kinds(item, issue(item)))
        case "no":
            return lambda item: not any(_says(board, item, name) for name in values)
        case "updated":
            return _updated(value)
        case "label":
            return lambda item: bool(values & {one.lower() for one in _labels(issue(item))})
        case "":
            return lambda item: any(one in _title(item, issue(item)) for one in values)
        case name if _field(board, name):
            return lambda item: _says(board, item, name).lower() in values
        case _:
            pass
    raise Refused("NOT_IMPLEMENTED", f"The double does not filter boards by {word!r} yet")


def _labels(issue: Issue | None) -> list[str]:
    return issue.labels if issue else []


def _title(item: Item, issue: Issue | None) -> str:
    return (issue.title if issue else str(item["content"].get("title", ""))).lower()


def _kinds(item: Item, issue: Issue | None) -> set[str]:
    if issue is None:
        return {"draft", "open"}
    return {issue.state, "pr" if issue.pull else "issue"}


def _field(board: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Fields are written in a filter with - for blanks."""
    wanted = name.lower().replace("-", " ")
    return next((one for one in board["fields"] if one["name"].lower() == wanted), None)


def _says(board: Mapping[str, Any], item: Item, name: str) -> str:
    field = _field(board, name)
    told = item["values"].get(field["id"], {}) if field else {}
    if field and "singleSelectOptionId" in told:
        names = {one["id"]: one["name"] for one in field["options"]}
        return str(names.get(told["singleSelectOptionId"], ""))
    return str(next((told[key] for key in ("text", "number", "date") if key in told), ""))


def _updated(value: str) -> Callable[[Item], bool]:
    match = re.fullmatch(r"(>=|>|<=|<)(.+)", value)
    if not match:
        raise Refused("NOT_IMPLEMENTED", f"The double does not filter boards by updated:{value}")
    sign, at = match[1], moment(match[2].strip('"'))
    compare: dict[str, Callable[[Any], bool]] = {
        ">=": lambda it: it >= at,
        ">": lambda it: it > at,
        "<=": lambda it: it <= at,
        "<": lambda it: it < at,
    }
    return lambda item: compare[sign](item["updated_at"])
