"""A transcript read back as the session's events: for looking at a session afterwards.

It reads what `transcript` wrote of the SDK's messages, without the SDK, and skips what it does
not know. A line that a crash cut short is skipped too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..domain.call import digest_of, edit_of
from ..domain.session import (
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Used,
    Waiting,
)
from .meter import Meter, Rate, tokens

_SYNTHETIC = "<synthetic>"


def replay(path: Path) -> Iterator[tuple[datetime, SessionEvent | None]]:
    """Each event and when it came; None where a turn ended. Prose is left out."""
    player = _Player()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if (row := _row(line)) is not None:
                at = datetime.fromisoformat(row["at"]).astimezone(UTC)
                yield from ((at, event) for event in player.play(row))


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        datetime.fromisoformat(row["at"])
    except (ValueError, TypeError, KeyError):
        return None
    return row if isinstance(row, dict) else None


class _Player:
    """What must be remembered from one message to the next."""

    def __init__(self) -> None:
        self._rate = Rate()
        self._meter = Meter(Spending(), self._rate)
        self._refused: set[str] = set()
        self._context = 0

    def play(self, row: Mapping[str, Any]) -> Iterator[SessionEvent | None]:
        match row:
            case {"kind": "SystemMessage", "subtype": subtype, "data": dict(data)}:
                yield from self._system(str(subtype), data)
            case {"kind": "AssistantMessage", "content": list(blocks)}:
                yield from self._answer(row)
                yield from self._blocks(blocks)
            case {"kind": "UserMessage", "content": list(blocks)}:
                yield from self._blocks(blocks)
            case {"kind": "ResultMessage"}:
                yield from self._result(row)
            case _:
                pass  # what no event is made of, and kinds of other versions

    def _system(self, subtype: str, data: Mapping[str, Any]) -> Iterator[SessionEvent]:
        match subtype:
            case "init":
                model = str(data.get("model") or "")
                yield Started(session=str(data.get("session_id") or ""), model=model)
            case "api_retry":
                yield Waiting(why=str(data.get("error") or "no answer"))
            case "permission_denied":
                self._refused.add(str(data.get("tool_use_id") or ""))
            case _:
                pass  # frames that only a terminal would show

    def _answer(self, row: Mapping[str, Any]) -> Iterator[SessionEvent]:
        if row.get("model") == _SYNTHETIC:
            return
        usage = row.get("usage")
        size = sum(len(str(block)) for block in row["content"])
        self._meter.answer(str(row.get("message_id") or ""), usage, size)
        self._context = tokens(usage).put_in
        yield Used(spending=self._meter.spending, context=self._context)

    def _blocks(self, blocks: list[Any]) -> Iterator[SessionEvent]:
        for block in blocks:
            match block:
                case {"id": str(call), "name": str(tool), "input": dict(arguments)}:
                    self._meter.tool()
                    yield ToolCalled(
                        call=call,
                        tool=tool,
                        summary="",
                        digest=digest_of(tool, arguments),
                        edit=edit_of(arguments),
                    )
                case {"tool_use_id": str(call)}:
                    failed = bool(block.get("is_error"))
                    yield ToolEnded(call=call, failed=failed, refused=call in self._refused)
                case _:
                    pass  # prose, thinking, and tools that the service runs itself

    def _result(self, row: Mapping[str, Any]) -> Iterator[SessionEvent | None]:
        self._meter.result(row.get("usage"), row.get("total_cost_usd"))
        spent = self._meter.spending
        yield Used(spending=spent, context=self._context, window=_window(row.get("model_usage")))
        yield None
        self._meter = Meter(spent, self._rate)


def _window(usage: Any) -> int:
    """The largest that any of the models has, as a small one may help the main one."""
    rows = usage.values() if isinstance(usage, dict) else ()
    return max(
        (int(row.get("contextWindow") or 0) for row in rows if isinstance(row, dict)), default=0
    )
