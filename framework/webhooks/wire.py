"""As much of HTTP/1.1 as a webhook needs: one request on a connection, and one answer."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from anyio import DelimiterNotFound, EndOfStream, IncompleteRead
from anyio.streams.buffered import BufferedByteReceiveStream

from ..domain.frozen import dataclass

_HEAD_BYTES = 1 << 15
_DIGITS = 12
_ALONE = frozenset({"content-length", "transfer-encoding", "host"})


@dataclass(frozen=True, kw_only=True)
class Head:
    """A request's line and headers; the names are in lower case, `path` has no query. `length`
    is None where the head does not say how long the body is."""

    method: str
    path: str
    headers: Mapping[str, str]
    length: int | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`text` is one line for people."""

    status: HTTPStatus
    text: str


class Refused(Exception):
    """The request cannot be taken, and `answer` says why."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.answer = Answer(status=status, text=text)


async def receive_head(stream: BufferedByteReceiveStream) -> Head | None:
    """None where the connection was closed before a head was whole. Raises Refused for what is
    no HTTP/1 or can be read in two ways."""
    try:
        text = await stream.receive_until(b"\r\n\r\n", _HEAD_BYTES)
    except (EndOfStream, IncompleteRead):
        return None
    except DelimiterNotFound as error:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        raise Refused(status, "the headers are too long") from error
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, version = (*first.split(" "), "", "", "")[:3]
    if first.count(" ") != 2 or version not in ("HTTP/1.1", "HTTP/1.0"):
        raise _wrong("this is no HTTP/1.1")
    headers = _headers(lines)
    path = target.partition("?")[0]
    return Head(method=method, path=path, headers=headers, length=_length(headers))


def _headers(lines: list[str]) -> dict[str, str]:
    """A repeated one is the last; those that say where a request ends may not be repeated."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not name or name != name.strip() or (key in found and key in _ALONE):
            raise _wrong("a header is malformed")
        found[key] = value.strip()
    return found


def _length(headers: Mapping[str, str]) -> int | None:
    given = headers.get("content-length")
    if given is None or "transfer-encoding" in headers:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= _DIGITS):
        raise _wrong("the Content-Length is no number")
    return int(given)


def response(answer: Answer) -> bytes:
    """The whole of it. The connection ends with it."""
    body = f"{answer.text}\n".encode()
    retry = "retry-after: 10\r\n" if answer.status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    allow = "allow: POST\r\n" if answer.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    return (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        f"content-type: text/plain; charset=utf-8\r\n{retry}{allow}"
        f"x-content-type-options: nosniff\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    ).encode() + body


def _wrong(text: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, text)
