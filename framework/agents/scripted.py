"""An agent that plays a function: for fast tests, for benchmarks, and to try the runner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from ..domain.session import CapReached, SessionEnd, Spending, Started
from .base import Conversation, Report, ToolReply

Play = Callable[[Conversation, Report], Awaitable[SessionEnd]]


class ScriptedAgent:
    """Every conversation is `play(conversation, report)`, in this process and without a box."""

    name = "scripted"

    def __init__(self, play: Play) -> None:
        self._play = play

    async def converse(self, conversation: Conversation, report: Report) -> SessionEnd:
        report(Started(session=conversation.session, model=self.name))
        with anyio.move_on_after(conversation.limits.seconds):
            return await self._play(conversation, report)
        return CapReached(what="seconds", spending=Spending())


async def call(conversation: Conversation, tool: str, **arguments: Any) -> ToolReply:
    """Use one of the conversation's host tools, as an agent would."""
    known = {one.name: one for one in conversation.tools}
    return await known[tool].handle(arguments)
