"""An issue that proved too much for one session becomes smaller ones, which it then waits for.

Nothing is lost by it: the issue itself stays as it was written, with its checks, and is tried
again when its parts have landed. It is done once for an issue, whatever crashes, and not to a
part of another: where that does not help either, a person is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anyio import to_thread

from ..domain.brief import render
from ..domain.errors import IssueDeleted, PlanError
from ..domain.event import Event, IssuesCreated, PlanningStarted
from ..domain.identifier import slug
from ..domain.issue import Change, Draft, Issue
from ..domain.lease import Failure
from ..domain.outcome import Blocked, Deferred
from ..domain.plan import Bounds, Plan, Planned
from ..domain.query import Query
from ..effect import effect
from ..journals.base import Journal
from . import planner, prompt
from .parts import Parts
from .settle import AUTHOR

BOUNDS = Bounds(least=2, most=5)
_KEY = "split:"


async def split(
    parts: Parts, issue: Issue, failures: Sequence[Failure]
) -> Deferred | Blocked | None:
    """Make an issue's parts, or what is missing of them, and let it wait for those.

    None where it was split before and waits for nothing any more: then it is to be tried as it
    is. Blocked where no sound plan came of it, or where it is a part itself. Raises what the
    tracker raises; all of it can be done again.
    """
    if issue.key is not None and issue.key.startswith(_KEY):
        return Blocked(question="It is a part of an issue and still too much: what can be left out")
    plan = await _plan_of(parts, issue, failures)
    if isinstance(plan, Blocked):
        return plan
    return await to_thread.run_sync(_settle, parts, issue, plan)


async def _plan_of(parts: Parts, issue: Issue, failures: Sequence[Failure]) -> Plan | Blocked:
    """The plan that was made once, on disk before any part of it is on the tracker."""
    path = _place(parts, issue) / planner.PLAN_FILE
    if path.exists():
        return planner.load_plan(path)
    about = replace(
        parts,
        scratch=path.parent,
        journal=_About(behind=parts.journal, what=f"issue #{issue.id}"),
        policy=replace(parts.policy, bounds=BOUNDS),
    )
    try:
        plan = await planner.make_plan(about, _specification(issue, failures))
    except PlanError as error:
        _note(parts, Plan(id="", summary="", issues=()), made=0)
        return Blocked(question=f"It should be split, and no plan came of that. {error}")
    await to_thread.run_sync(planner.save_plan, plan, path)
    return plan


def _place(parts: Parts, issue: Issue) -> Path:
    place = parts.scratch / "splits" / slug(issue.id)
    place.mkdir(parents=True, exist_ok=True)
    return place


def _specification(issue: Issue, failures: Sequence[Failure]) -> str:
    reasons = "\n\n".join(f"Attempt {one.epoch}: {one.reason}" for one in failures)
    return (
        f"One issue of a project that exists proved too much for one session. Plan {BOUNDS.least} "
        f"to {BOUNDS.most} smaller ones that come before it: each lands by itself and leaves the "
        "project working, and when all have landed, little or nothing is left to do for it.\n\n"
        f"# {prompt.one_line(issue)}\n\n{issue.body.strip()}\n\n"
        f"# How its attempts ended\n\n{reasons}\n"
    )


def _settle(parts: Parts, issue: Issue, plan: Plan) -> Deferred | None:
    known = _known(parts, issue)
    before = len(known)
    for number, planned in enumerate(plan.in_order(), 1):
        key = f"{_KEY}{issue.id}:{number}"
        if key not in known and (made := _create(parts, _draft(issue, key, planned, plan, known))):
            known[key] = made
    _note(parts, plan, made=len(known) - before)
    waiting = [one for one in known.values() if not one.is_closed]
    if not waiting:
        return None
    with effect("state"):
        ids = frozenset(one.id for one in waiting)
        parts.tracker.update(issue.id, Change(add_depends_on=ids))
    named = ", ".join(f"#{one.id}" for one in waiting)
    text = f"Too much for one session, so it waits for smaller issues: {named}. {plan.summary}"
    with effect("comment"):
        parts.tracker.comment(issue.id, text.strip(), author=AUTHOR, key="split")
    return Deferred(why=f"split: it waits for {named}", until=parts.clock())


def _known(parts: Parts, issue: Issue) -> dict[str, Issue]:
    found = parts.tracker.list(Query(key_prefix=f"{_KEY}{issue.id}:"))
    return {one.key: one for one in found if one.key is not None}


def _draft(
    issue: Issue, key: str, planned: Planned, plan: Plan, known: Mapping[str, Issue]
) -> Draft:
    """A part, as urgent as the whole. What it depends on comes before it in the plan's order;
    what a person deleted is not waited for."""
    keys = {one.key: f"{_KEY}{issue.id}:{at}" for at, one in enumerate(plan.in_order(), 1)}
    needed = [keys[one] for one in planned.depends_on if keys[one] in known]
    return Draft(
        title=planned.title,
        body=render(planned.brief),
        priority=issue.priority,
        labels=frozenset({planned.category.value}),
        depends_on=tuple(known[one].id for one in needed),
        milestone=issue.milestone,
        key=key,
    )


def _create(parts: Parts, draft: Draft) -> Issue | None:
    try:
        with effect("create"):
            return parts.tracker.create(draft)
    except IssueDeleted:
        return None


def _note(parts: Parts, plan: Plan, *, made: int) -> None:
    """The end of the planning, for people too."""
    existing = max(0, len(plan.issues) - made)
    parts.journal.append(
        IssuesCreated(plan=plan.id, created=made, existing=existing, deleted=0)
    )


@dataclass(frozen=True, kw_only=True)
class _About:
    """A journal in which a planning session says what it plans for."""

    behind: Journal
    what: str

    def append(self, event: Event) -> None:
        match event:
            case PlanningStarted():
                self.behind.append(replace(event, spec=self.what))
            case _:
                self.behind.append(event)
