"""What may pass the door to the model, and how it reads: as much of HTTP/1.1 as that needs.

Only asking the model passes. Everything else that a token opens (new keys, the account's pages,
batches that outlive the session, files) does not, and neither does a question that has the
service itself reach out: a hosted web tool, a remote MCP server, a picture by its address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEAD_BYTES = 1 << 16
BODY_BYTES = 33 << 20
"""A little more than the service takes."""

_ASKED = frozenset({("POST", "/v1/messages"), ("POST", "/v1/messages/count_tokens")})
_PASSED = _ASKED | {("GET", "/v1/models"), ("HEAD", "/")}
_TARGET = re.compile(r"/[!-~]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DROPPED = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("expect", "content-length", "authorization", "x-api-key", "cookie", "forwarded"),
    }
)


class NotPassed(Exception):
    """Why a request is refused, and the HTTP status that says so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The head of a request that may pass if its body of `length` bytes may."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    length: int

    def written(self, prefix: str, headers: Mapping[str, str]) -> bytes:
        """As it goes on: to a path below `prefix`, with `headers` and none of the sender's that
        would change who asks, or where the request ends."""
        lines = [f"{self.method} {prefix}{self.target} HTTP/1.1"]
        kept = [pair for pair in self.headers if pair[0].lower() not in _DROPPED]
        own = {**headers, "content-length": str(self.length), "connection": "close"}
        lines += [f"{name}: {value}" for name, value in (*kept, *own.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The head of an answer. `length` is None where the body ends with the connection."""

    status: int
    lines: tuple[str, ...]
    length: int | None

    @property
    def headers(self) -> Mapping[str, str]:
        """By their names, in lower case."""
        pairs = (line.partition(":") for line in self.lines[1:])
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def written(self) -> bytes:
        """As it is passed on: the connection is not used again."""
        return ("\r\n".join([*self.lines, "connection: close"]) + "\r\n\r\n").encode("latin-1")


def asked(head: bytes) -> Asked:
    """Read a request's head. Raises NotPassed for what may not pass or is not plain HTTP/1.1."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] != "HTTP/1.1" or not _TARGET.fullmatch(words[1]):
        raise NotPassed(400, "This is no plain request of HTTP/1.1.")
    method, target = words[0], words[1]
    if (method, target.partition("?")[0]) not in _PASSED:
        raise NotPassed(403, f"Only asking the model passes here, not {method} {target}.")
    headers = tuple(_header(line) for line in lines)
    return Asked(method=method, target=target, headers=headers, length=_length(headers))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    if not _NAME.fullmatch(name) or not value.replace("\t", " ").isprintable():
        raise NotPassed(400, "A header of this request cannot be read.")
    return name, value.strip()


def _length(headers: tuple[tuple[str, str], ...]) -> int:
    told = {name.lower(): value for name, value in headers}
    text = told.get("content-length", "0")
    if "transfer-encoding" in told or not re.fullmatch(r"[0-9]{1,12}", text):
        raise NotPassed(411, "A request needs a plain Content-Length here.")
    if int(text) > BODY_BYTES:
        raise NotPassed(413, f"No more than {BODY_BYTES >> 20} MB pass at once.")
    return int(text)


def check_body(one: Asked, body: bytes) -> None:
    """Raise NotPassed where the question would have the service reach out on its own."""
    if (one.method, one.target.partition("?")[0]) not in _ASKED:
        return
    try:
        question = json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise NotPassed(400, f"The body is no JSON that can be passed on: {error}.") from error
    if not isinstance(question, dict) or question.get("mcp_servers"):
        raise NotPassed(403, "Remote MCP servers are out of reach without network.")
    for tool in question.get("tools") or ():
        if isinstance(tool, dict) and str(tool.get("type", "")).startswith(("web_", "mcp")):
            raise NotPassed(403, "The service's own web tools are out of reach without network.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    source = found.get("source")
    if isinstance(source, dict) and source.get("type") == "url":
        raise NotPassed(403, "Pictures and documents by address are out of reach without network.")
    return found


def answered(head: bytes, method: str) -> Answered:
    """Read an answer's head. Raises ValueError where it is none."""
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    kept = tuple(line for line in lines if not _is(line, "connection", "keep-alive"))
    lengths = [line.partition(":")[2] for line in lines[1:] if _is(line, "content-length")]
    length = int(lengths[0]) if lengths else None
    if method == "HEAD" or status in (204, 304):
        length = 0
    return Answered(status=status, lines=kept, length=length)


def _is(line: str, *names: str) -> bool:
    return line.partition(":")[0].strip().lower() in names


def refusal(status: int, why: str) -> bytes:
    """A whole answer, in the shape of the service's own errors."""
    kind = "api_error" if status >= 500 else "permission_error"
    body = json.dumps({"type": "error", "error": {"type": kind, "message": why}}).encode()
    head = (
        f"HTTP/1.1 {status} Refused\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
