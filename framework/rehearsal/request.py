"""What a request of the Claude Code CLI says about its session."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SESSION_HEADER = "x-claude-code-session-id"

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_DIRECTORY = re.compile(r"working directory: (/[^\n]*[^\s])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """`account` is the token that it came with. `prompts` are what the runner said, oldest
    first, without the CLI's own reminders; `directory` is where the session works, None if the
    request does not say."""

    session: str
    account: str
    prompts: tuple[str, ...]
    directory: str | None
    model: str
    stream: bool
    size: int


def read(headers: Mapping[str, str], body: bytes) -> Request:
    """Raises ValueError for a body that is no JSON object. Unknown shapes count as empty."""
    data = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError("a request must be a JSON object")
    messages = [one for one in data.get("messages", ()) if isinstance(one, dict)]
    return Request(
        session=headers.get(SESSION_HEADER) or _session(data.get("metadata")),
        account=headers.get("authorization") or headers.get("x-api-key") or "",
        prompts=tuple(_prompts(messages)),
        directory=_directory(data.get("system"), messages),
        model=str(data.get("model", "")),
        stream=bool(data.get("stream")),
        size=len(body),
    )


def _session(metadata: Any) -> str:
    # Without the header the same id stands in a JSON text inside the metadata.
    user = metadata.get("user_id", "") if isinstance(metadata, dict) else ""
    match = re.search(r'"session_id":\s*"([^"]+)"', str(user))
    return match[1] if match else ""


def _prompts(messages: list[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        if message.get("role") == "user":
            for text in _texts(message.get("content")):
                if said := _REMINDER.sub("", text).strip():
                    yield said


def _directory(system: Any, messages: list[dict[str, Any]]) -> str | None:
    """The CLI tells it in the system prompt, in a message of role `system` or in a reminder of
    the first user message, depending on the model. Prose of the issue is not believed."""
    told = [*_texts(system)]
    for message in messages:
        for text in _texts(message.get("content")):
            told += [text] if message.get("role") == "system" else _REMINDER.findall(text)
    found = [match[1] for text in told if (match := _DIRECTORY.search(text))]
    return found[-1] if found else None


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    blocks = content if isinstance(content, list) else []
    return [
        str(block.get("text", ""))
        for block in blocks
        if isinstance(block, dict) and block.get("type") == "text"
    ]
