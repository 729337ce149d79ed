"""Dependencies between issues, and what they keep from starting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..domain.errors import DependencyCycle
from ..domain.graph import find_cycle, waits_for
from ..domain.issue import Change, Issue
from ..domain.query import Field, Match, Query
from ..trackers.base import Tracker
from .claims import Claims


class Dependencies:
    """Adding and removing dependencies, and looking along them both ways."""

    def __init__(self, tracker: Tracker, claims: Claims, actor: str) -> None:
        self._tracker = tracker
        self._claims = claims
        self._actor = actor

    def add(self, id: str, on: Iterable[str], *, force: bool = False) -> Issue:
        """Let the issue wait for those in `on`. Raises TrackerError, naming the cycle, when it
        would then wait for itself."""
        return self._change(id, Change(add_depends_on=frozenset(on)), force)

    def remove(self, id: str, on: Iterable[str], *, force: bool = False) -> Issue:
        return self._change(id, Change(remove_depends_on=frozenset(on)), force)

    def block(self, id: str, others: Iterable[str], *, force: bool = False) -> Sequence[Issue]:
        """Let each of the others wait for this issue; returns them. All or none, unless somebody
        changes them in the same moment. Raises as `add`."""
        ids = tuple(dict.fromkeys(others))
        self._refuse_cycle(self._tracker.get(id), ids)
        return self._change_each(ids, Change(add_depends_on=frozenset({id})), force)

    def unblock(self, id: str, others: Iterable[str], *, force: bool = False) -> Sequence[Issue]:
        """Let none of the others wait for this issue any longer; returns them."""
        ids = tuple(dict.fromkeys(others))
        return self._change_each(ids, Change(remove_depends_on=frozenset({id})), force)

    def needs(self, issue: Issue) -> dict[str, Issue]:
        """All issues that this one depends on, directly or through others, by id, the nearest
        first."""
        found: dict[str, Issue] = {}
        wanted = set(issue.depends_on)
        while wanted:
            step = self._named(wanted)
            found.update(step)
            wanted = {id for one in step.values() for id in one.depends_on} - found.keys()
        return found

    def needed_by(self, id: str) -> dict[str, Issue]:
        """All issues that depend on this one, directly or through others, by id, the nearest
        first."""
        found: dict[str, Issue] = {}
        wanted = frozenset({id})
        while wanted:
            query = Query(where=(_one_of(Field.DEPENDS_ON, wanted),))
            step = {one.id: one for one in self._tracker.list(query) if one.id not in found}
            found.update(step)
            wanted = frozenset(step)
        return found

    def dependants(self, id: str) -> list[Issue]:
        """The issues that depend directly on this one."""
        return list(self._tracker.list(Query(where=(_one_of(Field.DEPENDS_ON, (id,)),))))

    def waits_for(self, issue: Issue) -> tuple[str, ...]:
        """What the issue still waits for."""
        return self.waiting((issue,))[issue.id]

    def waiting(self, issues: Iterable[Issue]) -> dict[str, tuple[str, ...]]:
        """What each issue still waits for, by id."""
        issues = tuple(issues)
        known = self.known(issue for issue in issues if not issue.is_closed)
        return {one.id: () if one.is_closed else waits_for(one, known) for one in issues}

    def known(self, issues: Iterable[Issue]) -> Mapping[str, Issue]:
        """The issues that these depend on directly, by id; one that is gone is missing."""
        return self._named({one for issue in issues for one in issue.depends_on})

    def _refuse_cycle(self, issue: Issue, others: Iterable[str]) -> None:
        edges = {one.id: one.depends_on for one in (issue, *self.needs(issue).values())}
        for other in others:
            needs = self._tracker.get(other).depends_on
            if cycle := find_cycle({**edges, other: (*needs, issue.id)}):
                raise DependencyCycle(
                    f"Issue {other} would wait for itself: {' -> '.join(cycle)}. "
                    "Remove one of these dependencies first."
                )

    def _change_each(self, ids: Iterable[str], change: Change, force: bool) -> list[Issue]:
        for id in ids:  # before anything is changed
            self._tracker.get(id)
            self._claims.admit(id, force=force)
        return [self._change(id, change, force) for id in ids]

    def _change(self, id: str, change: Change, force: bool) -> Issue:
        forced = self._claims.admit(id, force=force)
        return self._tracker.update(id, change, actor=self._actor, forced=forced)

    def _named(self, ids: Iterable[str]) -> Mapping[str, Issue]:
        wanted = tuple(ids)
        if not wanted:
            return {}
        found = self._tracker.list(Query(where=(_one_of(Field.ID, wanted),)))
        return {issue.id: issue for issue in found}


def _one_of(field: Field, values: Iterable[str]) -> Match:
    return Match(field=field, any_of=frozenset(values))
