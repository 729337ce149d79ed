"""Where the work on an issue stands, folded from what its agents reported in messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .errors import UsageError
from .frozen import dataclass, replace
from .message import Message

PROGRESS = "progress"
CHECKPOINT = "checkpoint"
MOST_CHECKPOINTS = 100
"""Of one issue: a fold over hostile comments stays small."""

_LONGEST = 200
_LINE = rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{{0,{_LONGEST}}}"


@dataclass(frozen=True, kw_only=True)
class WorkState:
    """The last that was reported of the work on one issue.

    `agent` is who reported last; what another agent left off stays until it is reported anew.
    `progress` goes from 0 to 1. `checkpoints` were reached, in this order, each once;
    `next_checkpoint` is what the last of these reports named. `updated_at` is the last report's
    own time.
    """

    agent: str
    progress: float = 0.0
    status: str = ""
    stage: str | None = None
    checkpoints: tuple[str, ...] = ()
    next_checkpoint: str | None = None
    updated_at: datetime


def fold(messages: Iterable[Message]) -> WorkState | None:
    """The state after these messages, oldest first; None if none of them reports any.

    Other types, and reports that `progress_message` and `checkpoint_message` would refuse, are
    passed over. Whether an agent is who it says is not looked at: choose the messages before.
    """
    state = None
    for message in messages:
        state = _after(state, message)
    return state


def progress_message(
    *, agent: str, at: datetime, progress: float, status: str = "", stage: str | None = None
) -> Message:
    """A report of how far the work is. `progress` goes from 0 to 1; without `stage` the one
    before goes on. Raises UsageError."""
    data = {"progress": progress, "status": status, "stage": stage}
    return _report(Message(type=PROGRESS, agent=agent, timestamp=at, data=data))


def checkpoint_message(*, agent: str, at: datetime, name: str, next: str | None = None) -> Message:
    """A report that the checkpoint `name` is reached, and which comes next. Raises UsageError."""
    data = {"name": name, "next": next}
    return _report(Message(type=CHECKPOINT, agent=agent, timestamp=at, data=data))


def _report(message: Message) -> Message:
    if flaw := _flaw(message):
        raise UsageError(f"This cannot be reported: {flaw}.")
    return message


def _flaw(message: Message) -> str:
    """What is wrong with a report, and how it would be right; empty if nothing is."""
    flaw_of = _FLAWS.get(message.type)
    if flaw_of is None or not isinstance(message.data, dict):
        return f"it must be {PROGRESS} or {CHECKPOINT}, and its data an object"
    return flaw_of(message.data)


def _progress_flaw(data: dict[str, Any]) -> str:
    progress = data.get("progress")
    if not isinstance(progress, int | float) or isinstance(progress, bool):
        return "progress must be a number from 0 to 1"
    if not 0 <= progress <= 1:
        return "progress must be from 0 to 1, such as 0.75"
    if not _is_line(data.get("status", "")):
        return f"the status must be one line of at most {_LONGEST} characters"
    return _name_flaw("stage", data.get("stage"))


def _checkpoint_flaw(data: dict[str, Any]) -> str:
    if data.get("name") is None:
        return "the checkpoint must have a name"
    return _name_flaw("name", data["name"]) or _name_flaw("next", data.get("next"))


_FLAWS = {PROGRESS: _progress_flaw, CHECKPOINT: _checkpoint_flaw}


def _name_flaw(field: str, value: object) -> str:
    if value is None or (_is_line(value) and str(value).strip()):
        return ""
    return f"{field} must be one line of 1 to {_LONGEST} characters"


def _is_line(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(_LINE, value) is not None


def _after(state: WorkState | None, message: Message) -> WorkState | None:
    if _flaw(message):
        return state
    before = state or WorkState(agent=message.agent, updated_at=message.timestamp)
    before = replace(before, agent=message.agent, updated_at=message.timestamp)
    data = message.data
    if message.type == PROGRESS:
        return replace(
            before,
            progress=float(data["progress"]),
            status=data.get("status", ""),
            stage=before.stage if data.get("stage") is None else data["stage"],
        )
    reached = before.checkpoints
    if data["name"] not in reached and len(reached) < MOST_CHECKPOINTS:
        reached = (*reached, data["name"])
    return replace(before, checkpoints=reached, next_checkpoint=data.get("next"))
