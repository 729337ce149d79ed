"""The plan of a scenario: what its planning session hands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document import Node

_TEXTS = ("key", "title", "description", "category", "priority")
_LISTS = ("criteria", "checks", "depends_on", "paths")


def read(node: Node) -> Mapping[str, Any]:
    """The plan as plain data. Names and types are checked here; whether the plan is a good one
    is for the linter of the run to say, so that a scenario can rehearse its complaints."""
    fields = node.fields(("summary", "issues"), required=("summary", "issues"))
    issues = [_issue(one) for one in fields["issues"].items()]
    return {"summary": fields["summary"].text(), "issues": issues}


def _issue(node: Node) -> dict[str, Any]:
    fields = node.fields((*_TEXTS, *_LISTS), required=("key", "title"))
    return {
        **{name: fields[name].text() for name in _TEXTS if name in fields},
        **{name: fields[name].texts() for name in _LISTS if name in fields},
    }
