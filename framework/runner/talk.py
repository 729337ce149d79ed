"""One session with an agent, watched for silence and told to the journal."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from ..agents.base import Agent, Conversation, HostTool
from ..domain.outcome import Stalled
from ..domain.session import (
    Limits,
    Said,
    SessionEnd,
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Waiting,
)

Note = Callable[[str, int, float], None]
"""Told of a session's doings: a line for people, tools used so far, money so far."""


@dataclass(kw_only=True)
class Talk:
    """A conversation that may go on over several turns under one session id, which share the
    time limit; pauses between them do not count."""

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
    session: str = field(default_factory=lambda: str(uuid.uuid4()))
    spending: Spending = field(default_factory=Spending)
    _begun: bool = False
    _open_tools: set[str] = field(default_factory=set)
    _calls: int = 0
    _seconds: float = 0.0

    async def say(self, prompt: str) -> SessionEnd | Stalled:
        """One turn. Stalled when nothing at all was heard for as long as the limits allow."""
        conversation = Conversation(
            session=self.session,
            prompt=prompt,
            system=self.system,
            directory=self.directory,
            home=self.home,
            log=self.logs / f"session_{self.session}.jsonl",
            hub=self.hub,
            environment=self.environment,
            resume=self._begun,
            hands=self.hands,
            tools=self.tools,
            limits=replace(self.limits, seconds=self.limits.seconds - self._seconds),
        )
        self._open_tools.clear()
        began = anyio.current_time()
        with anyio.CancelScope(deadline=self._patience()) as scope:

            def report(event: SessionEvent) -> None:
                self._take(event)
                scope.deadline = self._patience()

            try:
                end = await self.agent.converse(conversation, report)
            finally:
                self._seconds += anyio.current_time() - began
            self.spending = replace(end.spending, tools=self._calls)
            return end
        return Stalled(seconds=self.limits.silence)

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
                self._tell(f"{tool.rpartition('__')[2]} {summary}")
            case ToolEnded(call=call):
                self._open_tools.discard(call)
            case Waiting(why=why):
                self._tell(f"waits for the model: {why}")
            case Said():
                pass

    def _tell(self, line: str) -> None:
        self.note(line, self._calls, self.spending.usd)
