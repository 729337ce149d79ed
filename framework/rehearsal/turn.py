"""What a scripted model answers to one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Text:
    """Prose."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """One tool call. A relative `file_path` in `input` lies in the session's directory."""

    tool: str
    input: Mapping[str, Any]


Block = Text | Call


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A message of the model. With a tool call in it, the agent comes back with the results."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An HTTP error. `error` is the API's error type, such as `overloaded_error`."""

    status: int
    error: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The account's usage limit of `window` is reached and resets after `resets_in` seconds.

    Until then the session gets the same refusal, however often it asks.
    """

    resets_in: float
    window: str


@dataclass(frozen=True, kw_only=True)
class Cut:
    """The connection breaks after so many events of the stream; 0 is before any header."""

    reply: Reply
    after: int


@dataclass(frozen=True, kw_only=True)
class Hang:
    """Silence after so many events of the stream, until the agent goes away."""

    reply: Reply
    after: int


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """Status 200 and a page that is no message, as a captive portal sends it."""


Answer = Reply | Refusal | Cut | Hang | Malformed


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One step of a script: an answer, sent `delay` seconds after its request, with `headers`."""

    answer: Answer | Limit
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
