"""The labels and milestones of a repository, and how issues name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from threading import RLock
from typing import Any
from urllib.parse import quote

from ...domain.entry import Label, Milestone
from ...domain.errors import ForgeRefused, TrackerError
from ...domain.trouble import Kind
from ...forge.github import Done, Mutation
from .. import _catalogue
from . import words
from .repository import Repository

_COLORLESS = "ededed"
"""What GitHub gives a label for which nobody chose a colour."""
_LONGEST_MILESTONE = 255
_FURNISHED = "labels are made"
_MADE = "{ label { id } }"


class Catalogue:
    """Of one repository, as it was last listed by this object."""

    def __init__(self, at: Repository) -> None:
        self._at = at
        claimed = words.claimed(at.house.store)
        self._own = {**words.CATALOGUE, claimed: words.CLAIMED_COLOR}
        self._lock = RLock()
        self._label_nodes: dict[str, str] = {}
        self._milestones: dict[str, Mapping[str, Any]] = {}

    def labels(self) -> Sequence[Label]:
        """All but our own words for state, priority and claim, by name."""
        every = [_label(one) for one in self._list_labels()]
        return sorted((one for one in every if not words.is_ours(one.name)), key=_name)

    def milestones(self) -> Sequence[Milestone]:
        return sorted(map(_milestone, self._list_milestones()), key=_name)

    def furnish(self) -> None:
        """Make each of our own labels in its colour, once in the life of a repository."""
        if self._at.mirror.fact(_FURNISHED) is None:
            self.label_nodes(())
            self._at.mirror.keep_fact(_FURNISHED, "yes")

    def label_nodes(self, names: Iterable[str]) -> Mapping[str, str]:
        """GraphQL's names for these labels, and for each of our own; made where they are not
        there yet. Keys are in lower case."""
        with self._lock:
            wanted = {one.lower(): one for one in (*self._own, *names)}
            if wanted.keys() - self._label_nodes.keys():
                self._list_labels()
            lacking = [name for low, name in wanted.items() if low not in self._label_nodes]
            self._make_labels([Label(name=one, color=self._own.get(one, "")) for one in lacking])
            return dict(self._label_nodes)

    def forget(self) -> None:
        """GitHub does not know a label or milestone any more by what it was called here."""
        with self._lock:
            self._label_nodes, self._milestones = {}, {}

    def look_again(self) -> Mapping[str, str]:
        """Forget, and list the labels anew. Of those that are called otherwise now, the new name
        and the old one, in lower case."""
        with self._lock:
            before = {node: name for name, node in self._label_nodes.items()}
            self.forget()
            self._list_labels()
            now = self._label_nodes.items()
            return {name: before[node] for name, node in now if before.get(node, name) != name}

    def milestone(self, name: str) -> Mapping[str, Any]:
        """The milestone as GitHub has it, with `number` and `node_id`; made where it is not."""
        with self._lock:
            if name not in self._milestones:
                self._list_milestones()
            if name not in self._milestones:
                self._make_milestone(Milestone(name=name))
            return self._milestones[name]

    def save(self, entry: Label | Milestone, was: str | None) -> None:
        """Make it, or change the one called `was`, on all issues too."""
        with self._lock:
            match entry:
                case Label():
                    self._save_label(entry, was)
                case Milestone():
                    self._save_milestone(entry, was)

    def remove(self, kind: type[Label] | type[Milestone], name: str) -> None:
        """Take it away, off all issues too."""
        with self._lock:
            if kind is Label:
                self._find_label(name)
                self._at.api.send("DELETE", self._label_path(name))
            else:
                number = self._find_milestone(name)["number"]
                self._at.api.send("DELETE", f"{self._at.root}/milestones/{number}")
            self.forget()

    def _save_label(self, label: Label, was: str | None) -> None:
        if not words.fits(label.name):
            raise TrackerError(
                f"GitHub takes no label called {label.name[:60]!r}. Choose a name of at most 50 "
                "characters that is none of Nightshift's own words for state and priority."
            )
        before = None if was is None else self._find_label(was)
        taken = {one.name.lower() for one in self.labels()}
        if label.name.lower() in taken - {before.name.lower() if before else ""}:
            raise _catalogue.already_there(label)
        if before is None:
            self._make_label(label)
        elif before != label:
            body = {"new_name": label.name, **_label_body(label)}
            self._at.api.send("PATCH", self._label_path(before.name), body)
            self.forget()

    def _save_milestone(self, milestone: Milestone, was: str | None) -> None:
        before = None if was is None else self._find_milestone(was)
        taken = {one.name for one in self.milestones()}
        if milestone.name in taken - {before["title"] if before else ""}:
            raise _catalogue.already_there(milestone)
        if before is None:
            self._make_milestone(milestone)
        elif _milestone(before) != milestone:
            path = f"{self._at.root}/milestones/{before['number']}"
            self._at.api.send("PATCH", path, _milestone_body(milestone))
            self.forget()

    def _make_labels(self, labels: Sequence[Label]) -> None:
        """In one request; what the server does not make so is made one by one."""
        asked = [self._creation(one) for one in labels]
        for label, result in zip(labels, self._at.api.mutate(asked), strict=True):
            if isinstance(result, Done):
                self._label_nodes[label.name.lower()] = result.data["label"]["id"]
            else:
                self._make_label(label)

    def _creation(self, label: Label) -> Mutation:
        asked = {"repositoryId": self._at.node, "name": label.name, **_label_body(label)}
        return Mutation(name="createLabel", input=asked, select=_MADE)

    def _make_label(self, label: Label) -> None:
        body = {"name": label.name, **_label_body(label)}
        try:
            made = self._at.api.send("POST", f"{self._at.root}/labels", body)
        except ForgeRefused as error:
            # Somebody else made it in the meantime; if not, the listing lacks it and that is said.
            if error.trouble.kind is not Kind.UNPROCESSABLE:
                raise
            self._list_labels()
            if label.name.lower() not in self._label_nodes:
                raise
        else:
            self._label_nodes[label.name.lower()] = made["node_id"]

    def _make_milestone(self, milestone: Milestone) -> None:
        path = f"{self._at.root}/milestones"
        self._milestones[milestone.name] = self._at.api.send(
            "POST", path, _milestone_body(milestone)
        )

    def _find_label(self, name: str) -> Label:
        for one in self.labels():
            if one.name == name:
                return one
        raise _catalogue.not_there(Label, name)

    def _find_milestone(self, name: str) -> Mapping[str, Any]:
        for one in self._list_milestones():
            if one["title"] == name:
                return one
        raise _catalogue.not_there(Milestone, name)

    def _list_labels(self) -> Sequence[Mapping[str, Any]]:
        with self._lock:
            every = list(self._at.api.pages(f"{self._at.root}/labels"))
            self._label_nodes = {one["name"].lower(): one["node_id"] for one in every}
            return every

    def _list_milestones(self) -> Sequence[Mapping[str, Any]]:
        with self._lock:
            every = list(self._at.api.pages(f"{self._at.root}/milestones", state="all"))
            self._milestones = {one["title"]: one for one in every}
            return every

    def _label_path(self, name: str) -> str:
        return f"{self._at.root}/labels/{quote(name, safe='')}"


def fits_milestone(name: str) -> bool:
    """Whether GitHub takes it as the name of a milestone, letter by letter."""
    return 0 < len(name) <= _LONGEST_MILESTONE and name == name.strip() and name.isprintable()


def _name(entry: Label | Milestone) -> str:
    return entry.name


def _label(raw: Mapping[str, Any]) -> Label:
    color = raw["color"] if raw["color"] != _COLORLESS else ""
    return Label(name=raw["name"], description=raw["description"] or "", color=color)


def _label_body(label: Label) -> dict[str, str]:
    return {"color": label.color or _COLORLESS, "description": label.description}


def _milestone(raw: Mapping[str, Any]) -> Milestone:
    return Milestone(
        name=raw["title"],
        description=raw["description"] or "",
        due=date.fromisoformat(raw["due_on"][:10]) if raw["due_on"] else None,
        is_closed=raw["state"] == "closed",
    )


def _milestone_body(milestone: Milestone) -> dict[str, str | None]:
    # Noon is the same day wherever GitHub takes midnight to be.
    due = None if milestone.due is None else f"{milestone.due.isoformat()}T12:00:00Z"
    return {
        "title": milestone.name,
        "description": milestone.description,
        "due_on": due,
        "state": "closed" if milestone.is_closed else "open",
    }
