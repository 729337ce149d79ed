"""One run: recover, plan, create, work, report. The only engine there is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import anyio
from anyio import to_thread

from ..domain.errors import LeaseLost, MustStop, NightshiftError, UsageError, sole
from ..domain.event import BaselineChecked, RunEnded, RunStarted, Warned
from ..domain.issue import DONE, META_LABEL, Issue
from ..domain.plan import Plan
from ..domain.query import Query
from ..prose import SPEC_FILE
from .courier import Courier
from .landing import refresh
from .parts import Parts
from .planner import PLAN_FILE, create_issues, load_plan, make_plan, read_spec, save_plan
from .postman import Postman
from .recovery import recover
from .scheduler import Scheduler
from .watch import Watch

_INTERRUPTED = "interrupted; all work is kept: run the same command again to go on"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended: `code` as the process's exit status, `why` for people."""

    code: int
    why: str


async def run(parts: Parts, *, plan_only: bool = False) -> Ending:
    """Work until nothing is left that can be done, and say how it ended.

    When cancelled, running sessions are stopped, their work is kept and their leases are given
    back before this ends.
    """
    ending = Ending(code=130, why=_INTERRUPTED)
    parts.journal.append(_started(parts))
    try:
        ending = await _run(parts, plan_only)
    except Exception as error:
        known = _known(error)
        ending = known or Ending(code=1, why=f"a bug in Nightshift: {sole(error)!r}")
        if known is None:
            raise
    finally:
        parts.journal.append(RunEnded(code=ending.code, why=ending.why))
    return ending


def _known(error: Exception) -> Ending | None:
    match sole(error):
        case UsageError() as one:
            return Ending(code=2, why=str(one))
        case NightshiftError() as one:
            return Ending(code=1, why=str(one))
        case _:
            return None


def _started(parts: Parts) -> RunStarted:
    return RunStarted(
        project=str(parts.project),
        target=parts.target,
        slots=parts.policy.slots,
        tracker=parts.tracker.name,
        agent=parts.agent.name,
        host=parts.process.host,
        boot=parts.process.boot,
        pid=parts.process.pid,
        started=parts.process.started,
        rehearsed=parts.policy.rehearsed,
        boxed=parts.policy.boxed,
    )


async def _run(parts: Parts, plan_only: bool) -> Ending:
    async with Postman(parts.outgoing, parts.journal).on_duty():
        while True:
            try:
                return await _work(parts, plan_only)
            except* LeaseLost as error:  # we slept, as a laptop does: all can be done again
                parts.journal.append(Warned(text=f"begins again: {sole(error)}"))


async def _work(parts: Parts, plan_only: bool) -> Ending:
    await refresh(parts)
    await recover(parts)
    await to_thread.run_sync(parts.service.require)
    await _ask_remote(parts)
    plan = await _plan(parts)
    if plan_only:
        return Ending(code=0, why=f"the plan is in {parts.project / PLAN_FILE}; no issues made yet")
    if plan is not None:
        await to_thread.run_sync(create_issues, parts, plan)
    await _baseline(parts)
    courier = Courier(parts, plan.summary if plan else "")
    watch = Watch(parts, parts.forge, courier.landed) if parts.forge else None
    scheduler = Scheduler(parts=parts, landed=courier.landed, watch=watch)
    async with courier.on_duty(), watch.on_duty() if watch else nullcontext():
        await scheduler.run()
    behind = await parts.lander.publish()
    issues = await to_thread.run_sync(lambda: parts.tracker.list(Query()))
    ending = _judge(issues, scheduler, behind.why if behind else "")
    if watch is not None and scheduler.halted is None:
        ending = _with_pulls(watch, issues, rehearsed=parts.policy.rehearsed) or ending
    if scheduler.started:
        await courier.report(ending.why)
    return ending


async def _ask_remote(parts: Parts) -> None:
    """Before any session costs money: whether landings can go where they are to go."""
    held = await parts.lander.held()
    if held is None:
        return
    if held.wait is None:
        raise MustStop(held.why)
    parts.journal.append(Warned(text=held.why))


async def _plan(parts: Parts) -> Plan | None:
    """The plan that exists, else a new one; None where issues alone say what is to be done.

    Under a lease: of two runs that start together, one plans and the other takes its plan.
    """
    path = parts.project / PLAN_FILE
    async with parts.alone("run:plan"):
        if await anyio.Path(path).exists():
            return await to_thread.run_sync(load_plan, path)
        if not await _wants_plan(parts):
            return None
        spec = await to_thread.run_sync(read_spec, parts.project / SPEC_FILE)
        plan = await make_plan(parts, spec)
        await to_thread.run_sync(save_plan, plan, path)
        return plan


async def _wants_plan(parts: Parts) -> bool:
    """Whether there is a specification, or nothing at all: then its absence is to be said.

    Issues of a plan that is gone are worked on; planning again would make them a second time.
    """
    planned = Query(labels=frozenset({META_LABEL}), limit=1)
    if await to_thread.run_sync(lambda: parts.tracker.list(planned)):
        text = f"{PLAN_FILE} is gone; the issues made from it are worked on as they are"
        parts.journal.append(Warned(text=text))
        return False
    if await anyio.Path(parts.project / SPEC_FILE).exists():
        return True
    return not await to_thread.run_sync(lambda: parts.tracker.list(Query(limit=1)))


async def _baseline(parts: Parts) -> None:
    green, red = await parts.lander.baseline()
    if green or red:
        commit = await parts.lander.tip()
        parts.journal.append(BaselineChecked(commit=commit, green=green, red=red))


def _with_pulls(watch: Watch, issues: Sequence[Issue], *, rehearsed: bool) -> Ending | None:
    """Where pull requests are all that is left, or cannot be seen."""
    if watch.refused is not None:
        return Ending(code=1, why=watch.refused)
    people = watch.people
    if not people:
        return None
    some = ", ".join(people[:10]) + (" …" if len(people) > 10 else "")
    many = f"{len(people)} pull requests wait for people"
    what = many if len(people) > 1 else "1 pull request waits for a person"
    left = sum(one.state not in DONE and not one.is_meta for one in issues)
    more = f"; other issues that are left: {left}" if left else ""
    after = "" if rehearsed else ". The same command goes on afterwards"
    return Ending(code=1, why=f"{what}: {some}{more}{after}")


def _judge(issues: Sequence[Issue], scheduler: Scheduler, behind: str) -> Ending:
    """`behind` says what origin lacks of what has landed."""
    work = [one for one in issues if not one.is_meta]
    left = [one for one in work if one.state not in DONE and not one.withheld]
    if scheduler.halted:
        return Ending(code=1, why=scheduler.halted)
    if not left and behind:
        return Ending(code=1, why=behind)
    if not left:
        return Ending(code=0, why=f"nothing is left to do{_withheld(work)}")
    names = ", ".join(f"#{one.id}" for one in left[:10]) + (" …" if len(left) > 10 else "")
    more = f". {behind}" if behind else ""
    return Ending(code=1, why=f"{len(left)} of {len(work)} issues are left: {names}{more}")


def _withheld(work: Sequence[Issue]) -> str:
    held = [f"#{one.id} ({one.withheld})" for one in work if one.withheld and not one.is_closed]
    return f"; withheld: {', '.join(held)}" if held else ""
