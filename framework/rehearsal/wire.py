"""As much of HTTP/1.1 as a client on loopback needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from anyio import EndOfStream, IncompleteRead
from anyio.streams.buffered import BufferedByteReceiveStream

_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One request. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


async def receive(stream: BufferedByteReceiveStream) -> Incoming | None:
    """The next request of a connection, or None when the client has closed it.

    Bodies are read by their `Content-Length`; a chunked one is not understood.
    """
    try:
        head = await stream.receive_until(b"\r\n\r\n", _HEAD_BYTES)
    except (EndOfStream, IncompleteRead):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, *_ = [*first.split(" "), "", ""]
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await stream.receive_exactly(int(headers.get("content-length", 0)))
    return Incoming(method=method, path=target.partition("?")[0], headers=headers, body=body)


def head(status: int, length: int, kind: str, extra: Mapping[str, str] | None = None) -> bytes:
    """The head of a response that will have `length` bytes."""
    headers = {"content-type": kind, "content-length": str(length), **(extra or {})}
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def document(status: int, content: Any, extra: Mapping[str, str] | None = None) -> bytes:
    """A whole response with a JSON body."""
    body = json.dumps(content).encode()
    return head(status, len(body), "application/json", extra) + body


def _reason(status: int) -> str:
    known = {one.value: one.phrase for one in HTTPStatus}
    return known.get(status, "Overloaded")
