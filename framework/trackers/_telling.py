"""What the tracker is still to be told, as a value and as text for a file."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ..domain.frozen import dataclass
from ..domain.issue import Change, Priority, State
from ._rules import storable

_SETS = ("add_labels", "remove_labels", "add_depends_on", "remove_depends_on")


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A comment to be made. The key keeps it from being made twice."""

    text: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A change or a comment that `by` made on an issue `at` a moment. Numbers rise in the order
    in which tellings were kept."""

    number: int
    issue: str
    what: Change | Remark
    by: str
    forced: bool
    at: datetime


def encode(what: Change | Remark) -> str:
    """As JSON; `decode` is its inverse, except for half surrogate pairs, which no tracker
    stores."""
    values = {name: _plain(value) for name, value in vars(what).items()}
    return json.dumps({type(what).__name__: {k: v for k, v in values.items() if v is not None}})


def decode(text: str) -> Change | Remark:
    """Raises ValueError, LookupError or TypeError for what `encode` did not write."""
    ((kind, values),) = json.loads(text).items()
    if kind == Remark.__name__:
        return Remark(**values)
    if kind != Change.__name__:
        raise ValueError(f"{kind!r} is nothing that a tracker is told")
    return Change(**{name: _value(name, value) for name, value in values.items()})


def in_words(what: Change | Remark) -> str:
    """For people, as a part of a sentence: which fields, not what is in them."""
    if isinstance(what, Remark):
        return "a comment"
    if what.state is not None:
        return f"the state {what.state.value.replace('_', ' ')}"
    fields = [name for name, value in vars(what).items() if value not in (None, frozenset())]
    return f"a change of {', '.join(fields).replace('_', ' ') or 'nothing'}"


def in_full(what: Change | Remark) -> str:
    """For people: all that is in it, so that they can do it by hand."""
    if isinstance(what, Remark):
        return what.text
    values = {name: _plain(value) for name, value in vars(what).items()}
    told = {name: value for name, value in values.items() if value not in (None, [])}
    return "\n".join(f"{name.replace('_', ' ')}: {_shown(one)}" for name, one in told.items())


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(storable(one) for one in value)
    return storable(value) if isinstance(value, str) else value


def _value(name: str, value: Any) -> Any:
    if name == "state":
        return State(value)
    if name == "priority":
        return Priority(value)
    return frozenset(value) if name in (*_SETS, "assignees") else value
