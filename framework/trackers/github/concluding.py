"""What is told of a landing, in one request: the comment, and that the issue is closed by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...domain.errors import TransitionRefused, Unsure
from ...domain.issue import Change
from ...forge.github import Done, Failed, Mutation, Result, Unknown, sure
from .. import _rules
from .changing import Changing
from .rooms import Rooms
from .seen import Snapshot
from .steps import shown
from .writing import patch

_COMMENT = """{ commentEdge { node {
  fullDatabaseId body createdAt authorAssociation author { login }
} } }"""
_PLAIN = {"labels", "assignees", "state", "state_reason"}
"""What can be changed without writing over what others wrote."""


class Concluding:
    """The caller has the turn. `changing` does what is left of it."""

    def __init__(self, rooms: Rooms, changing: Changing) -> None:
        self._at = rooms.at
        self._rooms = rooms
        self._changing = changing

    def conclude(self, number: int, change: Change, text: str, *, author: str, key: str) -> bool:
        """Whether both are done. False: what is left of them is to be done one by one, each of
        which looks first. Raises what a comment does where it is not known to be written."""
        seen, remarks = self._rooms.shelf.kept(number).row.seen, self._rooms.remarks
        body = remarks.body(text, author=author, key=key)
        if remarks.find(seen, key) is not None or not (steps := self._steps(seen, change)):
            return False
        asked = {"subjectId": seen.node, "body": body}
        remarks.intend(number, key)
        told, *others = self._at.api.mutate(
            [Mutation(name="addComment", input=asked, select=_COMMENT), *steps]
        )
        self._note(number, key, told)
        if isinstance(told, Done) and all(isinstance(one, Done) for one in others):
            closed = shown(sure(others[-1]), seen.blocked)
            self._at.keep(closed)
            return True
        self._rooms.catalogue.forget()  # a label may be another one by now
        self._rooms.ask(number)
        self._tidy(number)
        return False

    def _tidy(self, number: int) -> None:
        """Closed, but the rest of it was refused: no claim stays to be seen."""
        if self._rooms.shelf.kept(number).row.seen.is_closed:
            self._changing.let_go(number)

    def _note(self, number: int, key: str, told: Result) -> None:
        match told:
            case Done(data=data):
                self._rooms.remarks.kept(number, _as_rest(data["commentEdge"]["node"]))
            case Unknown(why=why):
                if self._rooms.remarks.look(number, key) is None:
                    raise Unsure(why)
            case Failed(trouble=trouble):
                self._rooms.remarks.settle(number, key)
                if trouble.rule.wait is not None:
                    sure(told)  # raises: whatever comes next would be refused as well

    def _steps(self, seen: Snapshot, change: Change) -> Sequence[Mutation]:
        """What closes it, which comes last: it may end anywhere. None where it takes more."""
        fields = self._fields(seen, change)
        if fields.get("state") != "closed" or not fields.keys() <= _PLAIN:
            return ()
        steps, rest = self._changing.steps.split(seen, fields)
        return () if rest else steps

    def _fields(self, seen: Snapshot, change: Change) -> Mapping[str, Any]:
        """What a PATCH would say; nothing where it is refused by what is known here."""
        rooms = self._rooms
        if change != Change(state=change.state):
            return {}
        before = rooms.issue(str(seen.number))
        try:
            after = _rules.edited(before, change, self._at.clock())
        except TransitionRefused:
            return {}  # by an issue that is looked at anew the change itself decides
        needs = rooms.shelf.left(seen.number, ())
        return patch(seen, before, after, self._at.house, needs=needs, logins={})


def _as_rest(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A comment of GraphQL's as REST tells it."""
    return {
        "id": node["fullDatabaseId"],
        "user": node["author"],
        "body": node["body"],
        "author_association": node["authorAssociation"],
        "created_at": node["createdAt"],
    }
