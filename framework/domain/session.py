"""One conversation with an agent: what it is allowed, what it reports, how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one session. Times in seconds, money in US dollars at list prices."""

    turns: int = 200
    seconds: float = 3600.0
    silence: float = 300.0
    tool_seconds: float = 1200.0
    usd: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What a session has used so far, from typed usage figures."""

    turns: int = 0
    tools: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0


# What a session reports while it runs.


@dataclass(frozen=True, kw_only=True)
class Started:
    """The agent has answered for the first time."""

    session: str
    model: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """Prose of the agent. For people to read; no rule of ours looks at it."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ToolCalled:
    """A tool has begun; until its `ToolEnded` the session may be silent for `tool_seconds`."""

    call: str
    tool: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class ToolEnded:
    call: str
    failed: bool


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The agent's own client retries a request. A sign of life, and of trouble."""

    why: str


# How it ends. `spending` is the session's total, earlier turns of the same session included.


@dataclass(frozen=True, kw_only=True)
class Completed:
    """The agent ended its turn by itself. It says nothing about the work."""

    spending: Spending


@dataclass(frozen=True, kw_only=True)
class LimitReached:
    """A usage limit of the account, until `until` (UTC; None when the server did not say)."""

    until: datetime | None
    spending: Spending


@dataclass(frozen=True, kw_only=True)
class CapReached:
    """One of our own limits ended it: `what` is `turns`, `usd` or `seconds`."""

    what: str
    spending: Spending


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """The model's service failed: overloaded, network, server. Not the issue's fault."""

    why: str
    spending: Spending


@dataclass(frozen=True, kw_only=True)
class Denied:
    """The token was refused, the account cannot pay, or there is no such model. A person must
    act."""

    why: str
    spending: Spending


@dataclass(frozen=True, kw_only=True)
class Crashed:
    """The agent's process died, or its request was one the service will never accept."""

    why: str
    spending: Spending


SessionEnd = Completed | LimitReached | CapReached | Unreachable | Denied | Crashed
SessionEvent = Started | Said | ToolCalled | ToolEnded | Waiting
