"""An issue as GitHub last showed it, from either of its two APIs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...domain.entry import Entry, Milestone
from ...domain.frozen import dataclass, replace

FIELDS = """{
  id number title body state stateReason createdAt updatedAt closedAt
  author { login } authorAssociation
  labels(first: 100) { nodes { name } }
  assignees(first: 20) { nodes { login } }
  milestone { title }
  comments(first: 1) { totalCount }
}"""
"""What GraphQL is to say of an issue for `of_graph`."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`node` is GraphQL's name for the issue. Times are as GitHub
    writes them: whole seconds, UTC. `blocked` counts the issues that GitHub itself knows it to
    wait for; None where the server knows nothing of such."""

    number: int
    node: str
    title: str
    body: str
    is_closed: bool
    reason: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    milestone: str | None
    author: str
    association: str
    created_at: str
    updated_at: str
    closed_at: str | None
    comments: int
    blocked: int | None = None


def of_rest(raw: Mapping[str, Any]) -> Snapshot:
    summary = raw.get("issue_dependencies_summary")
    return Snapshot(
        number=raw["number"],
        node=raw["node_id"],
        title=raw["title"],
        body=raw.get("body") or "",
        is_closed=raw["state"] == "closed",
        reason=raw.get("state_reason") or "",
        labels=tuple(one["name"] for one in raw["labels"]),
        assignees=tuple(one["login"] for one in raw["assignees"]),
        milestone=(raw.get("milestone") or {}).get("title"),
        author=(raw.get("user") or {}).get("login", ""),
        association=raw.get("author_association", "NONE"),
        created_at=raw["created_at"],
        updated_at=raw["updated_at"],
        closed_at=raw.get("closed_at"),
        comments=raw.get("comments", 0),
        blocked=None if summary is None else summary.get("total_blocked_by", 0),
    )


def of_graph(node: Mapping[str, Any]) -> Snapshot:
    """`node` has FIELDS. How much it waits for is not said there: 0."""
    return Snapshot(
        number=node["number"],
        node=node["id"],
        title=node["title"],
        body=node["body"],
        is_closed=node["state"] == "CLOSED",
        reason=(node.get("stateReason") or "").lower(),
        labels=tuple(one["name"] for one in node["labels"]["nodes"]),
        assignees=tuple(one["login"] for one in node["assignees"]["nodes"]),
        milestone=(node.get("milestone") or {}).get("title"),
        author=(node.get("author") or {}).get("login", ""),
        association=node["authorAssociation"],
        created_at=node["createdAt"],
        updated_at=node["updatedAt"],
        closed_at=node.get("closedAt"),
        comments=node["comments"]["totalCount"],
        blocked=0,
    )


def renamed_in(seen: Snapshot, kind: type[Entry], was: str, now_called: str | None) -> Snapshot:
    """The issue after a label or milestone got another name, or was taken away: None."""
    if kind is Milestone:
        return replace(seen, milestone=now_called) if seen.milestone == was else seen
    if was not in seen.labels:
        return seen
    others = {one for one in seen.labels if one != was}
    return replace(seen, labels=tuple(sorted(others | ({now_called} if now_called else set()))))


def written(seen: Snapshot) -> str:
    return json.dumps(vars(seen), separators=(",", ":"))


def read(text: str) -> Snapshot:
    values = json.loads(text)
    for name in ("labels", "assignees"):
        values[name] = tuple(values[name])
    return Snapshot(**values)
