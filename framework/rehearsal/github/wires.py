"""Requests and answers as the double passes them between its socket and its desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request. `path` is decoded and has no query; header names are lower-case; `base` is
    `http://HOST` as the client named the host."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    base: str

    def body(self) -> Any:
        """The JSON of the body, None where there is none; ValueError where it is not JSON."""
        return json.loads(self.raw) if self.raw else None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An answer as bytes. `cut` "reset" closes the connection without one; "short" sends half."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    cut: str = ""


def encode(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode()


def plain(status: int, text: str, *, kind: str = "text/plain") -> Sent:
    """An answer that is not the API's own, such as a proxy's."""
    return Sent(status=status, headers={"Content-Type": kind}, raw=text.encode())
