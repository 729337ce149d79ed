"""Changing one issue: what is told to GitHub, and that it was kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ...domain.errors import TrackerError
from ...domain.issue import Change, Issue
from ...forge.github import GitHub
from .. import _rules
from ..base import Clock
from . import words
from .mirror import Mirror
from .rooms import Rooms
from .seen import of_rest
from .writing import patch

FRESH = timedelta(seconds=10)
"""How old what is known may be when it is written over: people's edits win."""


class Changing:
    """`root` is the repository's path, `repos/OWNER/NAME`, and `home` where people find it."""

    def __init__(
        self, api: GitHub, mirror: Mirror, rooms: Rooms, *, root: str, home: str, clock: Clock
    ) -> None:
        self._api = api
        self._mirror = mirror
        self._rooms = rooms
        self._root = root
        self._home = home
        self._clock = clock

    def change(self, number: int, change: Change) -> bool:
        """Whether anything changed. The caller has the turn. Raises what `Tracker.update` does."""
        self._refuse_approval(number, change)
        self._freshen(number)
        for one in change.add_depends_on:
            self._rooms.require(one)
        before = self._rooms.issue(str(number))
        after = _rules.edited(before, change, self._clock())
        self._refuse_cycle(before, after)
        if after is not before:
            self._write(number, before, after)
        return after is not before

    def _freshen(self, number: int) -> None:
        row = self._mirror.row(number)
        if row is None or row.is_gone:
            self._rooms.ask(number)
        elif not self._rooms.listing.knows(number, FRESH):
            self._rooms.listing.refresh()  # as dear as to ask for one, and the next ones have it

    def _refuse_approval(self, number: int, change: Change) -> None:
        """With our account, which may write, whoever can reach this tracker could approve."""
        if words.APPROVED in {name.lower() for name in change.add_labels}:
            raise TrackerError(
                f"The label `{words.APPROVED}` releases a stranger's words to be worked on, and "
                f"is put on by people. Do that on {self._home}/issues/{number}."
            )

    def _refuse_cycle(self, before: Issue, after: Issue) -> None:
        if set(after.depends_on) - set(before.depends_on):
            every = self._rooms.shelf.every()
            _rules.refuse_cycle(after, {one.id: one.depends_on for one in every})

    def _write(self, number: int, before: Issue, after: Issue) -> None:
        rooms = self._rooms
        add = {int(one) for one in set(after.depends_on) - set(before.depends_on)}
        remove = {int(one) for one in set(before.depends_on) - set(after.depends_on)}
        kept = rooms.shelf.kept(number)
        needs = rooms.shelf.left(number, remove)
        if not rooms.listing.has_dependencies:
            needs += tuple(str(one) for one in sorted(add))
        elif add or remove:
            rooms.links.change(number, add, remove & set(kept.row.blockers or ()))
        changed = after.assignees != before.assignees
        logins = rooms.people.assignable(after.assignees) if changed else {}
        seen = rooms.shelf.kept(number).row.seen
        fields = patch(seen, before, after, rooms.house, needs=needs, logins=logins)
        if fields.get("milestone") is not None:
            fields["milestone"] = rooms.catalogue.milestone(fields["milestone"])["number"]
        if fields:
            self.patch(number, fields)

    def patch(self, number: int, fields: Mapping[str, Any]) -> None:
        """Send just this. The caller has the turn, and knows the issue as it is."""
        if "labels" in fields:
            self._rooms.catalogue.furnish()
        seen = of_rest(self._api.send("PATCH", f"{self._root}/issues/{number}", fields))
        self._mirror.keep([seen], self._clock(), ours=True)
        dropped = {one.lower() for one in fields.get("labels", ())}
        dropped -= {one.lower() for one in seen.labels}
        if dropped or not set(fields.get("assignees", ())) <= set(seen.assignees):
            raise TrackerError(
                f"GitHub changed issue {number}, but not its labels or assignees: the token may "
                f"not do that. Give its account write access on {self._home}/settings/access."
            )
