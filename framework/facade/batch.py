"""Doing what a batch asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..domain.errors import NightshiftError, TrackerUnavailable
from ..domain.issue import Draft, Issue
from ..domain.query import Field, Match, Query
from . import document
from .facade import Facade
from .operation import Claim, Create, Depend, Edit, Operation, Release, Say

_BY_KEY = "key:"

Result = dict[str, Any] | NightshiftError


class Performer:
    """Does operations one after another. An issue that was made with a key, in this batch or
    before, can be named `key:NAME`."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade
        self._ids: dict[str, str] = {}

    def create(self, drafts: Sequence[Draft]) -> list[Result]:
        """Make all, in one step where the tracker can and all are right; else those that are."""
        if len(drafts) < 2 or not self._facade.creates_at_once:
            return [self._created(one) for one in drafts]
        try:
            issues = self._facade.create_many(self._together(drafts))
        except TrackerUnavailable as error:
            return [error for _ in drafts]
        except NightshiftError:
            return [self._created(one) for one in drafts]
        waiting = self._facade.dependencies.waiting(issues)
        return [self._noted(one, waiting[one.id]) for one in issues]

    def perform(self, operation: Operation) -> Result:
        try:
            return self._performed(operation)
        except NightshiftError as error:
            return error

    def _performed(self, operation: Operation) -> Result:
        facade = self._facade
        match operation:
            case Create(draft=draft):
                return self._created(draft)
            case Edit():
                return self._edited(operation)
            case Say(issue=issue, text=text, key=key, force=force):
                said = facade.comment(self._one(issue), text, key=key, force=force)
                return document.comment(said)
            case Claim(issue=issue, timeout=timeout):
                lease = facade.claims.claim(self._one(issue), timeout)
                return document.claim(lease, mine=True)
            case Release(issue=issue, force=force):
                lease = facade.claims.release(self._one(issue), force=force)
                return document.released(lease, mine=facade.claims.is_mine(lease))
            case Depend():
                return self._dependent(operation)

    def _created(self, draft: Draft) -> Result:
        draft = replace(draft, depends_on=self._all(draft.depends_on))
        try:
            issue = self._facade.create(draft)
            return self._noted(issue, self._facade.dependencies.waits_for(issue))
        except NightshiftError as error:
            return error

    def _noted(self, issue: Issue, waits_for: Sequence[str]) -> Result:
        if issue.key is not None:
            self._ids[issue.key] = issue.id
        return document.issue(issue, waits_for)

    def _edited(self, operation: Edit) -> Result:
        id, force = self._one(operation.issue), operation.force
        if operation.comment is not None:
            self._facade.comment(id, operation.comment, force=force)
        return self._told(self._facade.update(id, operation.change, force=force))

    def _dependent(self, operation: Depend) -> Result:
        id, force = self._one(operation.issue), operation.force
        edges = self._facade.dependencies
        if operation.blocks:
            block = edges.unblock if operation.remove else edges.block
            block(id, self._all(operation.blocks), force=force)
        if operation.on:
            change = edges.remove if operation.remove else edges.add
            change(id, self._all(operation.on), force=force)
        return self._told(self._facade.get(id))

    def _told(self, issue: Issue) -> Result:
        return document.issue(issue, self._facade.dependencies.waits_for(issue))

    def _together(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Keys of drafts among them are left to the tracker, which knows them once they are
        made."""
        own = {f"{_BY_KEY}{one.key}" for one in drafts}
        return [
            replace(
                draft,
                depends_on=tuple(id if id in own else self._one(id) for id in draft.depends_on),
            )
            for draft in drafts
        ]

    def _one(self, id: str) -> str:
        """The id that is meant; a key that nothing was made with stays as it is, and will not be
        found."""
        if not id.startswith(_BY_KEY):
            return id
        key = id.removeprefix(_BY_KEY)
        if key not in self._ids:
            with_key = Match(field=Field.KEY, any_of=frozenset({key}))
            for issue in self._facade.list(Query(where=(with_key,), limit=1)):
                self._ids[key] = issue.id
        return self._ids.get(key, id)

    def _all(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._one(one) for one in ids)
