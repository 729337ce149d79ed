"""Messages of the Messages API: whole, as events of a stream, and as errors."""

from __future__ import annotations

import json
import os.path
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from .request import Request
from .turn import Block, Call, Reply, Text

_BYTES_PER_TOKEN = 4
_UNCACHED_TOKENS = 4


def message(reply: Reply, request: Request, *, earlier: int = 0) -> dict[str, Any]:
    """The reply with fresh ids; a repeated id would fold a resumed history into one message.

    The usage figures are estimates from sizes, so that money and tokens are of a plausible
    order: `earlier` is the size of the session's request before this one, taken as cached.
    """
    content = [_content(block, request.directory) for block in reply.blocks]
    calls = any(isinstance(block, Call) for block in reply.blocks)
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": _usage(request.size, earlier, len(json.dumps(content))),
    }


def events(whole: Mapping[str, Any]) -> list[bytes]:
    """The same message as the events of a stream."""
    usage = whole["usage"]
    start = {
        **whole,
        "content": [],
        "stop_reason": None,
        "usage": {**usage, "output_tokens": 1},
    }
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    return [
        _event("message_start", message=start),
        *(event for index, block in enumerate(whole["content"]) for event in _block(index, block)),
        _event("message_delta", delta=end, usage={"output_tokens": usage["output_tokens"]}),
        _event("message_stop"),
    ]


def error(kind: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": text}}


def _content(block: Block, directory: str | None) -> dict[str, Any]:
    match block:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Call(tool=tool, input=arguments):
            path = arguments.get("file_path")
            if isinstance(path, str) and directory:
                arguments = {**arguments, "file_path": os.path.join(directory, path)}
            call = f"toolu_{uuid.uuid4().hex[:24]}"
            return {"type": "tool_use", "id": call, "name": tool, "input": arguments}


def _usage(size: int, earlier: int, written: int) -> dict[str, int]:
    cached = min(earlier, size) // _BYTES_PER_TOKEN
    return {
        "input_tokens": _UNCACHED_TOKENS,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": size // _BYTES_PER_TOKEN - cached,
        "output_tokens": 1 + written // _BYTES_PER_TOKEN,
    }


def _block(index: int, block: Mapping[str, Any]) -> Iterator[bytes]:
    if block["type"] == "text":
        start = {**block, "text": ""}
        delta = {"type": "text_delta", "text": block["text"]}
    else:
        start = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    yield _event("content_block_start", index=index, content_block=start)
    yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
