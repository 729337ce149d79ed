"""One conversation with an agent: what it is allowed, what it reports, how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .account import Window
from .ledger import Use
from .trouble import Trouble


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
    """What a session has used so far, from typed usage figures. A turn is one answer of the
    model. While an answer is being written, `output_tokens` and `usd` are estimates; at the end
    of a turn they are what the agent's program says."""

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
class Edit:
    """A change to one file: digests of the text that was replaced (empty for a whole file) and of
    what replaced it."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class ToolCalled:
    """A tool has begun; until its `ToolEnded` the session may be silent for `tool_seconds`.
    `digest` is that of the tool and all its arguments."""

    call: str
    tool: str
    summary: str
    digest: str = ""
    edit: Edit | None = None


@dataclass(frozen=True, kw_only=True)
class ToolEnded:
    """`refused`: a permission or a guard did not let it run, which is not its failure."""

    call: str
    failed: bool
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The agent's own client retries a request. A sign of life, and of trouble."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Used:
    """The model has answered once more: the session's totals, earlier turns of it included.
    `context` is how many tokens were put in with this answer, `window` how many the model takes
    (0 when that is not known)."""

    spending: Spending
    context: int = 0
    window: int = 0


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How much of the account's windows is used, by name, as the service says."""

    windows: Mapping[str, Window]


# How it ends. `spending` is the session's total, earlier turns of the same session included.


@dataclass(frozen=True, kw_only=True)
class Completed:
    """The agent ended its turn by itself. It says nothing about the work."""

    spending: Spending


@dataclass(frozen=True, kw_only=True)
class CapReached:
    """One of our own limits ended it: `what` is `turns`, `usd` or `seconds`. `use` says which,
    where it is not the session's own."""

    what: str
    spending: Spending
    use: Use | None = None


@dataclass(frozen=True, kw_only=True)
class Troubled:
    """The model's service, the account or the agent's program ended it; what follows is in the
    table of `domain.trouble`."""

    trouble: Trouble
    spending: Spending


SessionEnd = Completed | CapReached | Troubled
SessionEvent = Started | Said | ToolCalled | ToolEnded | Used | Quota | Waiting
