"""Typed messages between agents, carried by comments, so that every tracker can hold them.

A message is a fenced block of a comment's Markdown:

    ```agent-message
    {"type": "tests-passed", "agent": "coder-1", "timestamp": "2026-01-31T10:00:00+00:00",
     "data": {"count": 12}}
    ```

The text of a comment may come from anybody: what is read here was claimed, not proven.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from .errors import UsageError
from .frozen import dataclass

LARGEST = 65_536
"""Characters of one message's JSON."""
DEEPEST = 32
"""Lists and objects around any value of a message's data."""

_INFO = "agent-message"
_LONGEST_NUMBER = 1024
"""Bits: about what a float can hold, and far below what Python refuses to write out."""
_TYPE = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"
_AGENT = r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,200}"
_FENCE = r" {0,3}(`{3,}|~{3,})(.*)"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one agent tells the others on an issue.

    `type` is one word of letters, digits and `. _ : / -`, at most 64 of them. `agent` is what
    the writer called itself. `timestamp` is UTC, by the writer's clock. `data` is any JSON value.
    """

    type: str
    agent: str
    timestamp: datetime
    data: Any


def render(message: Message) -> str:
    """The message as the text of a comment, which `messages` reads back unchanged.

    The block is ASCII and has no backtick inside, so that no store and no data can break it. In
    a longer comment it must begin a line, outside other fences. Raises UsageError for what
    `messages` would not read.
    """
    if flaw := _flaw(message):
        raise UsageError(f"The message cannot be sent: {flaw}.")
    fields = {
        "type": message.type,
        "agent": message.agent,
        "timestamp": message.timestamp.isoformat(),
        "data": message.data,
    }
    text = json.dumps(fields, indent=2, allow_nan=False).replace("`", "\\u0060")
    if len(text) > LARGEST:
        raise UsageError(
            f"The message cannot be sent: it has {len(text)} characters, more than {LARGEST}. "
            "Keep the data in a file and send its name."
        )
    return f"```{_INFO}\n{text}\n```"


def messages(text: str, *, type: str | None = None) -> tuple[Message, ...]:
    """The messages in a comment, in order; with a `type`, only those of it.

    What is half-written, malformed, larger than `LARGEST`, deeper than `DEEPEST`, quoted with
    `>`, indented as code or inside another fenced block is no message and is passed over. Never
    raises.
    """
    if _INFO not in text:
        return ()
    found = (_decode(block) for block in _blocks(text) if len(block) <= LARGEST)
    return tuple(one for one in found if one and type in (None, one.type))


def _blocks(text: str) -> Iterator[str]:
    """What stands in the closed `agent-message` fences that are not inside other fences."""
    fence = info = ""
    start = at = 0
    for line in text.split("\n"):
        mark, said = _fence(line)
        after = at + len(line) + 1
        # A message has no opening fence inside: one that was begun before was never finished.
        if mark and (not fence or info == said == _INFO):
            fence, info, start = mark, said, after
        elif fence and mark.startswith(fence) and not said:
            if info == _INFO:
                yield text[start:at].replace("\r\n", "\n").removesuffix("\n")
            fence = ""
        at = after


def _fence(line: str) -> tuple[str, str]:
    """The marks of a line that opens or closes a fenced block, and what is said behind them."""
    found = re.fullmatch(_FENCE, line.rstrip())
    if found is None or (found[1][0] == "`" and "`" in found[2]):
        return "", ""
    return found[1], found[2].strip()


def _decode(block: str) -> Message | None:
    try:
        fields = json.loads(
            block, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_float
        )
        message = Message(
            type=fields["type"],
            agent=fields["agent"],
            timestamp=_moment(fields["timestamp"]),
            data=fields["data"],
        )
    # RecursionError is what the decoder says about thousands of brackets.
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return None if _flaw(message) else message


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is there twice")
    return fields


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _flaw(message: Message) -> str:
    """Why the message is none, and what to do about it; empty if it is one."""
    if not (isinstance(message.type, str) and re.fullmatch(_TYPE, message.type)):
        return "its type must be one word of at most 64 letters, digits and . _ : / -"
    if not (isinstance(message.agent, str) and re.fullmatch(_AGENT, message.agent)):
        return "its agent must be a name on one line, of at most 200 characters"
    if message.timestamp.utcoffset() != timedelta():
        return "its timestamp must be in UTC"
    return _data_flaw(message.data)


def _data_flaw(data: Any) -> str:
    level = [data]
    for _ in range(DEEPEST + 1):
        if flaw := next(filter(None, map(_value_flaw, level)), ""):
            return f"its data holds {flaw}"
        # By identity: what holds itself, twice at that, must not double at every level.
        level = list({id(one): one for outer in level for one in _inside(outer)}.values())
    return f"its data must be at most {DEEPEST} levels deep" if level else ""


def _inside(value: Any) -> list[Any]:
    match value:
        case dict():
            return [*value, *value.values()]
        case list():
            return value
        case _:
            return []


def _value_flaw(value: Any) -> str:
    match value:
        case dict() if not all(isinstance(key, str) for key in value):
            return "a key that is not text; make every key a text"
        case str() if any("\ud800" <= sign <= "\udfff" for sign in value):
            return "half of a surrogate pair, which is no text; leave it out"
        case float() if not math.isfinite(value):
            return f"{value}, which JSON does not know; send null or a text"
        case int() if value.bit_length() > _LONGEST_NUMBER:
            return f"a number of more than {_LONGEST_NUMBER} bits; send it as text"
        case None | dict() | list() | str() | float() | int():
            return ""
        case _:
            return f"a {type(value).__name__}; send objects, lists, texts, numbers, true or null"
