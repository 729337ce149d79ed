"""The operations of a batch: what a line of JSON asks for, read before anything is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from ..domain.duration import parse_duration
from ..domain.errors import UsageError
from ..domain.issue import Change, Draft, Priority, State
from ..domain.nearest import nearest

E = TypeVar("E", State, Priority)

_LONGEST = 60


@dataclass(frozen=True, kw_only=True)
class Create:
    draft: Draft


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Also `close` and `reopen`. `comment` is said first."""

    issue: str
    change: Change
    comment: str | None = None
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class Say:
    issue: str
    text: str
    key: str | None
    force: bool


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Without a `timeout` as long as the claims of the caller are."""

    issue: str
    timeout: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Release:
    issue: str
    force: bool


@dataclass(frozen=True, kw_only=True)
class Depend:
    """`issue` depends on those in `on`, and those in `blocks` on it; or, with `remove`, no
    longer."""

    issue: str
    on: tuple[str, ...]
    blocks: tuple[str, ...]
    remove: bool
    force: bool


Operation = Create | Edit | Say | Claim | Release | Depend


def read(line: str, me: str) -> Operation:
    """What the line asks for; `me` stands for the caller. Raises UsageError that says what the
    line must be."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The line is no JSON ({error}). Write one object on a line.") from error
    if not isinstance(values, dict):
        raise UsageError('The line is no object. Write one such as {"op": "close", "issue": 4}.')
    fields = _Fields(values)
    op = fields.text("op") or ""
    if op not in _READERS:
        raise UsageError(f"There is no operation {_shown(op)}. {_hint(op, _READERS)}")
    operation = _READERS[op](fields, me)
    fields.refuse_wrong(op)
    return operation


class _Fields:
    """The fields of one line. Each is asked for by its name and type.

    What is wrong is noted down and told by `refuse_wrong` when all were asked for: a name that is
    not known often explains one that is missing.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._known: set[str] = set()
        self._flaws: list[str] = []

    def text(self, name: str) -> str | None:
        text: str | None = self._get(name, str, "text")
        return text

    def needed(self, name: str) -> str:
        text = self.text(name)
        if text is None or not text.strip():
            self.flaw(f"The {name} is missing. Give it as text.")
        return text or ""

    def needed_if_given(self, name: str) -> str | None:
        return self.needed(name) if self.is_given(name) else self.text(name)

    def flag(self, name: str) -> bool:
        return bool(self._get(name, bool, "true or false"))

    def one_of(self, name: str, known: type[E]) -> E | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return known(text)
        except ValueError:
            self.flaw(f"There is no {name} {_shown(text)}. {_hint(text, map(str, known))}")
            return None

    def issue(self) -> str:
        self._known.add("issue")
        return self._id(self._values.get("issue"))

    def issues(self, name: str) -> tuple[str, ...]:
        given = self._get(name, list, "a list of issues") or ()
        return tuple(self._id(one) for one in given)

    def names(self, name: str, me: str | None = None) -> frozenset[str]:
        given = self._get(name, list, "a list of texts") or ()
        if not all(isinstance(one, str) and one.strip() for one in given):
            self.flaw(f"The {name} must be a list of texts. Put each in quotes.")
            return frozenset()
        return frozenset(me if one == "me" and me is not None else one for one in given)

    def is_given(self, name: str) -> bool:
        return name in self._values

    def flaw(self, text: str) -> None:
        self._flaws.append(text)

    def refuse_wrong(self, op: str) -> None:
        for name in self._values:
            if name not in self._known:
                hint = _hint(name, self._known - {"op"})
                raise UsageError(f"{op} has no field {_shown(name)}. {hint}")
        if self._flaws:
            raise UsageError(self._flaws[0])

    def _get(self, name: str, kind: type, told: str) -> Any:
        self._known.add(name)
        value = self._values.get(name)
        if value is None or isinstance(value, kind):
            return value
        self.flaw(f"The {name} must be {told}. It is {_shown(value)}.")
        return None

    def _id(self, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
            self.flaw('An issue is missing. Give its id, such as "issue": 12.')
        return str(value).removeprefix("#")


def _create(fields: _Fields, me: str) -> Create:
    return Create(
        draft=Draft(
            title=fields.needed("title"),
            body=_body(fields) or "",
            priority=fields.one_of("priority", Priority) or Priority.MEDIUM,
            labels=fields.names("labels"),
            assignees=fields.names("assignees", me),
            milestone=fields.text("milestone") or None,
            depends_on=fields.issues("depends_on"),
            key=fields.text("key"),
        )
    )


def _edit(fields: _Fields, me: str) -> Edit:
    assignees = fields.names("assignees", me)
    milestone = fields.text("milestone")
    change = Change(
        title=fields.needed_if_given("title"),
        body=_body(fields),
        state=fields.one_of("state", State),
        priority=fields.one_of("priority", Priority),
        assignees=assignees if fields.is_given("assignees") else None,
        milestone=milestone or "" if fields.is_given("milestone") else None,
        add_labels=fields.names("add_labels"),
        remove_labels=fields.names("remove_labels"),
    )
    if change == Change():
        fields.flaw('Nothing to change was given. Say what, such as "state": "blocked".')
    return Edit(issue=fields.issue(), change=change, force=fields.flag("force"))


def _moving(state: State) -> Callable[[_Fields, str], Edit]:
    def moved(fields: _Fields, me: str) -> Edit:
        return Edit(
            issue=fields.issue(),
            change=Change(state=state),
            comment=fields.needed_if_given("comment"),
            force=fields.flag("force"),
        )

    return moved


def _say(fields: _Fields, me: str) -> Say:
    return Say(
        issue=fields.issue(),
        text=fields.needed("text"),
        key=fields.text("key"),
        force=fields.flag("force"),
    )


def _claim(fields: _Fields, me: str) -> Claim:
    timeout = fields.text("timeout")
    return Claim(issue=fields.issue(), timeout=parse_duration(timeout) if timeout else None)


def _release(fields: _Fields, me: str) -> Release:
    return Release(issue=fields.issue(), force=fields.flag("force"))


def _depend(fields: _Fields, me: str) -> Depend:
    on, blocks = fields.issues("on"), fields.issues("blocks")
    if not (on or blocks):
        fields.flaw('It is not said what on. Give "on": [12] or "blocks": [12].')
    return Depend(
        issue=fields.issue(),
        on=on,
        blocks=blocks,
        remove=fields.flag("remove"),
        force=fields.flag("force"),
    )


_READERS: dict[str, Callable[[_Fields, str], Operation]] = {
    "create": _create,
    "edit": _edit,
    "close": _moving(State.CLOSED),
    "reopen": _moving(State.OPEN),
    "comment": _say,
    "claim": _claim,
    "release": _release,
    "depends": _depend,
}


def _body(fields: _Fields) -> str | None:
    body, description = fields.text("body"), fields.text("description")
    if body is not None and description is not None:
        fields.flaw("The text was given twice. Use either body or description.")
    return description if body is None else body


def _hint(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or all."""
    clause = nearest(word, known).removeprefix(", ")
    return f"{clause[0].upper()}{clause[1:]}" + ("" if clause.endswith("?") else ".")


def _shown(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
