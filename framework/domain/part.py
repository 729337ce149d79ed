"""A text of the query language, cut into its parts: qualifiers with their values, and words."""

from __future__ import annotations

from .errors import QueryError
from .frozen import dataclass


@dataclass(frozen=True, kw_only=True)
class Value:
    """`text` is without the quotes; what is `quoted` means itself and is never a keyword."""

    text: str
    column: int
    quoted: bool


@dataclass(frozen=True, kw_only=True)
class Part:
    """A qualifier `name:value,value`, or, without a name, one word or quoted phrase.

    `source` is the part as it was typed, from `column` on; columns count from 1.
    """

    source: str
    column: int
    negated: bool
    name: str | None
    values: tuple[Value, ...]


def cut(text: str) -> tuple[Part, ...]:
    """The parts of a text: white space outside of quotes ends them.

    Inside quotes `\\"` is a quote and `\\\\` a backslash. Values may be empty. Raises QueryError
    for a quote that is not closed and for a minus before nothing.
    """
    parts, at = [], 0
    while at < len(text):
        end = _end(text, at, "")
        if end > at:
            parts.append(_part(text[at:end], at + 1))
        at = end + 1
    return tuple(parts)


def _end(text: str, start: int, also: str) -> int:
    """Where the first white space, or sign of `also`, outside of quotes is; else the length."""
    at, opened = start, -1
    while at < len(text):
        sign = text[at]
        if opened < 0 and (sign.isspace() or sign in also):
            return at
        if sign == '"':
            opened = at if opened < 0 else -1
        at += 2 if opened >= 0 and sign == "\\" else 1
    if opened >= 0:
        raise QueryError('A quote is opened and not closed. Close it with ".', opened + 1)
    return len(text)


def _part(source: str, column: int) -> Part:
    negated = source.startswith("-")
    body = source[negated:]
    if not body or body.startswith("-"):
        raise QueryError(
            f"{source[:40]} says nothing here. Write - directly before what must not hold, "
            "options outside of the query, and words with signs in quotes.",
            column,
        )
    start = column + negated
    name, colon, rest = body.partition(":")
    if colon and _is_name(name):
        values, said = _values(rest, start + len(name) + 1), name.lower().replace("_", "-")
    else:
        values, said = (_value(body, start),), None
    return Part(source=source, column=column, negated=negated, name=said, values=values)


def _is_name(text: str) -> bool:
    letters = text.replace("-", "").replace("_", "")
    return text.isascii() and letters.isalpha() and text[0].isalpha()


def _values(text: str, column: int) -> tuple[Value, ...]:
    values, at = [], 0
    while at <= len(text):
        end = _end(text, at, ",")
        values.append(_value(text[at:end], column + at))
        at = end + 1
    return tuple(values)


def _value(text: str, column: int) -> Value:
    plain, inside, signs = "", False, iter(text)
    for sign in signs:
        if sign == '"':
            inside = not inside
        elif sign == "\\" and inside:
            after = next(signs)
            plain += after if after in '"\\' else sign + after
        else:
            plain += sign
    return Value(text=plain, column=column, quoted='"' in text)
