"""Which changes and approvals an issue of a stranger has seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ...domain.frozen import dataclass, replace
from ...forge.github import GitHub
from . import words
from .eligibility import Approval, Facts
from .mirror import Row
from .people import People

APPROVALS_QUERY = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue {
  id lastEditedAt
  timelineItems(
    last: 100
    itemTypes: [LABELED_EVENT, RENAMED_TITLE_EVENT, TRANSFERRED_EVENT, REOPENED_EVENT]
  ) { nodes {
    __typename
    ... on LabeledEvent { createdAt actor { login __typename } label { name } }
    ... on RenamedTitleEvent { createdAt }
    ... on TransferredEvent { createdAt }
    ... on ReopenedEvent { createdAt actor { login } }
  } }
} } }"""

_PAGE = 50
_OUTSIDE = frozenset({"NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"})
"""Of these GitHub says with the issue that they have no part in the repository."""


@dataclass(frozen=True, kw_only=True)
class History:
    """What GitHub tells of an issue; `version` is the mirror's when it was asked."""

    version: int
    edited_at: datetime | None
    events: Sequence[Mapping[str, Any]]


class Approvals:
    """Asks about strangers' issues that carry the label, once for each change of such an issue."""

    def __init__(self, api: GitHub, people: People) -> None:
        self._api = api
        self._people = people
        self._known: dict[str, History] = {}

    def can_write(self, author: str, association: str) -> bool:
        """Whether whoever opened the issue may change the repository."""
        return association not in _OUTSIDE and self._people.can_write(author)

    def ask(self, rows: Iterable[Row]) -> None:
        """Learn the history of these, as far as it is needed."""
        wanted = [row for row in rows if is_labelled(row) and not self._is_known(row)]
        for at in range(0, len(wanted), _PAGE):
            some = {row.seen.node: row for row in wanted[at : at + _PAGE]}
            for node in self._api.query(APPROVALS_QUERY, ids=list(some))["nodes"]:
                if node:
                    self._known[node["id"]] = _history(node, some[node["id"]].version)

    def facts(self, row: Row, facts: Facts) -> Facts:
        """`facts` with what is known of approvals; none are, of what was not asked about."""
        history = self._known.get(row.seen.node)
        if history is None or not is_labelled(row):
            return facts
        return replace(
            facts,
            is_approved=True,
            approvals=tuple(self._approvals(history)),
            edited_at=_last([*_times(history, "RenamedTitleEvent"), history.edited_at]),
            moved_at=_last(_times(history, "TransferredEvent")),
            reopened_at=_last(self._reopened(history)),
        )

    def _is_known(self, row: Row) -> bool:
        known = self._known.get(row.seen.node)
        return known is not None and known.version == row.version

    def _approvals(self, history: History) -> Iterable[Approval]:
        for event in history.events:
            is_ours = event["__typename"] == "LabeledEvent"
            if is_ours and event["label"]["name"].lower() == words.APPROVED:
                who = event["actor"] or {}
                is_person = who.get("__typename") == "User"
                can = is_person and self._people.can_write(who["login"])
                yield Approval(at=_at(event), can_write=can)

    def _reopened(self, history: History) -> Iterable[datetime]:
        for event in history.events:
            if event["__typename"] == "ReopenedEvent":
                who = (event["actor"] or {}).get("login", "")
                if not self._people.can_write(who):
                    yield _at(event)


def is_labelled(row: Row) -> bool:
    return words.APPROVED in {name.lower() for name in row.seen.labels}


def _history(node: Mapping[str, Any], version: int) -> History:
    edited = node["lastEditedAt"]
    return History(
        version=version,
        edited_at=None if edited is None else datetime.fromisoformat(edited),
        events=[one for one in node["timelineItems"]["nodes"] if one],
    )


def _times(history: History, kind: str) -> Iterable[datetime]:
    return (_at(event) for event in history.events if event["__typename"] == kind)


def _at(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["createdAt"])


def _last(times: Iterable[datetime | None]) -> datetime | None:
    return max((one for one in times if one is not None), default=None)
