"""The door to agents: something to converse with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..domain.session import Limits, SessionEnd, SessionEvent, Spending


@dataclass(frozen=True, kw_only=True)
class ToolReply:
    """What a host-side tool answers; `failed` tells the agent to do something else."""

    text: str
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class HostTool:
    """A tool that runs in our process, not in the agent's. `schema` is JSON Schema of its
    arguments; a call that does not fit it never reaches `handle`."""

    name: str
    description: str
    schema: Mapping[str, Any]
    handle: Callable[[Mapping[str, Any]], Awaitable[ToolReply]]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """One turn of a conversation with everything it needs.

    `session` is a UUID that we choose; with `resume` an earlier conversation of that id, in the
    same `home`, goes on. The agent works in `directory` and keeps its own state in `home`, both
    outside any work tree of a person; what lies beside `home` is the host's. Without `resume`,
    it goes on from where the conversation `earlier` stood, if one is named; that one must have
    been recalled into `home` (see `Recalls`), and stays as it was. `log` takes the
    transcript, one JSON object a line. `hub` is the repository from which the clone borrows
    objects; the agent may read it.
    With an `issue` and a `branch` the guard steers it: towards that branch, and away from other
    issues.
    `environment` is added to the little that it gets anyway. `account` names the token to use,
    for agents that know several, `model` another model than the usual one. `spent` is what
    earlier turns of the session have used. `hint` is asked after each tool and may give
    something that the agent should know by now. `hands` are tools to read and change files and
    run commands; without them it has the host's tools only.
    """

    session: str
    prompt: str
    system: str
    directory: Path
    home: Path
    log: Path
    hub: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    issue: str = ""
    branch: str = ""
    account: str = ""
    model: str = ""
    spent: Spending = field(default_factory=Spending)
    hint: Callable[[], str | None] = lambda: None
    resume: bool = False
    earlier: str = ""
    hands: bool = True
    tools: tuple[HostTool, ...] = ()
    limits: Limits = field(default_factory=Limits)


Report = Callable[[SessionEvent], None]
"""Told of everything that happens in a session, in order; must return quickly."""


class Agent(Protocol):
    name: str

    async def converse(self, conversation: Conversation, report: Report) -> SessionEnd:
        """Say `prompt`, report what happens, and return how it ended.

        Never raises for what an agent or its service can do; AgentError for what is wrong with
        us (a program that is missing). Cancelling stops the agent and its processes before it
        returns, and the conversation can be resumed. Limits other than `silence` and
        `tool_seconds`, which the caller watches, are kept here.
        """


@runtime_checkable
class Recalls(Protocol):
    """An agent whose conversations can go on elsewhere: in another home and directory, with
    another account."""

    def remember(self, session: str, *, directory: Path, home: Path) -> bytes:
        """All that is needed to go on with a conversation that is not going now, without secrets.
        Raises AgentError where that cannot be had: its text says why, as part of a sentence."""

    def recall(self, session: str, kept: bytes, *, directory: Path, home: Path) -> None:
        """Put what was remembered into a home where no conversation has been yet. Raises
        OSError."""

    def forget(self, *, directory: Path, home: Path) -> None:
        """No conversation has been in that home, so that one of any id can begin. Raises
        OSError."""
