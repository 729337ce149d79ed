"""One session with an agent, watched for silence and told to the journal."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from ..agents.base import Agent, Conversation, HostTool
from ..domain.ledger import NEAR, Scope, Use
from ..domain.outcome import Stalled
from ..domain.session import (
    CapReached,
    Limits,
    Quota,
    Said,
    SessionEnd,
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Used,
    Waiting,
)
from ..domain.vitals import Vitals

Note = Callable[[str, Spending, float], None]
"""Told of a session's doings: a line for people, what is used so far, and for how many seconds
it has worked."""


@dataclass(kw_only=True)
class Talk:
    """A conversation that may go on over several turns under one session id, which share the
    limits; pauses between them do not count. It goes on from where `earlier` stood, if named."""

    agent: Agent
    system: str
    directory: Path
    home: Path
    logs: Path
    limits: Limits
    note: Note
    tools: tuple[HostTool, ...] = ()
    hub: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    hands: bool = True
    issue: str = ""
    branch: str = ""
    model: str = ""
    session: str = field(default_factory=lambda: str(uuid.uuid4()))
    earlier: str = ""
    spending: Spending = field(default_factory=Spending)
    _begun: bool = False
    _open_tools: set[str] = field(default_factory=set)
    _calls: int = 0
    _worked: float = 0.0
    _since: float | None = None
    _line: str = ""
    _hints: list[str] = field(default_factory=list)
    _warned: bool = False
    _over: Use | None = None
    vitals: Vitals = field(default_factory=Vitals)
    _heard: Callable[[SessionEvent], None] = lambda _: None
    _scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    @property
    def seconds(self) -> float:
        """For how long it has worked."""
        going = 0.0 if self._since is None else anyio.current_time() - self._since
        return self._worked + going

    async def say(
        self,
        prompt: str,
        *,
        account: str = "",
        heard: Callable[[SessionEvent], None] = lambda _: None,
    ) -> SessionEnd | Stalled:
        """One turn with the token of `account`. Stalled when nothing at all was heard for as long
        as the limits allow. `heard` is told everything that the session reports."""
        self._heard = heard
        conversation = self._conversation(prompt, account)
        self._open_tools.clear()
        self._over, self._since = None, anyio.current_time()
        with anyio.CancelScope(deadline=self._patience()) as self._scope:
            try:
                end = await self.agent.converse(conversation, self._report)
            finally:
                self._worked, self._since = self.seconds, None
                self.vitals.rest(anyio.current_time())
            self.spending = replace(end.spending, tools=self._calls)
            self.tell(self._line)
            return end
        if self._over is not None:
            use = self._over
            return CapReached(what=use.what, use=use, spending=self.spending)
        in_tool = bool(self._open_tools)
        limit = self.limits.tool_seconds if in_tool else self.limits.silence
        return Stalled(seconds=limit, in_tool=in_tool)

    def hint(self, text: str) -> None:
        """Let the agent know it with the result of its next tool."""
        self._hints.append(text)

    def stop(self, use: Use) -> None:
        """End the turn that goes on, because `use` is all of a cap."""
        self._over = use
        self._scope.cancel()

    def tell(self, line: str) -> None:
        """Note down what it is doing."""
        self._line = line
        self.note(line, self.spending, self.seconds)

    def _conversation(self, prompt: str, account: str) -> Conversation:
        return Conversation(
            session=self.session,
            prompt=prompt,
            system=self.system,
            directory=self.directory,
            home=self.home,
            log=self.logs / f"session_{self.session}.jsonl",
            hub=self.hub,
            environment=self.environment,
            issue=self.issue,
            branch=self.branch,
            account=account,
            model=self.model,
            spent=self.spending,
            hint=self._take_hint,
            resume=self._begun,
            earlier=self.earlier,
            hands=self.hands,
            tools=self.tools,
            limits=replace(self.limits, seconds=self.limits.seconds - self._worked),
        )

    def _report(self, event: SessionEvent) -> None:
        self.vitals.take(event, anyio.current_time())
        self._heard(event)
        self._take(event)
        self._scope.deadline = self._patience()

    def _patience(self) -> float:
        """Until when silence is no reason to worry: a running tool may take longer."""
        limit = self.limits.tool_seconds if self._open_tools else self.limits.silence
        return anyio.current_time() + limit

    def _take(self, event: SessionEvent) -> None:
        match event:
            case Started():
                self._begun = True
            case ToolCalled(call=call, tool=tool, summary=summary):
                self._open_tools.add(call)
                self._calls += 1
                self.spending = replace(self.spending, tools=self._calls)
                self.tell(f"{tool.rpartition('__')[2]} {summary}")
            case ToolEnded(call=call):
                self._open_tools.discard(call)
            case Used(spending=spending):
                self.spending = replace(spending, tools=self._calls)
                self._warn()
                self.tell(self._line)
            case Waiting(why=why):
                self.tell(f"waits for the model: {why}")
            case Said() | Quota():
                pass

    def _warn(self) -> None:
        """Tell the agent once that most of its session is used."""
        if self._warned:
            return
        own, spent = self.limits, self.spending
        uses = (
            Use(scope=Scope.SESSION, what="turns", used=spent.turns, cap=own.turns),
            Use(scope=Scope.SESSION, what="seconds", used=self.seconds, cap=own.seconds),
            Use(scope=Scope.SESSION, what="usd", used=spent.usd, cap=own.usd),
        )
        most = max(uses, key=lambda one: one.share)
        if most.share >= NEAR:
            self._warned = True
            self.hint(warning(most))

    def _take_hint(self) -> str | None:
        return self._hints.pop(0) if self._hints else None


def warning(use: Use) -> str:
    """What an agent is told of a cap of which most is used."""
    return (
        f"You have used {use}. When all of it is used you are stopped, with your work kept. "
        "Finish what you can, commit it, and say what is left."
    )
