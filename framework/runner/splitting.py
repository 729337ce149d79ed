"""An issue that proved too much for one session becomes smaller ones, which it then waits for.

Nothing is lost by it: the issue itself stays as it was written, with its checks, and is tried
again when its parts have landed. It is done once for an issue, whatever crashes, and not to a
part of another: where that does not help either, its next failure asks a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from anyio import to_thread

from ..domain.brief import parse, render
from ..domain.errors import IssueDeleted, PlanError
from ..domain.event import Entry, Event, IssuesCreated, PlanningStarted, Warned
from ..domain.filechange import Scope
from ..domain.identifier import slug
from ..domain.issue import Change, Draft, Issue
from ..domain.lease import Failure
from ..domain.outcome import Deferred
from ..domain.plan import Bounds, Plan, Planned
from ..domain.query import Query
from ..effect import effect
from ..journals.base import Journal
from ..trackers.base import CreatesMany
from . import planner, prompt
from .parts import Parts
from .settle import AUTHOR

BOUNDS = Bounds(least=2, most=5)
_KEY = "split:"


async def split(parts: Parts, issue: Issue, failures: Sequence[Failure]) -> Deferred | None:
    """Make an issue's parts, or what is missing of them, and let it wait for those.

    None where it is to be tried as it is: its parts are closed, it is a part itself, or no sound
    plan came of it, which the journal says. Raises what the tracker raises; all of it can be done
    again.
    """
    if issue.key is not None and issue.key.startswith(_KEY):
        return None
    known = await to_thread.run_sync(_known, parts, issue)
    plan = await _plan_of(parts, issue, failures, known)
    if plan is not None:
        known = await to_thread.run_sync(_make, parts, issue, plan, known)
    return await to_thread.run_sync(_wait, parts, issue, known)


async def _plan_of(
    parts: Parts, issue: Issue, failures: Sequence[Failure], known: Mapping[str, Issue]
) -> Plan | None:
    """What is still to be made. It is planned once, and on disk before any part of it is on the
    tracker; parts whose plan is gone are all that there will be."""
    path = parts.scratch / "splits" / slug(issue.id) / planner.PLAN_FILE
    if path.exists():
        return planner.load_plan(path)
    if known:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    about = replace(
        parts,
        scratch=path.parent,
        journal=_About(behind=parts.journal, what=f"issue #{issue.id}"),
        policy=replace(parts.policy, bounds=BOUNDS),
    )
    try:
        plan = await planner.make_plan(about, _specification(issue, failures))
    except PlanError as error:
        parts.journal.append(Warned(text=f"#{issue.id} is tried as it is, not split: {error}"))
        parts.journal.append(IssuesCreated(plan="", created=0, existing=0, deleted=0))
        return None
    await to_thread.run_sync(planner.save_plan, plan, path)
    return plan


def _specification(issue: Issue, failures: Sequence[Failure]) -> str:
    reasons = "\n\n".join(f"Attempt {one.epoch}: {one.reason}" for one in failures)
    return (
        f"One issue of a project that exists proved too much for one session. Plan {BOUNDS.least} "
        f"to {BOUNDS.most} smaller ones that come before it: each lands by itself and leaves the "
        "project working. What puts them together stays with the issue itself, which comes last "
        "and needs something to commit.\n\n"
        f"# {prompt.one_line(issue)}\n\n{issue.body.strip()}\n\n"
        f"# How its attempts ended\n\n{reasons}\n"
    )


def _make(parts: Parts, issue: Issue, plan: Plan, known: Mapping[str, Issue]) -> dict[str, Issue]:
    """The parts with those that were missing; what a person deleted is not made again."""
    found, deleted = dict(known), 0
    with suppress(IssueDeleted):
        if isinstance(parts.tracker, CreatesMany):
            _make_together(parts.tracker, issue, plan, found)
    for key, planned in _keyed(issue, plan).items():
        if key in found:
            continue
        ids = {name: one.id for name, one in found.items()}
        made = _create(parts, _draft(issue, key, planned, plan, ids))
        if made is None:
            deleted += 1
        else:
            found[key] = made
    created = len(found) - len(known)
    if created:
        event = IssuesCreated(plan=plan.id, created=created, existing=len(known), deleted=deleted)
        parts.journal.append(event)
    return found


def _make_together(tracker: CreatesMany, issue: Issue, plan: Plan, found: dict[str, Issue]) -> None:
    """All that is missing in `found`. Raises IssueDeleted where a person deleted one of them."""
    keyed = _keyed(issue, plan)
    ids = {key: found[key].id if key in found else f"key:{key}" for key in keyed}
    missing = [key for key in keyed if key not in found]
    if missing:
        drafts = [_draft(issue, key, keyed[key], plan, ids) for key in missing]
        with effect("create"):
            found |= zip(missing, tracker.create_many(drafts), strict=True)


def _keyed(issue: Issue, plan: Plan) -> Mapping[str, Planned]:
    return {f"{_KEY}{issue.id}:{at}": one for at, one in enumerate(plan.in_order(), 1)}


def _wait(parts: Parts, issue: Issue, known: Mapping[str, Issue]) -> Deferred | None:
    waiting = [one for one in known.values() if not one.is_closed]
    if not waiting:
        return None
    with effect("state"):
        ids = frozenset(one.id for one in waiting)
        parts.tracker.update(issue.id, Change(add_depends_on=ids))
    named = ", ".join(f"#{one.id}" for one in waiting)
    text = f"This proved too much for one session. It waits for smaller issues: {named}."
    with effect("comment"):
        parts.tracker.comment(issue.id, text, author=AUTHOR, key="split")
    return Deferred(why=f"split, it waits for {named}", until=parts.clock())


def _known(parts: Parts, issue: Issue) -> dict[str, Issue]:
    found = parts.tracker.list(Query(key_prefix=f"{_KEY}{issue.id}:"))
    return {one.key: one for one in found if one.key is not None}


def _draft(issue: Issue, key: str, planned: Planned, plan: Plan, ids: Mapping[str, str]) -> Draft:
    """A part, as urgent as the whole. What it depends on comes before it in the plan's order, and
    is called as in `ids`, by its key; what is not in there was deleted, and is not waited for. It
    names no path that the whole does not name: who names a file that judges work may change it,
    and the planner has read what agents wrote."""
    keys = {one.key: name for name, one in _keyed(issue, plan).items()}
    needed = [keys[one] for one in planned.depends_on if keys[one] in ids]
    whole = Scope(expected=parse(issue.body).paths)
    paths = tuple(one for one in planned.brief.paths if whole.covers(one.rstrip("/")))
    return Draft(
        title=planned.title,
        body=render(replace(planned.brief, paths=paths)),
        priority=issue.priority,
        labels=frozenset({planned.category.value}),
        depends_on=tuple(ids[one] for one in needed),
        milestone=issue.milestone,
        key=key,
    )


def _create(parts: Parts, draft: Draft) -> Issue | None:
    try:
        with effect("create"):
            return parts.tracker.create(draft)
    except IssueDeleted:
        return None


@dataclass(frozen=True, kw_only=True)
class _About:
    """A journal in which a planning session says what it plans for."""

    behind: Journal
    what: str

    def append(self, event: Event) -> Entry:
        match event:
            case PlanningStarted():
                return self.behind.append(replace(event, spec=self.what))
            case _:
                return self.behind.append(event)

    def since(self, cursor: int = 0) -> list[Entry]:
        return self.behind.since(cursor)

    def close(self) -> None:
        """It is not ours to close."""
