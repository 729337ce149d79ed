"""What is told of a landing, in one request: the comment, and that the issue is closed by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...domain.errors import TransitionRefused, Unsure
from ...domain.frozen import replace
from ...domain.issue import Change
from ...forge.github import Done, Failed, GitHub, Mutation, Result, Unknown
from .. import _rules
from ..base import Clock
from . import words
from .changing import Changing
from .links import done
from .mirror import Mirror
from .reading import assigned
from .rooms import Rooms
from .seen import FIELDS, Seen, of_graph
from .writing import patch

_COMMENT = """{ commentEdge { node {
  fullDatabaseId body createdAt authorAssociation author { login }
} } }"""
_CLOSED = f"{{ issue {FIELDS} }}"
_PLAIN = {"labels", "assignees", "state", "state_reason"}
"""What can be changed without writing over what others wrote."""


class Concluding:
    """The caller has the turn. `changing` does what is left of it."""

    def __init__(
        self, api: GitHub, mirror: Mirror, rooms: Rooms, changing: Changing, clock: Clock
    ) -> None:
        self._api = api
        self._mirror = mirror
        self._rooms = rooms
        self._changing = changing
        self._clock = clock

    def conclude(self, number: int, change: Change, text: str, *, author: str, key: str) -> bool:
        """Whether both are done. False: what is left of them is to be done one by one, each of
        which looks first. Raises what a comment does where it is not known to be written."""
        seen, remarks = self._rooms.shelf.kept(number).row.seen, self._rooms.remarks
        body = remarks.body(text, author=author, key=key)
        if remarks.find(seen, key) is not None or not (steps := self._steps(seen, change)):
            return False
        asked = {"subjectId": seen.node, "body": body}
        remarks.intend(number, key)
        told, *others = self._api.mutate(
            [Mutation(name="addComment", input=asked, select=_COMMENT), *steps]
        )
        self._note(number, key, told)
        if isinstance(told, Done) and all(isinstance(one, Done) for one in others):
            closed = of_graph(done(others[-1])["issue"])
            self._mirror.keep([replace(closed, blocked=seen.blocked)], self._clock(), ours=True)
            return True
        self._rooms.catalogue.forget()  # a label may be another one by now
        self._rooms.ask(number)
        self._tidy(number)
        return False

    def _tidy(self, number: int) -> None:
        """Closed, but the rest of it was refused: no claim stays to be seen."""
        house, seen = self._rooms.house, self._rooms.shelf.kept(number).row.seen
        left = words.state_words(seen.labels) | words.claim_words(seen.labels, house.store)
        if seen.is_closed and left:
            labels, people = set(seen.labels) - left, assigned(seen, house)
            self._changing.patch(number, {"labels": sorted(labels), "assignees": sorted(people)})

    def _note(self, number: int, key: str, told: Result) -> None:
        match told:
            case Done(data=data):
                self._rooms.remarks.kept(number, _as_rest(data["commentEdge"]["node"]))
            case Unknown(why=why):
                if self._rooms.remarks.look(number, key) is None:
                    raise Unsure(why)
            case Failed(trouble=trouble):
                self._rooms.remarks.settle(number, key)
                if trouble.rule.retry:
                    done(told)  # raises: whatever comes next would be refused as well

    def _steps(self, seen: Seen, change: Change) -> Sequence[Mutation]:
        """What closes it, which comes last: it may end anywhere. None where it takes more."""
        fields = self._fields(seen, change)
        labels = set(fields.get("labels", seen.labels))
        gone = set(seen.assignees) - set(fields.get("assignees", seen.assignees))
        is_closing = fields.get("state") == "closed" and fields.keys() <= _PLAIN
        if not is_closing or labels - set(seen.labels) or gone - {self._rooms.house.login}:
            return ()
        reason = {"issueId": seen.node, "stateReason": "COMPLETED"}
        return [
            *self._without_labels(seen, set(seen.labels) - labels),
            *(self._without_us(seen) for _ in gone),
            Mutation(name="closeIssue", input=reason, select=_CLOSED),
        ]

    def _fields(self, seen: Seen, change: Change) -> Mapping[str, Any]:
        """What a PATCH would say; nothing where it is refused by what is known here."""
        rooms = self._rooms
        if change != Change(state=change.state):
            return {}
        before = rooms.issue(str(seen.number))
        try:
            after = _rules.edited(before, change, self._clock())
        except TransitionRefused:
            return {}  # by an issue that is looked at anew the change itself decides
        needs = rooms.shelf.left(seen.number, ())
        return patch(seen, before, after, rooms.house, needs=needs, logins={})

    def _without_labels(self, seen: Seen, names: set[str]) -> Sequence[Mutation]:
        if not names:
            return ()
        nodes = self._rooms.catalogue.label_nodes(names)
        ids = sorted(nodes[one.lower()] for one in names)
        given = {"labelableId": seen.node, "labelIds": ids}
        name = "removeLabelsFromLabelable"
        return [Mutation(name=name, input=given, select="{ labelable { __typename } }")]

    def _without_us(self, seen: Seen) -> Mutation:
        given = {"assignableId": seen.node, "assigneeIds": [self._rooms.people.own_node()]}
        name = "removeAssigneesFromAssignable"
        return Mutation(name=name, input=given, select="{ assignable { __typename } }")


def _as_rest(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A comment of GraphQL's as REST tells it."""
    return {
        "id": node["fullDatabaseId"],
        "user": node["author"],
        "body": node["body"],
        "author_association": node["authorAssociation"],
        "created_at": node["createdAt"],
    }
