"""What each part of a query asks for: the words of the query language, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from .errors import QueryError
from .frozen import dataclass, replace
from .issue import Priority, State
from .nearest import hint
from .part import Part, Value
from .query import Clause, Field, Match, Moment, Order, Sort, Within, Words, words
from .span import read_span

_FIELDS: Mapping[str, tuple[Field, str, str]] = {
    "assignee": (Field.ASSIGNEE, "is assigned to", "is not assigned to"),
    "author": (Field.AUTHOR, "was made by", "was not made by"),
    "label": (Field.LABEL, "has the label", "does not have the label"),
    "priority": (Field.PRIORITY, "has the priority", "does not have the priority"),
    "milestone": (Field.MILESTONE, "is in the milestone", "is not in the milestone"),
    "depends-on": (Field.DEPENDS_ON, "depends on", "does not depend on"),
    "key": (Field.KEY, "has the key", "does not have the key"),
    "id": (Field.ID, "is", "is not"),
    "number": (Field.ID, "is", "is not"),
}
"""What each looks at, and how it and its negation read before a value."""
_ABSENT: Mapping[str, tuple[str, str]] = {
    "assignee": ("is assigned to nobody", "is assigned to somebody"),
    "author": ("has no author", "has an author"),
    "label": ("has no label", "has a label"),
    "milestone": ("is in no milestone", "is in a milestone"),
    "depends-on": ("depends on nothing", "depends on something"),
    "key": ("has no key", "has a key"),
}
_ORDERS: Mapping[str, tuple[str, str]] = {
    Order.CREATED: ("newest first", "oldest first"),
    Order.UPDATED: ("last changed first", "longest unchanged first"),
    Order.CLOSED: ("last closed first", "first closed first"),
    Order.PRIORITY: ("most urgent first", "least urgent first"),
    Order.RELEVANCE: ("best match first", "worst match first"),
    Order.NUMBER: ("highest first", "lowest first"),
    Order.TITLE: ("from Z to A", "from A to Z"),
}
"""How each reads with -desc and with -asc."""
_RISING = frozenset({Order.NUMBER, Order.TITLE})
"""What is -asc unless the text says otherwise."""
_BEST_FIRST = frozenset({Order.PRIORITY, Order.RELEVANCE})
"""What begins with the highest in a `Sort` that is not descending."""
_MOMENTS = {
    Moment.CREATED: "created",
    Moment.UPDATED: "last changed",
    Moment.CLOSED: "closed",
}
_CLAIMED = "claimed"
_STATES = {state.value.replace("_", "-"): state for state in State}
_NAMES = ("is", "state", "no", "sort", *_FIELDS, *_MOMENTS)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a part asks for, `told` in words. None and what is empty ask for nothing."""

    part: Part
    told: str
    states: frozenset[State] | None = None
    claimed: bool | None = None
    labels: frozenset[str] = frozenset()
    where: tuple[Clause, ...] = ()
    sort: tuple[Sort, ...] = ()


def meaning(part: Part, *, now: datetime, me: str) -> Meaning:
    """Raises QueryError for what has no meaning."""
    for value in part.values:
        if not value.text.strip():
            raise _empty(part, value)
    match part.name:
        case None:
            return _words(part)
        case "is" | "state":
            return _state(part)
        case "no":
            return _no(part)
        case "sort":
            return _sort(part)
        case name if name in _MOMENTS:
            return _moment(part, Moment(name), now)
        case name if name in _FIELDS:
            return _field(part, name, me)
        case name:
            raise _unknown(part, name)


def _words(part: Part) -> Meaning:
    value = part.values[0]
    if not value.quoted:
        _refuse_operators(value)
    found = words(value.text)
    if not found:
        raise QueryError(
            f"{value.text[:40]} has no letter and no digit to look for. Leave it out.",
            part.column,
        )
    subject = "neither title nor body has" if part.negated else "title or body has"
    what = "word" if len(found) == 1 else "words"
    clause = Words(text=value.text, negated=part.negated)
    return Meaning(part=part, told=f"{subject} the {what} {' '.join(found)}", where=(clause,))


def _refuse_operators(value: Value) -> None:
    """What other languages write would otherwise be looked for as words, and never be found."""
    if value.text in ("AND", "OR", "NOT"):
        raise QueryError(
            f"{value.text} joins nothing here: all parts must hold, a comma as in label:a,b is OR, "
            f'and - negates. Leave it out, or write "{value.text}" for the word.',
            value.column,
        )
    if value.text.startswith("(") and ":" in value.text:
        raise QueryError("Parentheses group nothing here. Leave them out.", value.column)
    for name in _NAMES:
        if value.text.startswith(tuple(f"{name}{sign}" for sign in "=<>!")):
            raise QueryError(
                f"A colon belongs after {name}. Write {name}:…, or put the words in quotes.",
                value.column,
            )


def _state(part: Part) -> Meaning:
    names = [_known(value, (*_STATES, _CLAIMED), part) for value in part.values]
    if _CLAIMED in names:
        _single(part, "Write is:claimed as a part of its own")
        told = "nobody holds a claim on it" if part.negated else "somebody holds a claim on it"
        return Meaning(part=part, told=told, claimed=not part.negated)
    states = frozenset(_STATES[name] for name in names)
    verb = "is not" if part.negated else "is"
    return Meaning(
        part=part,
        told=f"{verb} {_either(name.replace('-', ' ') for name in names)}",
        states=frozenset(State) - states if part.negated else states,
    )


def _no(part: Part) -> Meaning:
    name = _known(_single(part, "Repeat no: for several"), _ABSENT, part)
    return _absence(part, name, present=part.negated)


def _absence(part: Part, name: str, *, present: bool) -> Meaning:
    clause = Match(field=_FIELDS[name][0], negated=present)
    return Meaning(part=part, told=_ABSENT[name][present], where=(clause,))


def _field(part: Part, name: str, me: str) -> Meaning:
    field, holds, holds_not = _FIELDS[name]
    keywords = [value.text for value in part.values if not value.quoted]
    if field in (Field.ASSIGNEE, Field.MILESTONE) and {"none", "*"} & {*keywords}:
        word = _single(part, "Write none and * as parts of their own").text
        return _absence(part, name, present=(word == "*") is not part.negated)
    named = [_named(value, part, field, me) for value in part.values]
    any_of = frozenset(text for text, _ in named)
    told = f"{holds_not if part.negated else holds} {_either(told for _, told in named)}"
    if field is Field.LABEL and len(any_of) == 1 and not part.negated:
        return Meaning(part=part, told=told, labels=any_of)
    clause = Match(field=field, any_of=any_of, negated=part.negated)
    return Meaning(part=part, told=told, where=(clause,))


def _named(value: Value, part: Part, field: Field, me: str) -> tuple[str, str]:
    """The value as the field holds it, and as it is told."""
    match field:
        case Field.ASSIGNEE | Field.AUTHOR if value.text in ("me", "@me") and not value.quoted:
            return me, f"{me} (you)"
        case Field.PRIORITY:
            name = _known(value, [one.value for one in Priority], part)
            return name, name
        case Field.ID | Field.DEPENDS_ON:
            id = _id(value, part)
            return id, f"#{id}"
        case _:
            return value.text, value.text


def _id(value: Value, part: Part) -> str:
    id = value.text.removeprefix("#")
    if id and (part.name != "number" or (id.isascii() and id.isdigit())):
        return id
    raise QueryError(
        f"{value.text[:40]} is no number. Write one such as {part.name}:12, or id: for a name.",
        value.column,
    )


def _moment(part: Part, which: Moment, now: datetime) -> Meaning:
    value = _single(part, "Write a span as 2026-01-01..2026-01-31")
    span = read_span(value.text, column=value.column + value.quoted, now=now)
    clause = Within(moment=which, since=span.since, until=span.until, negated=part.negated)
    verb = f"{'not ' if part.negated else ''}{_MOMENTS[which]}"
    return Meaning(part=part, told=f"{verb} {span.told}", where=(clause,))


def _sort(part: Part) -> Meaning:
    if part.negated:
        raise QueryError("An order cannot be negated. Write -asc or -desc behind it.", part.column)
    sorts = [_sort_by(value, part) for value in part.values]
    told = ", then ".join(words for _, words in sorts)
    return Meaning(part=part, told=f"sorted {told}", sort=tuple(sort for sort, _ in sorts))


def _sort_by(value: Value, part: Part) -> tuple[Sort, str]:
    text, _, end = value.text.lower().rpartition("-")
    named = replace(value, text=text) if end in ("asc", "desc") else value
    order = Order(_known(named, _ORDERS, part))
    rising = order in _RISING if named is value else end == "asc"
    descending = rising if order in _BEST_FIRST else not rising
    return Sort(by=order, descending=descending), f"by {order}, {_ORDERS[order][rising]}"


def _single(part: Part, instead: str) -> Value:
    if len(part.values) > 1:
        raise QueryError(f"{part.name}: takes one value here. {instead}.", part.values[1].column)
    return part.values[0]


def _known(value: Value, names: Iterable[str], part: Part) -> str:
    """The one of `names` that the value means."""
    name, all_names = value.text.lower().replace("_", "-"), list(names)
    if name in all_names:
        return name
    raise QueryError(
        f"{part.name}:{value.text[:40]} is not known. {hint(name, all_names)}", value.column
    )


def _either(texts: Iterable[str]) -> str:
    return " or ".join(texts)


def _empty(part: Part, value: Value) -> QueryError:
    if part.name is None:
        return QueryError("There is nothing between the quotes. Write words there.", part.column)
    without = f", or no:{part.name} for what has none" if part.name in _ABSENT else ""
    return QueryError(
        f"{part.name}: has an empty value. Write it directly behind the colon or comma{without}.",
        value.column,
    )


def _unknown(part: Part, name: str) -> QueryError:
    source = part.source.removeprefix("-")[:40]
    return QueryError(
        f"There is no qualifier {name[:40]}. {hint(name, _NAMES)} "
        f"If it is a label, write label:{source}; if it is words, put it in quotes.",
        part.column + part.negated,
    )
