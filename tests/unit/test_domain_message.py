"""Messages in comments: whole ones are found, all else is passed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.errors import UsageError
from framework.domain.message import DEEPEST, LARGEST, Message, messages, render

AT = datetime(2026, 1, 31, 10, tzinfo=UTC)
DONE = Message(type="implementation_complete", agent="coder", timestamp=AT, data={"ok": True})
LINE = st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        ["```", "\n```\n", "```agent-message\n{}\n```", "~~~", "> ", "\\u0060", "\r"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
MESSAGES = st.builds(
    Message,
    type=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,20}", fullmatch=True),
    agent=st.text(alphabet=LINE, min_size=1, max_size=200).filter(str.strip),
    timestamp=st.datetimes(timezones=st.just(UTC)),
    data=JSON,
)
HOSTILE = st.lists(
    st.sampled_from(
        [
            "```agent-message\n",
            "```",
            "````",
            "~~~",
            "\n",
            "\r\n",
            "> ",
            "    ",
            "{",
            "}",
            "[",
            "]",
            '"type": "x"',
            '"agent": "a"',
            '"timestamp": "2026-01-01"',
            '"data": 1',
            ",",
            "NaN",
            "�",
            "\x00",
            "```agent-message",
            "agent-message",
            '{"type":',
            render(DONE),
        ]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


def block(text: str) -> str:
    return f"```agent-message\n{text}\n```"


def fields(**changed: Any) -> str:
    whole = {"type": "t", "agent": "a", "timestamp": "2026-01-31T10:00:00Z", "data": 1}
    return json.dumps({**whole, **changed})


@given(MESSAGES)
def test_what_is_rendered_is_read_back(message: Message) -> None:
    """P18: rendering and reading are inverse, whatever JSON the data is."""
    assert messages(render(message)) == (message,)


@given(MESSAGES, st.text(), st.text())
def test_the_text_around_does_not_matter(message: Message, before: str, after: str) -> None:
    """A message is found between any lines that open no fence of their own."""
    lines = "\n".join(line for line in before.split("\n") if line.strip()[:3] not in ("```", "~~~"))
    assert messages(f"{lines}\n{render(message)}\n{after}")[:1] == (message,)


@given(st.lists(MESSAGES, max_size=3))
def test_every_message_of_a_comment_is_found_in_order(sent: list[Message]) -> None:
    """Several messages in one comment are all read, and can be chosen by their type."""
    text = "\n\nand then\n".join(map(render, sent))
    assert messages(text) == tuple(sent)
    for one in sent:
        same = tuple(other for other in sent if other.type == one.type)
        assert messages(text, type=one.type) == same


@given(MESSAGES)
def test_a_block_is_ascii_without_backticks(message: Message) -> None:
    """Nothing inside a block can end it, in any store and any Markdown."""
    inside = render(message).removeprefix("```agent-message\n").removesuffix("\n```")
    assert inside.isascii()
    assert "`" not in inside


@settings(max_examples=500)
@given(st.text() | HOSTILE)
def test_any_text_is_read_without_an_error(text: str) -> None:
    """No comment raises, and whatever is found could be sent again."""
    for message in messages(text):
        assert messages(render(message)) == (message,)


def test_the_way_the_documents_write_and_read() -> None:
    """P18: the integration guide's own writer is understood, and its reader understands ours."""
    written = {
        "type": DONE.type,
        "agent": DONE.agent,
        "timestamp": AT.isoformat(),
        "data": DONE.data,
    }
    assert messages(f"```agent-message\n{json.dumps(written, indent=2)}\n```") == (DONE,)
    theirs = json.loads(render(DONE).split("```agent-message\n")[1].split("\n```")[0])
    assert theirs == written


@pytest.mark.parametrize(
    "text",
    [
        block(fields()).replace("\n", "\r\n"),
        f"   ```  agent-message  \n{fields()}\n   ```  ",
        f"````agent-message\n{fields()}\n`````",
        f"~~~agent-message\n{fields()}\n~~~",
        block(fields(timestamp="2026-01-31T11:00:00+01:00")),
        block(fields(timestamp="2026-01-31T10:00:00")),
        block(fields(more="ignored")),
        f"```python\nx = 1\n```\n{block(fields())}",
        f"half of one:\n```agent-message\n{{\n{block(fields())}",
        f"{block('{')}\n{block(fields())}\n{block('')}",
    ],
)
def test_every_sound_block_is_a_message(text: str) -> None:
    """Line ends, indentation, fences, time zones and broken neighbours make no difference."""
    assert messages(text) == (Message(type="t", agent="a", timestamp=AT, data=1),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agent-message",
        block(""),
        block("{"),
        block("[]"),
        block("3"),
        block('"agent-message"'),
        block("{}"),
        block(fields()[:-1]),
        block(fields().replace('"data": 1', '"data": NaN')),
        block(fields().replace('"data": 1', '"data": -Infinity')),
        block(fields().replace('"data": 1', '"data": 1e999')),
        block(fields().replace('"data": 1', '"data": ' + "9" * 5000)),
        block(fields().replace('"data": 1', '"data": ' + "9" * 400)),
        block(fields().replace('"data": 1', '"data": 1, "data": 2')),
        block(fields().replace('"data": 1', '"data": {"x": 1, "x": 2}')),
        block(fields().replace('"data": 1', '"data": "\\ud800"')),
        block(fields().replace('"data": 1', '"data": ' + "[" * 30_000 + "]" * 30_000)),
        block(fields().replace('"data": 1', '"data": ' + "[" * 33 + "1" + "]" * 33)),
        block(fields().replace(', "data": 1', "")),
        block(fields(type="")),
        block(fields(type="two words")),
        block(fields(type="x" * 65)),
        block(fields(type=3)),
        block(fields(agent="")),
        block(fields(agent=" ")),
        block(fields(agent="a\nb")),
        block(fields(agent="a\x1b[2J")),
        block(fields(agent=None)),
        block(fields(timestamp="yesterday")),
        block(fields(timestamp=0)),
        block(fields(timestamp="0001-01-01T00:00:00+12:00")),
        block(fields(data="x" * LARGEST)),
        f"```agent-message\n{fields()}",
        f"```agent-message\n{fields()}\n``",
        f"```agent-message\n{fields()}\n~~~",
        f"````agent-message\n{fields()}\n```",
        f"```agent-message {{.x}}\n{fields()}\n```",
        f"```agent-messages\n{fields()}\n```",
        f"```agent-message`\n{fields()}\n```",
        f"text ```agent-message\n{fields()}\n```",
    ],
)
def test_what_is_half_written_or_hostile_is_passed_over(text: str) -> None:
    """A block that is not a whole, bounded, unambiguous message is none."""
    assert messages(text) == ()


@pytest.mark.parametrize(
    "around",
    [
        lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
        lambda text: "\n".join(f"    {line}" for line in text.split("\n")),
        lambda text: f"````markdown\n{text}\n````",
        lambda text: f"~~~\n{text}\n~~~",
        lambda text: f"```text\n{text}",
    ],
)
def test_a_message_that_is_only_shown_is_none(around: Any) -> None:
    """Quoting a message, or showing it as an example, does not send it."""
    assert messages(around(render(DONE))) == ()


def test_the_deepest_data_is_read_back() -> None:
    """The limit of depth is the same for writing and reading."""
    data: Any = "x"
    for _ in range(DEEPEST):
        data = [data]
    deep = Message(type="t", agent="a", timestamp=AT, data=data)
    assert messages(render(deep)) == (deep,)


def test_the_largest_message_is_read_back_through_any_line_end() -> None:
    """A message at the limit is still one after a forge has changed its line ends."""
    empty = Message(type="t", agent="a", timestamp=AT, data=[""])
    room = LARGEST - (len(render(empty)) - len("```agent-message\n\n```"))
    full = Message(type="t", agent="a", timestamp=AT, data=["x" * room])
    assert messages(render(full).replace("\n", "\r\n")) == (full,)
    with pytest.raises(UsageError, match="more than 65536"):
        render(Message(type="t", agent="a", timestamp=AT, data=["x" * (room + 1)]))


class Number(IntEnum):
    ONE = 1


def around_itself() -> list[Any]:
    ring: list[Any] = []
    ring += [ring, ring]
    return ring


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"type": "two words"}, "type must be one word"),
        ({"agent": "a\nb"}, "agent must be a name on one line"),
        ({"timestamp": datetime(2026, 1, 31)}, "must be in UTC"),  # noqa: DTZ001
        ({"timestamp": AT.astimezone(timezone(timedelta(hours=1)))}, "must be in UTC"),
        ({"data": float("nan")}, "nan, which JSON does not know"),
        ({"data": [float("inf")]}, "inf, which JSON does not know"),
        ({"data": {"x": 2**1024}}, "more than 1024 bits"),
        ({"data": {1: "x"}}, "a key that is not text"),
        ({"data": "\ud83d\ude00"}, "surrogate"),
        ({"data": {"\ud800": 1}}, "surrogate"),
        ({"data": (1, 2)}, "a tuple"),
        ({"data": {1, 2}}, "a set"),
        ({"data": AT}, "a datetime"),
        ({"data": around_itself()}, "at most 32 levels"),
    ],
)
def test_what_could_not_be_read_is_not_sent(changed: dict[str, Any], why: str) -> None:
    """A message that no reader would get is refused with what to do."""
    whole = {"type": "t", "agent": "a", "timestamp": AT, "data": 1}
    with pytest.raises(UsageError, match=why):
        render(Message(**{**whole, **changed}))


def test_a_number_by_another_name_is_a_number() -> None:
    """Enumerations of numbers are sent as their numbers."""
    sent = Message(type="t", agent="a", timestamp=AT, data=Number.ONE)
    assert messages(render(sent))[0].data == 1
