"""One try at one issue: a workspace, a session, a landing, an outcome."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from anyio import to_thread

from ..domain import merge as merging
from ..domain.brief import parse
from ..domain.event import (
    AttemptMoved,
    AttemptPaused,
    AttemptResumed,
    AttemptStarted,
    ConflictFound,
    Event,
    SessionProgress,
)
from ..domain.issue import Change, Issue, State
from ..domain.lease import Failure, Lease
from ..domain.ledger import Use
from ..domain.outcome import (
    Blocked,
    Conflicted,
    Failed,
    LeaseLost,
    Outcome,
    OutOfBudget,
    Rejected,
    Stalled,
    Unfinished,
    explain,
)
from ..domain.proposal import Proposed
from ..domain.remedy import Way
from ..domain.session import CapReached, Completed, Spending
from ..domain.trouble import Trouble
from ..domain.vitals import Vitals
from ..effect import effect
from ..workspaces.base import Workspace
from . import landing as landings
from . import prompt, recall, reviews
from .desk import Desk, what_is_lacking
from .parts import Parts
from .splitting import split
from .talk import Talk, warning

_COMMENTS = 10
_AFRESH = (Way.FRESH, Way.MODEL, Way.SPLIT)


class Attempt:
    """`run` gives the outcome; what it cost is in `spending` whatever happens."""

    def __init__(
        self,
        parts: Parts,
        issue: Issue,
        lease: Lease,
        slot: int,
        failures: tuple[Failure, ...],
        settled: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._issue = issue
        self._lease = lease
        self._slot = slot
        self._failures = failures
        self._settled = settled
        self._session = str(uuid.uuid4())
        self._talk: Talk | None = None
        self._asked = reviews.Asked()

    @property
    def spending(self) -> Spending:
        return self._talk.spending if self._talk else Spending()

    @property
    def session(self) -> str:
        return self._session

    @property
    def vitals(self) -> Vitals | None:
        """Those of its session; None when none was begun."""
        return self._talk.vitals if self._talk else None

    @property
    def worked(self) -> float:
        """Seconds of its session, pauses not counted."""
        return self._talk.seconds if self._talk else 0.0

    async def run(self) -> Outcome:
        parts, issue = self._parts, self._issue
        parts.journal.append(
            AttemptStarted(
                issue=issue.id,
                title=issue.title,
                epoch=self._lease.epoch,
                slot=self._slot,
                session=self._session,
            )
        )
        async with parts.keeper.hold(self._lease):
            await landings.refresh(parts)
            if (landed := await landings.landed(parts, issue)) is not None:
                return landed
            if (waits := await reviews.unsettled(parts, issue)) is not None:
                return waits
            self._asked = await reviews.asked(parts, issue)
            if self._way == Way.SPLIT and (parted := await split(parts, issue, self._failures)):
                return parted
            rescued = await parts.workspaces.rescued(issue)
            async with parts.workspaces.open(issue, self._lease.epoch) as workspace:
                text = await to_thread.run_sync(self._take_up)
                goes_on = rescued is not None and self._way not in _AFRESH
                earlier = rescued.commit if rescued and goes_on else None
                outcome = await self._work(workspace, text, earlier)
        return outcome

    def _take_up(self) -> str:
        """Say that somebody works on it; the issue as people wrote it, with what they answered
        since."""
        tracker, issue = self._parts.tracker, self._issue
        if issue.state is not State.IN_PROGRESS:
            with effect("state"):
                tracker.update(issue.id, Change(state=State.IN_PROGRESS))
        comments = [one for one in tracker.comments(issue.id) if one.heeded]
        said = [f"{one.author} commented: {one.text.strip()}" for one in comments[-_COMMENTS:]]
        return "\n\n".join([issue.body.strip() or issue.title, *said])

    async def _work(self, workspace: Workspace, text: str, rescued: str | None) -> Outcome:
        desk = Desk(
            issue=self._issue,
            workspace=workspace,
            workspaces=self._parts.workspaces,
            tracker=self._parts.tracker,
            note=lambda line: self._talk.tell(line) if self._talk else None,
        )
        talk, failed = await self._begin(workspace, desk, text, rescued)
        if failed is None and not desk.finished and desk.question is None:
            failed = await self._turn(talk, await self._reminder(workspace))
        if failed is not None:
            return failed
        if desk.question is not None:
            return Blocked(question=desk.question)
        if not desk.finished:
            why = desk.lacking or "it did not say that it is finished"
            return Unfinished(why=f"the session ended, and {why[0].lower()}{why[1:]}")
        return await self._land(workspace, talk)

    async def _begin(
        self, workspace: Workspace, desk: Desk, text: str, rescued: str | None
    ) -> tuple[Talk, Outcome | None]:
        """The first turn: in the conversation that led to the pull request, where that can go on,
        else in a new one."""
        earlier = await recall.recall(self._parts, self._issue, self._goes_on_from, workspace)
        if earlier:
            talk = self._talk = self._open_talk(workspace, desk, earlier)
            told = prompt.render("again", **await self._values(workspace, text, rescued))
            failed = await self._turn(talk, told)
            if not recall.is_refused(failed, talk.spending):
                return talk, failed
            why = explain(failed) if failed else ""
            await recall.give_up(self._parts, self._issue, workspace, why)
        talk = self._talk = self._open_talk(workspace, desk)
        told = prompt.render("coding", **await self._values(workspace, text, rescued))
        return talk, await self._turn(talk, told)

    @property
    def _goes_on_from(self) -> int:
        """The epoch whose conversation this one is to continue, 0 for none: never one after which
        a fresh start was asked for."""
        epoch, failures = self._asked.epoch, self._failures
        afresh = any(one.epoch > epoch and one.way in _AFRESH for one in failures[-1:])
        return 0 if afresh else epoch

    async def _land(self, workspace: Workspace, talk: Talk) -> Outcome:
        """Try to land; the author of a conflict gets one more turn with both sides."""
        landing = await self._try_to_land(workspace)
        if isinstance(landing, merging.Clash):
            self._parts.journal.append(
                ConflictFound(issue=self._issue.id, epoch=self._lease.epoch, paths=landing.paths)
            )
            failed = await self._turn(talk, self._conflict_prompt(landing))
            if failed is not None:
                return failed
            landing = await self._try_to_land(workspace)
        match landing:
            case merging.Merged(proof=proof):
                ended = await landings.conclude(self._parts, self._issue, proof)
                self._settled()
                return ended
            case Proposed():
                await recall.keep(self._parts, self._issue, self._session, workspace)
                waits = await reviews.put_up(self._parts, self._issue, landing)
                self._settled()
                return waits
            case merging.Clash(paths=paths):
                return Conflicted(paths=paths)
            case merging.Refused(reasons=reasons, checks=checks):
                said = [f"$ {one.command}\n{one.tail}" for one in checks if not one.passed]
                return Rejected(reasons=reasons, output="\n\n".join(said))
            case merging.Nothing():
                return Unfinished(why="the session committed nothing")
            case merging.Superseded():
                return await landings.landed(self._parts, self._issue) or LeaseLost()

    async def _try_to_land(self, workspace: Workspace) -> landings.Judged:
        heard = self._asked.heard
        return await landings.land(self._parts, workspace, self._issue, self, heard)

    async def _turn(self, talk: Talk, text: str) -> Outcome | None:
        """One turn, waiting out limits and outages; None when the agent ended it by itself."""
        go_on = prompt.render("continue", id=self._issue.id)
        end = await self._parts.service.say(talk, text, go_on=go_on, waits=self, over=self._over)
        match end:
            case Completed():
                return None
            case Stalled():
                return end
            case CapReached(use=Use() as use):
                return OutOfBudget(what=use.what, scope=use.scope, use=str(use))
            case CapReached(what=what):
                return OutOfBudget(what=what)
            case Trouble(kind=kind, why=why, rule=rule):
                error = f"the agent's session ended by {kind.value}: {why}"
                return Failed(error=error, ours=not rule.counts, trouble=kind.value)

    def _over(self) -> Use | None:
        return self._parts.purse.over(self._issue.id)

    def paused(self, until: datetime, why: str) -> None:
        """See `Waits`."""
        moment = until.isoformat()
        self._tell(AttemptPaused(issue=self._issue.id, epoch=self._epoch, until=moment, why=why))

    def resumed(self) -> None:
        self._tell(AttemptResumed(issue=self._issue.id, epoch=self._epoch))

    def moved(self, account: str, why: str) -> None:
        self._tell(AttemptMoved(issue=self._issue.id, epoch=self._epoch, account=account, why=why))

    @property
    def _way(self) -> str:
        """How the last failure asked to be followed."""
        return self._failures[-1].way if self._failures else ""

    @property
    def _epoch(self) -> int:
        return self._lease.epoch

    def _tell(self, event: Event) -> None:
        self._parts.journal.append(event)

    def _open_talk(self, workspace: Workspace, desk: Desk, earlier: str = "") -> Talk:
        return Talk(
            agent=self._parts.agent,
            system=prompt.render("system"),
            directory=workspace.directory,
            home=workspace.home,
            logs=self._parts.logs,
            limits=self._parts.policy.limits,
            note=self._note,
            tools=desk.tools(),
            hub=workspace.hub,
            environment=_git_environment(workspace, self._parts.target),
            session=self._session,
            earlier=earlier,
            issue=self._issue.id,
            branch=workspace.branch,
            model=self._parts.policy.second_model if self._way == Way.MODEL else "",
        )

    async def _values(self, workspace: Workspace, text: str, rescued: str | None) -> dict[str, str]:
        """What a first prompt says."""
        brief = parse(self._issue.body)
        checks = [*brief.commands, *(self._parts.checks or ())]
        return {
            "id": self._issue.id,
            "title": prompt.one_line(self._issue),
            "issue": prompt.data(text, f"issue {self._issue.id}"),
            "branch": workspace.branch,
            "target": self._parts.target,
            "checks": ", ".join(f"`{check}`" for check in checks) or "the project's own tests.",
            "constitution": prompt.rules(await self._parts.lander.read("CLAUDE.md")),
            "history": prompt.history(self._failures, rescued) + self._asked.text,
        }

    async def _reminder(self, workspace: Workspace) -> str:
        contents = await self._parts.workspaces.inspect(workspace)
        why = what_is_lacking(contents) or "Your work is committed, but you did not say so."
        return prompt.render("unfinished", id=self._issue.id, why=why)

    def _conflict_prompt(self, clash: merging.Clash) -> str:
        return prompt.render(
            "conflict",
            id=self._issue.id,
            target=self._parts.target,
            paths=", ".join(f"`{path}`" for path in clash.paths) or "the same files",
        )

    def _note(self, line: str, spending: Spending, seconds: float) -> None:
        self._parts.journal.append(
            SessionProgress(
                issue=self._issue.id,
                epoch=self._lease.epoch,
                note=" ".join(line.split())[:200],
                tools=spending.tools,
                usd=spending.usd,
                turns=spending.turns,
                seconds=round(seconds, 3),
            )
        )
        self._watch_caps()

    def _watch_caps(self) -> None:
        talk, purse = self._talk, self._parts.purse
        if talk is None:
            return
        if use := purse.over(self._issue.id):
            talk.stop(use)
        for use in purse.news(self._issue.id):
            talk.hint(warning(use))


def _git_environment(workspace: Workspace, target: str) -> dict[str, str]:
    identity = {"NAME": "Nightshift Agent", "EMAIL": "agent@nightshift.invalid"}
    who = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in identity.items()
    }
    return {
        **who,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(workspace.directory.parent),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "NIGHTSHIFT_HUB": str(workspace.hub),
        "NIGHTSHIFT_TARGET": target,
    }
