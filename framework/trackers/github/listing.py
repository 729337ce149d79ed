"""Keeping the mirror up to date with few questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ...domain.errors import ForgeRefused
from ...domain.trouble import Kind
from .reading import stamp
from .repository import Repository
from .seen import Snapshot, of_rest

_OVERLAP = timedelta(seconds=30)
"""How late a change may show up in a listing, or be believed; GitHub's clock is not ours."""
_ANEW = timedelta(hours=6)
_PAGE = 100
_MARK = "listed until"
_FULL = "listed in full"
_DEPENDENCIES = "has dependencies"
_GONE = 410
_LOOKS = (1.0, 3.0, 8.0)
_NEVER = datetime.min.replace(tzinfo=UTC)

BLOCKERS_QUERY = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue {
  number repository { nameWithOwner }
  blockedBy(first: 100) { nodes { number state repository { nameWithOwner } } }
} } }"""


class Listing:
    """Asks for all issues of one repository, or for what changed among them."""

    def __init__(self, at: Repository) -> None:
        self._at = at
        self._looked = _NEVER

    @property
    def has_dependencies(self) -> bool:
        """Whether the server itself knows which issue waits for which, as far as was seen."""
        return self._at.mirror.fact(_DEPENDENCIES) == "yes"

    def refresh(self) -> None:
        """Ask what changed: one conditional question while nothing did. Every six hours all is
        listed, which alone shows what was deleted or moved away."""
        now = self._at.clock()
        if self._is_due():
            self._list_all()
        else:
            self._list_changed()
        self.ask_blockers()
        self._looked = now

    def is_younger(self, age: timedelta) -> bool:
        """Whether this object last asked what changed less than so long ago."""
        return self._at.clock() - self._looked < age

    def knows(self, number: int, age: timedelta) -> bool:
        """Whether what is known of the issue is younger than that, and it is there."""
        row = self._at.mirror.row(number)
        if row is None or row.is_gone:
            return False
        told = row.at is not None and self._at.clock() - row.at < age
        return told or self.is_younger(age)

    def ask(self, number: int) -> Snapshot | None:
        """The issue as it is now; None where there is none, or no longer."""
        known = self._at.mirror.row(number)
        try:
            raw = self._at.api.get(f"{self._at.root}/issues/{number}")
        except ForgeRefused as error:
            if error.trouble.kind is not Kind.NOT_FOUND or self._is_off(error):
                raise
            raw = None
        if not _is_issue(raw) or (known and known.seen.node != raw["node_id"]):
            self._at.mirror.lose(number)
            return None
        seen = of_rest(raw)
        self._at.keep(seen)
        return seen

    def _is_off(self, error: ForgeRefused) -> bool:
        """GitHub says "gone" of all issues, too, where they are switched off."""
        return error.status == _GONE and not self._at.api.get(self._at.root).get("has_issues", True)

    def ask_blockers(self) -> None:
        """Of the issues of which it is known only how many others they wait for."""
        rows = self._at.mirror.unasked()
        for at in range(0, len(rows), _PAGE):
            ids = [row.seen.node for row in rows[at : at + _PAGE]]
            for node in self._at.api.query(BLOCKERS_QUERY, ids=ids)["nodes"]:
                if node:
                    self._keep_blockers(node)

    def _is_due(self) -> bool:
        full = self._at.mirror.fact(_FULL)
        return full is None or self._at.clock() - datetime.fromisoformat(full) >= _ANEW

    def _list_changed(self) -> None:
        mark = self._at.mirror.fact(_MARK)
        since = None if mark is None else stamp(datetime.fromisoformat(mark) - _OVERLAP)
        self._take(list(self._changed(since)))

    def _changed(self, since: str | None) -> Iterator[Mapping[str, Any]]:
        """In order of change. Not by page numbers: what changes meanwhile would move others from
        one page to the one before, which was read already."""
        path = f"{self._at.root}/issues"
        asked = {"state": "all", "sort": "updated", "direction": "asc"}
        while True:
            found = self._at.api.get(path, per_page=_PAGE, since=since, **asked)
            yield from found
            if len(found) < _PAGE:
                return
            if found[-1]["updated_at"] == since:  # more in one second than a page holds
                yield from self._at.api.pages(path, since=since, **asked)
                return
            since = found[-1]["updated_at"]

    def _list_all(self) -> None:
        now = self._at.clock()
        before = [row for row in self._at.mirror.rows() if not row.is_gone]
        path = f"{self._at.root}/issues"
        latest = self._at.api.get(path, state="all", sort="updated", direction="desc", per_page=1)
        every = self._at.api.pages(path, state="all", sort="created", direction="asc")
        listed = list(every) if latest else []
        # What changes while this goes on comes after the latest change before it.
        self._take(listed, until=[one["updated_at"] for one in latest])
        numbers = {raw["number"] for raw in listed if _is_issue(raw)}
        for row in before:
            if row.seen.number not in numbers:
                self.ask(row.seen.number)
            elif any(row.elsewhere):
                self._at.mirror.keep_blockers(row.seen.number, None, row.elsewhere)
        self._at.mirror.keep_fact(_FULL, now.isoformat())

    def _take(
        self, listed: Sequence[Mapping[str, Any]], until: Sequence[str] | None = None
    ) -> None:
        """Believe a listing; `until` has the time up to which it is complete."""
        shown = [of_rest(raw) for raw in listed if _is_issue(raw)]
        self._at.mirror.keep(shown, self._at.clock(), ours=False)
        if shown:
            has = "no" if shown[-1].blocked is None else "yes"
            if self._at.mirror.fact(_DEPENDENCIES) != has:
                self._at.mirror.keep_fact(_DEPENDENCIES, has)
        times = [raw["updated_at"] for raw in listed] if until is None else until
        mark = max([self._at.mirror.fact(_MARK) or "", *times])
        # An answer to a write of ours never moves the mark: it says nothing about what others
        # did before it.
        if times and mark != self._at.mirror.fact(_MARK):
            self._at.mirror.keep_fact(_MARK, mark)

    def _keep_blockers(self, node: Mapping[str, Any]) -> None:
        here = node["repository"]["nameWithOwner"]
        near, far = [], []
        for one in node["blockedBy"]["nodes"]:
            if one["repository"]["nameWithOwner"] == here:
                near.append(one["number"])
            else:
                is_open = one["state"] != "CLOSED"
                name = f"{one['repository']['nameWithOwner']}#{one['number']}"
                far.append(name if is_open else "")
        self._at.mirror.keep_blockers(node["number"], near, far)


def looks(sleep: Callable[[float], None]) -> Iterator[None]:
    """Each time it is time for another look for what was done just now: GitHub may be late to
    show it."""
    for seconds in _LOOKS:
        sleep(seconds)
        yield


def _is_issue(raw: Mapping[str, Any] | None) -> bool:
    return raw is not None and "pull_request" not in raw
