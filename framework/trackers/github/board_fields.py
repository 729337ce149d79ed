"""The fields of a board: which we need, which of a board's own they are, and what is missing.

A field or an option that we have used is known by its id, whatever people call it by now; else
by its name, without regard to case, spaces and dashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...domain.frozen import dataclass
from ...domain.issue import Priority, State


@dataclass(frozen=True, kw_only=True)
class Option:
    """One value of a single select; `id` is empty for one that is still to be made."""

    id: str = ""
    name: str
    color: str = "GRAY"
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a board. `kind` is GitHub's `dataType`, such as SINGLE_SELECT or TEXT."""

    id: str
    name: str
    kind: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A field that we need: our word for it, how it is called when we make it, and its options
    by what they mean to us, in their order; none for a text."""

    name: str
    options: Mapping[str, Option]

    @property
    def kind(self) -> str:
        return "SINGLE_SELECT" if self.options else "TEXT"


STATUS = Wanted(
    name="Status",
    options={
        State.OPEN: Option(name="Todo", color="GREEN", description="Nobody works on it yet"),
        State.IN_PROGRESS: Option(name="In Progress", color="YELLOW", description="Being done"),
        State.BLOCKED: Option(name="Blocked", color="RED", description="Needs a person"),
        State.NEEDS_REVIEW: Option(name="In Review", color="BLUE", description="Awaits a review"),
        State.CLOSED: Option(name="Done", color="PURPLE", description="Done and closed"),
    },
)
PRIORITY = Wanted(
    name="Priority",
    options={
        Priority.URGENT: Option(name="Urgent", color="RED"),
        Priority.HIGH: Option(name="High", color="ORANGE"),
        Priority.MEDIUM: Option(name="Medium", color="YELLOW"),
        Priority.LOW: Option(name="Low", color="GREEN"),
    },
)
AGENT = Wanted(name="Agent", options={})
WANTED = (STATUS, PRIORITY, AGENT)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A field that we use: its id and name of now, the option of each meaning, and the names of
    all its options by their ids, also of those that mean nothing to us."""

    id: str
    name: str
    options: Mapping[str, str]
    every: Mapping[str, str]

    def meaning(self, option: str) -> str | None:
        """What the option with this id means to us; None for people's own and for none."""
        return next((means for means, id_ in self.options.items() if id_ == option), None)


def field_of(data: Mapping[str, Any]) -> Field:
    """From GitHub's answer."""
    options = tuple(
        Option(
            id=one["id"],
            name=one["name"],
            color=one["color"],
            description=one.get("description") or "",
        )
        for one in data.get("options") or ()
    )
    return Field(id=data["id"], name=data["name"], kind=data["dataType"], options=options)


def find(wanted: Wanted, fields: Iterable[Field], known: Known | None) -> Field | None:
    """The board's own field that is the wanted one; None where there is none yet."""
    every = list(fields)
    by_id = next((one for one in every if known and one.id == known.id), None)
    return by_id or next((one for one in every if _plain(one.name) == _plain(wanted.name)), None)


def learn(wanted: Wanted, field: Field, known: Known | None) -> Known:
    """What we know of a field now: `known` options stay what they were while they are there."""
    there = {one.id: one.name for one in field.options}
    kept = {} if known is None or known.id != field.id else known.options
    options = {means: id_ for means, id_ in kept.items() if id_ in there}
    free = {_plain(one.name): one.id for one in field.options if one.id not in options.values()}
    for means, option in wanted.options.items():
        if means not in options and _plain(option.name) in free:
            options[means] = free[_plain(option.name)]
    return Known(id=field.id, name=field.name, options=options, every=there)


def missing(wanted: Wanted, known: Known) -> list[str]:
    """The names of the options that the field must get."""
    return [one.name for means, one in wanted.options.items() if means not in known.options]


def completed(wanted: Wanted, field: Field, known: Known) -> list[Option]:
    """The field's options, unchanged and in their order, with each missing one put after the one
    that comes before it with us."""
    options = list(field.options)
    place = 0
    for means, option in wanted.options.items():
        if means in known.options:
            place = [one.id for one in options].index(known.options[means]) + 1
        else:
            options.insert(place, option)
            place += 1
    return options


def as_input(options: Iterable[Option], *, with_ids: bool) -> list[dict[str, str]]:
    """For a mutation. An option without its id is a new one to GitHub, even with an old name."""
    return [
        {
            "name": one.name,
            "color": one.color,
            "description": one.description,
            **({"id": one.id} if with_ids and one.id else {}),
        }
        for one in options
    ]


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())
