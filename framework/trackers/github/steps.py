"""An issue changed bit by bit: labels and our own name are put on and taken off, and no list that
others may have changed meanwhile is written over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from ...domain.frozen import replace
from ...forge.github import Mutation
from .catalogue import Catalogue
from .people import People
from .seen import FIELDS, Snapshot, of_graph

_LABELLED = f"{{ labelable {{ ... on Issue {FIELDS} }} }}"
_ASSIGNED = f"{{ assignable {{ ... on Issue {FIELDS} }} }}"
_ISSUE = f"{{ issue {FIELDS} }}"
_STATE = {"state", "state_reason"}
_TEXTS = {"title", "body"}


class Steps:
    """`login` is our own account."""

    def __init__(self, catalogue: Catalogue, people: People, login: str) -> None:
        self._catalogue = catalogue
        self._people = people
        self._login = login

    def split(
        self, seen: Snapshot, fields: Mapping[str, Any]
    ) -> tuple[Sequence[Mutation], Mapping[str, Any]]:
        """The mutations that do what `fields`, those of a PATCH, say, and what of them is left
        for a PATCH: what cannot be done bit by bit, or is alone. The state is changed last."""
        rest = {name: value for name, value in fields.items() if name != "labels"}
        steps = [*self._labels(seen, fields.get("labels", seen.labels))]
        if self._is_of_us(seen, fields):
            steps += self._ourselves(seen, rest.pop("assignees"))
        if not steps or not rest.keys() <= _STATE | _TEXTS:
            return steps, rest
        return [*_texts(seen, rest), *steps, *_state(seen, rest)], {}

    def _labels(self, seen: Snapshot, wanted: Sequence[str]) -> Iterator[Mutation]:
        """GitHub knows no case in the names of labels."""
        now, then = ({one.lower() for one in names} for names in (seen.labels, wanted))
        if not now ^ then:
            return
        changed = [one for one in (*seen.labels, *wanted) if one.lower() in now ^ then]
        nodes = self._catalogue.label_nodes(changed)
        if gone := sorted(nodes[one] for one in now - then):
            given = {"labelableId": seen.node, "labelIds": gone}
            yield Mutation(name="removeLabelsFromLabelable", input=given, select=_LABELLED)
        if new := sorted(nodes[one] for one in then - now):
            asked = {"labelableId": seen.node, "labelIds": new}
            yield Mutation(name="addLabelsToLabelable", input=asked, select=_LABELLED)

    def _is_of_us(self, seen: Snapshot, fields: Mapping[str, Any]) -> bool:
        """Whether of those assigned nobody but our own account comes or goes."""
        return "assignees" in fields and _difference(seen, fields["assignees"]) <= {self._login}

    def _ourselves(self, seen: Snapshot, wanted: Sequence[str]) -> Iterator[Mutation]:
        given = {"assignableId": seen.node, "assigneeIds": [self._people.own_node()]}
        if set(seen.assignees) - set(wanted):
            yield Mutation(name="removeAssigneesFromAssignable", input=given, select=_ASSIGNED)
        elif set(wanted) - set(seen.assignees):
            yield Mutation(name="addAssigneesToAssignable", input=given, select=_ASSIGNED)


def added(seen: Snapshot, fields: Mapping[str, Any]) -> Set[str]:
    """The labels that `fields` would put on the issue, in lower case."""
    names = {one.lower() for one in fields.get("labels", ())}
    return names - {one.lower() for one in seen.labels}


def removed(seen: Snapshot, fields: Mapping[str, Any]) -> Set[str]:
    """The labels that `fields` would take off the issue, in lower case."""
    if "labels" not in fields:
        return frozenset()
    return {one.lower() for one in seen.labels} - {one.lower() for one in fields["labels"]}


def onto(now: Snapshot, seen: Snapshot, fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields`, which were made for the issue as it was `seen`, for what it is by now: of lists
    the same is added and taken away."""
    lists = {"labels": (seen.labels, now.labels), "assignees": (seen.assignees, now.assignees)}
    rebased = dict(fields)
    for name in fields.keys() & lists.keys():
        was, there = map(set, lists[name])
        rebased[name] = sorted((there | (set(fields[name]) - was)) - (was - set(fields[name])))
    return rebased


def shown(data: Mapping[str, Any], blocked: int | None) -> Snapshot:
    """The issue as such a mutation's answer has it, which does not say how many it waits for."""
    (issue,) = data.values()
    return replace(of_graph(issue), blocked=blocked)


def _difference(seen: Snapshot, wanted: Sequence[str]) -> Set[str]:
    return set(seen.assignees) ^ set(wanted)


def _texts(seen: Snapshot, fields: Mapping[str, Any]) -> Iterator[Mutation]:
    given = {"id": seen.node}
    if "title" in fields:
        given["title"] = fields["title"]
    if "body" in fields:
        given["body"] = fields["body"]
    if len(given) > 1:
        yield Mutation(name="updateIssue", input=given, select=_ISSUE)


def _state(seen: Snapshot, fields: Mapping[str, Any]) -> Iterator[Mutation]:
    if fields.get("state") == "closed":
        given = {"issueId": seen.node, "stateReason": "COMPLETED"}
        yield Mutation(name="closeIssue", input=given, select=_ISSUE)
    elif "state" in fields:
        yield Mutation(name="reopenIssue", input={"issueId": seen.node}, select=_ISSUE)
