"""From a specification to issues on the tracker: a session, a lint, an idempotent creation."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from anyio import to_thread

from ..agents.base import HostTool, ToolReply
from ..domain import plan as plans
from ..domain.errors import IssueDeleted, PlanError, SpecError
from ..domain.event import IssuesCreated, PlanAccepted, PlanningPaused, PlanningStarted, PlanRefused
from ..domain.issue import Draft
from ..domain.outcome import Stalled
from ..domain.plan import Bounds, Plan
from ..domain.query import Query
from ..domain.session import CapReached, Completed
from ..domain.trouble import Trouble
from ..domain.untrusted import cleaned, delimited
from ..effect import effect
from ..journals.base import Journal
from ..prose import SPEC_FILE
from ..trackers.base import CreatesMany, Tracker
from . import prompt
from .parts import Parts
from .talk import Talk

PLAN_FILE = "plan.yaml"
_ROUNDS = 3
_AT_ONCE = 20
_SPEC_BYTES = 400_000
_FULL_SPEC = 6_000
_MEND = "Mend it, or move it away to plan anew: issues that exist are kept."
_HEADER = """\
# The plan of this project, made from its specification. Edit it before its issues are created;
# afterwards the issues themselves are what counts. The id and the keys tie the two together:
# an issue that exists, or that somebody deleted, is never created a second time.
"""


@dataclass(kw_only=True)
class _Inbox:
    """Takes hand-ins of the planning session, lints them, keeps the first sound one."""

    parts: Parts
    bounds: Bounds
    accepted: Mapping[str, Any] | None = None
    refused: list[tuple[str, ...]] = field(default_factory=list)

    def tool(self) -> HostTool:
        return HostTool(
            name="submit_plan",
            description="Hand in the plan. Answers with the problems to mend, if there are any.",
            schema=plans.SCHEMA,
            handle=self.take,
        )

    async def take(self, arguments: Mapping[str, Any]) -> ToolReply:
        if self.accepted is not None:
            return ToolReply(text="A plan was accepted already. End your turn.", failed=True)
        problems = plans.lint(arguments, self.bounds)
        if not problems:
            self.accepted = arguments
            return ToolReply(text="The plan is accepted. End your turn.")
        self.refused.append(problems)
        self.parts.journal.append(PlanRefused(problems=problems))
        if len(self.refused) > _ROUNDS:
            return ToolReply(text="The plan is still unsound. End your turn.", failed=True)
        return ToolReply(
            text="Mend these:\n" + "\n".join(f"- {one}" for one in problems), failed=True
        )


def read_spec(path: Path) -> str:
    """The specification's text. Raises SpecError for one that nobody could plan from."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(f"The specification {path} cannot be read: {error.strerror}.") from error
    if len(raw) > _SPEC_BYTES:
        raise SpecError(
            f"The specification {path} has {len(raw):,} bytes; at most {_SPEC_BYTES:,} fit into "
            "a session with room to think. Split it, or plan its parts one after another."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"The specification {path} is not UTF-8 text: {error.reason}.") from error
    if "\0" in text:
        raise SpecError(f"The specification {path} is binary; write it as plain text.")
    if not text.strip():
        raise SpecError(f"The specification {path} is empty: say what is to be built.")
    return text


def bounds_for(spec: str) -> Bounds:
    """25 to 50 issues for a full application, fewer for a small one."""
    return Bounds(least=25, most=50) if len(spec) > _FULL_SPEC else Bounds(least=1, most=30)


def load_plan(path: Path) -> Plan:
    """The plan in a `plan.yaml`, which a person may have edited. Raises PlanError."""
    raw = _parsed(path)
    problems = plans.lint(raw, Bounds(least=1, most=10_000))
    if not problems and not (isinstance(raw.get("id"), str) and raw["id"].strip()):
        problems = ("`id` must be a text: it ties the plan to the issues made from it.",)
    if problems:
        told = "\n".join(f"- {one}" for one in problems)
        raise PlanError(f"{path} is not a sound plan:\n{told}\n{_MEND}")
    return plans.build(raw, raw["id"])


def _parsed(path: Path) -> Any:
    data = b""
    try:
        data = path.read_bytes()
        return yaml.safe_load(data.decode())
    except (OSError, ValueError, yaml.YAMLError) as error:  # of a date that is none: ValueError
        raise PlanError(f"{path} cannot be read: {_why_unread(error, data)}. {_MEND}") from error


def _why_unread(error: OSError | ValueError | yaml.YAMLError, data: bytes) -> str:
    """With the line, as editors count them, and without the parser's own words for places."""
    match error:
        case OSError():
            return error.strerror or str(error)
        case UnicodeDecodeError(start=at):
            return f"line {_line(data[:at])} is not UTF-8 text"
        case yaml.MarkedYAMLError(problem_mark=yaml.Mark(line=at), problem=problem):
            return f"line {at + 1} is not YAML, {problem}"
        case yaml.reader.ReaderError(position=at, character=character):
            line = _line(data.decode()[:at].encode())
            return f"line {line} is not YAML, found the character U+{character:04X}"
        case _:
            return f"it is not YAML, {error}"


def _line(before: bytes) -> int:
    return before.count(b"\n") + 1


def save_plan(plan: Plan, path: Path) -> None:
    """Write the plan as one step: a crash leaves the old file or the new one."""
    text = _HEADER + yaml.safe_dump(plans.dump(plan), sort_keys=False, allow_unicode=True, width=96)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    with effect("plan"):
        os.replace(file.name, path)


async def make_plan(parts: Parts, spec: str) -> Plan:
    """Let a session turn the specification into a plan. Raises PlanError when it cannot."""
    bounds = parts.policy.bounds or bounds_for(spec)
    inbox = _Inbox(parts=parts, bounds=bounds)
    with _place(parts.scratch) as place:
        directory, home = place / "empty", place / "home"
        talk = Talk(
            agent=parts.agent,
            system=prompt.render("planner_system"),
            directory=directory,
            home=home,
            logs=parts.logs,
            limits=parts.policy.limits,
            note=lambda line, spending, seconds: None,
            tools=(inbox.tool(),),
            hands=False,
        )
        parts.journal.append(PlanningStarted(spec=SPEC_FILE, session=talk.session))
        await _converse(parts, talk, _first_prompt(bounds, spec, await _existing(parts)))
    if inbox.accepted is None:
        raise PlanError(_why_none(inbox))
    plan = plans.build(inbox.accepted, uuid.uuid4().hex[:8])
    parts.journal.append(PlanAccepted(plan=plan.id, issues=len(plan.issues), usd=talk.spending.usd))
    return plan


@contextmanager
def _place(scratch: Path) -> Iterator[Path]:
    """A directory for the one planning session there is, under the lease that makes it so; what
    a killed one has left goes."""
    place = scratch / "planning"
    shutil.rmtree(place, ignore_errors=True)
    for name in ("empty", "home"):
        (place / name).mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _converse(parts: Parts, talk: Talk, text: str) -> None:
    """Until the session ends by itself. Limits are waited out; an outage is told at once, as
    the person who has just started the run can do more about it than time."""
    go_on = "# Continue\n\nGo on: hand in the plan with `submit_plan`."
    end = await parts.service.say(
        talk, text, go_on=go_on, waits=_Waits(journal=parts.journal), patient=False
    )
    match end:
        case Completed():
            return
        case CapReached(what=what):
            raise PlanError(f"The planning session used up its {what}.")
        case Stalled(seconds=seconds):
            raise PlanError(f"The planning session was silent for {seconds:.0f} s.")
        case Trouble(kind=kind, why=why) if end.rule.retry:
            raise PlanError(f"The model cannot be reached ({kind.value}): {why} Is the network up?")
        case Trouble(kind=kind, why=why):
            raise PlanError(f"The planning session ended by {kind.value}: {why}")


@dataclass(frozen=True, kw_only=True)
class _Waits:
    """Tells people what holds planning up."""

    journal: Journal

    def paused(self, until: datetime, why: str) -> None:
        self.journal.append(PlanningPaused(until=until.isoformat(), why=why))

    def resumed(self) -> None:
        """The next thing that planning does tells it."""

    def moved(self, account: str, why: str) -> None:
        """As above."""


def create_issues(parts: Parts, plan: Plan) -> IssuesCreated:
    """Make the plan's issues, each exactly once whatever happened before.

    What exists is left as it is, what a person deleted stays deleted.
    """
    known = parts.tracker.list(Query(key_prefix=f"{plan.id}/"))
    ids = {issue.key.partition("/")[2]: issue.id for issue in known if issue.key}
    existing = len(ids)
    with contextlib.suppress(IssueDeleted):
        if isinstance(parts.tracker, CreatesMany):
            _create_together(parts.tracker, plan, ids)
    deleted = _create_singly(parts.tracker, plan, ids)
    event = IssuesCreated(
        plan=plan.id, created=len(ids) - existing, existing=existing, deleted=deleted
    )
    parts.journal.append(event)
    return event


def _missing(
    plan: Plan, ids: Mapping[str, str], named: Mapping[str, str]
) -> Iterator[tuple[str, Draft]]:
    """The drafts of what has no id yet, META first; their dependencies are called as `named`."""
    if plans.META_KEY not in ids:
        yield plans.META_KEY, plans.meta_draft(plan)
    for planned in plan.in_order():
        if planned.key not in ids:
            yield planned.key, plans.draft(plan, planned, named)


def _create_together(tracker: CreatesMany, plan: Plan, ids: dict[str, str]) -> None:
    """In steps of as many as a forge takes in one request. Raises IssueDeleted where a person
    deleted one of them; others may have been made."""
    later = {one.key: f"key:{plan.key_of(one)}" for one in plan.in_order()}
    while batch := dict(islice(_missing(plan, ids, {**later, **ids}), _AT_ONCE)):
        with effect("create"):
            made = tracker.create_many(tuple(batch.values()))
        ids.update(zip(batch, (issue.id for issue in made), strict=True))


def _create_singly(tracker: Tracker, plan: Plan, ids: dict[str, str]) -> int:
    """What a person did not delete; how many they did."""
    deleted = 0
    for key, draft in _missing(plan, ids, ids):  # each is drafted with the ids of those before it
        try:
            with effect("create"):
                ids[key] = tracker.create(draft).id
        except IssueDeleted:
            deleted += 1
    return deleted


async def _existing(parts: Parts) -> str:
    """What is there already, for a plan that builds on it instead of starting anew."""
    issues = await to_thread.run_sync(lambda: parts.tracker.list(Query()))
    readme = await parts.lander.read("README.md")
    rows = [f"- #{issue.id} ({issue.state}): {prompt.one_line(issue)}" for issue in issues]
    found = [
        *([prompt.data("\n".join(rows), "issues that exist")] if rows else []),
        *([prompt.data(readme, "the project's README")] if readme else []),
    ]
    return "## What exists\n\n" + "\n\n".join(found) + "\n" if found else ""


def _first_prompt(bounds: Bounds, spec: str, existing: str) -> str:
    return prompt.render(
        "initializer",
        least=str(bounds.least),
        most=str(bounds.most),
        existing=existing,
        spec=delimited(cleaned(spec, most=None), "specification"),
    )


def _why_none(inbox: _Inbox) -> str:
    if not inbox.refused:
        return "The planning session handed in no plan. Run again, or write plan.yaml yourself."
    problems = "\n".join(f"- {problem}" for problem in inbox.refused[-1])
    return f"The plan was refused {len(inbox.refused)} times; its last problems:\n{problems}"
