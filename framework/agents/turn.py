"""What a turn of the Claude Agent SDK says, message by message, in our own words.

SDK types stop in this module and in `claude`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

import claude_agent_sdk as sdk

from ..domain.account import Window
from ..domain.call import digest_of, edit_of
from ..domain.session import (
    CapReached,
    Completed,
    Quota,
    Said,
    SessionEnd,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Troubled,
    Used,
    Waiting,
)
from ..domain.trouble import Ended, ModelFacts, of_model
from ..domain.waiting import retry_at
from . import transcript
from .base import Report
from .meter import Meter, tokens

_CAPS = {"error_max_turns": "turns", "error_max_budget_usd": "usd"}
_SYNTHETIC = "<synthetic>"
_STDERR_LINES = 20
_SUMMARY = 160


@dataclass(kw_only=True)
class Turn:
    """What has been seen of one turn so far."""

    report: Report
    log: TextIO
    meter: Meter
    windows: dict[str, int]
    clean: Callable[[Any], Any] = lambda value: value
    refused: set[str] = field(default_factory=set)
    model: str = ""
    context: int = 0
    stderr: list[str] = field(default_factory=list)
    error: str | None = None
    limit: sdk.RateLimitInfo | None = None
    result: sdk.ResultMessage | None = None
    retry_at: Mapping[int, datetime | None] = field(default_factory=dict)

    @property
    def spending(self) -> Spending:
        return self.meter.spending

    def keep_stderr(self, line: str) -> None:
        self.stderr = [*self.stderr, line][-_STDERR_LINES:]

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """The service answered. What its headers say of the next try is kept by status: only who
        stands at a door hears it, the program passes no headers on."""
        self.retry_at = {**self.retry_at, status: retry_at(headers, datetime.now(UTC))}

    def take(self, message: sdk.Message) -> None:
        transcript.write(self.log, message, self.clean)
        match message:
            case sdk.SystemMessage(subtype="init", data=data):
                self.report(Started(session=data["session_id"], model=data.get("model", "")))
            case sdk.SystemMessage(subtype="permission_denied", data=data):
                self.refused.add(str(data.get("tool_use_id")))
            case sdk.SystemMessage(subtype="api_retry", data=data):
                self.report(Waiting(why=str(data.get("error") or "no answer")))
            case sdk.RateLimitEvent(rate_limit_info=info):
                self._take_limit(info)
            case sdk.AssistantMessage(content=content, error=error):
                self.error = error or self.error
                self._count(message)
                self._take_content(content)
            case sdk.UserMessage(content=list(content)):
                self._take_content(content)
            case sdk.ResultMessage():
                self.result = message
                self.meter.result(message.usage, message.total_cost_usd)
                self._learn(message.model_usage or {})
                self._report_use()
            case _:
                pass  # frames that only a terminal would show

    def _learn(self, models: Mapping[str, Any]) -> None:
        """How much each model takes, which is told at the end of a turn only."""
        for name, row in models.items():
            if isinstance(row, Mapping) and isinstance(row.get("contextWindow"), int):
                self.windows[name] = row["contextWindow"]

    def _take_limit(self, info: sdk.RateLimitInfo) -> None:
        if info.status == "rejected":
            self.limit = info
        if windows := _windows(info):
            self.report(Quota(windows=windows))

    def _count(self, message: sdk.AssistantMessage) -> None:
        if message.model == _SYNTHETIC:  # an error in the shape of an answer
            return
        size = sum(len(str(vars(block))) for block in message.content)
        self.meter.answer(message.message_id or "", message.usage, size)
        self.model, self.context = message.model, tokens(message.usage).put_in
        self._report_use()

    def _report_use(self) -> None:
        window = self.windows.get(self.model, 0)
        self.report(Used(spending=self.spending, context=self.context, window=window))

    def _take_content(self, content: list[sdk.ContentBlock]) -> None:
        for block in content:
            match block:
                case sdk.TextBlock(text=text):
                    self.report(Said(text=text))
                case sdk.ToolUseBlock(id=call, name=name, input=arguments):
                    self.meter.tool()
                    self.report(
                        ToolCalled(
                            call=call,
                            tool=name,
                            summary=_summary(arguments),
                            digest=digest_of(name, arguments),
                            edit=edit_of(arguments),
                        )
                    )
                case sdk.ToolResultBlock(tool_use_id=call, is_error=failed):
                    refused = call in self.refused
                    self.report(ToolEnded(call=call, failed=bool(failed), refused=refused))
                case _:
                    pass  # thinking, and tools that the service runs itself


def ending(turn: Turn) -> SessionEnd:
    """The class of the ending, from typed fields only: never from the agent's words."""
    result, spending = turn.result, turn.spending
    if result is None:
        why = "; ".join(turn.stderr) or "ended without a result"
        return died(turn, why)
    if not result.is_error:
        return Completed(spending=spending)
    if result.subtype in _CAPS:
        return CapReached(what=_CAPS[result.subtype], spending=spending)
    why = result.result or "; ".join(result.errors or ()) or result.subtype
    if result.subtype != "success":
        return died(turn, why)
    facts = ModelFacts(
        status=result.api_error_status,
        error=turn.error or "",
        terminal_reason=getattr(result, "terminal_reason", None) or "",
        limited=turn.limit is not None and turn.limit.rate_limit_type is not None,
        resets_at=_moment(turn.limit.resets_at) if turn.limit else None,
        retry_at=turn.retry_at.get(result.api_error_status or 0),
        why=why,
    )
    return _troubled(turn, facts)


def died(turn: Turn, why: str) -> Troubled:
    """The program ended without a result."""
    return _troubled(turn, ModelFacts(ended=Ended.DIED, why=why))


def _troubled(turn: Turn, facts: ModelFacts) -> Troubled:
    return Troubled(trouble=of_model(facts), spending=turn.spending)


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _windows(info: sdk.RateLimitInfo) -> dict[str, Window]:
    """Of every window that the event tells of; those it says nothing usable of are left out."""
    told = info.raw.get("unifiedWindows")
    rows = told if isinstance(told, dict) else {}
    return {
        str(name): Window(
            used=float(row["utilization"]),
            resets_at=_moment(row.get("resetsAt")),
            warned=row.get("status") == "allowed_warning",
        )
        for name, row in rows.items()
        if isinstance(row, dict) and isinstance(row.get("utilization"), int | float)
    }


def _summary(arguments: Mapping[str, Any]) -> str:
    """The argument that tells people most: a command, a path, or the first one."""
    known = [arguments[name] for name in ("command", "file_path", "pattern") if name in arguments]
    text = str((known or list(arguments.values()) or [""])[0])
    return " ".join(text.split())[:_SUMMARY]
