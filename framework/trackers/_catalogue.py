"""Labels, milestones and users as issues name them."""

from __future__ import annotations

from collections.abc import Iterator

from ..domain.entry import Entry, Label, Milestone, User
from ..domain.errors import AlreadyThere, EntryNotFound, TrackerError
from ..domain.frozen import replace
from ..domain.issue import Issue
from ._rules import storable


def named(issue: Issue) -> Iterator[Entry]:
    """What the issue names, as entries of which nothing more is known."""
    yield from (Label(name=name) for name in issue.labels)
    yield from (User(name=name) for name in issue.assignees)
    if issue.milestone is not None:
        yield Milestone(name=issue.milestone)
    if issue.author:
        yield User(name=issue.author)


def renamed(issue: Issue, kind: type[Entry], was: str, now_called: str | None) -> Issue:
    """The issue where the entry has another name, or is gone: None."""
    new = frozenset() if now_called is None else frozenset({now_called})

    def swap(names: frozenset[str]) -> frozenset[str]:
        return names - {was} | new if was in names else names

    if kind is Label:
        return replace(issue, labels=swap(issue.labels))
    if kind is Milestone:
        return replace(issue, milestone=now_called) if issue.milestone == was else issue
    author = now_called or "" if issue.author == was else issue.author
    return replace(issue, author=author, assignees=swap(issue.assignees))


def as_stored(entry: Entry) -> Entry:
    """Raises TrackerError for an entry without a name."""
    if not entry.name:
        raise TrackerError(f"A {noun(type(entry))} needs a name. Give it one.")
    match entry:
        case Label():
            return replace(
                entry,
                name=storable(entry.name),
                description=storable(entry.description),
                color=storable(entry.color),
            )
        case Milestone():
            return replace(
                entry, name=storable(entry.name), description=storable(entry.description)
            )
        case User():
            return replace(entry, name=storable(entry.name), kind=storable(entry.kind))


def noun(kind: type[Entry]) -> str:
    return kind.__name__.lower()


def not_there(kind: type[Entry], name: str) -> EntryNotFound:
    return EntryNotFound(
        f"There is no {noun(kind)} {name[:60]!r}. List the {noun(kind)}s to see which exist."
    )


def already_there(entry: Entry) -> AlreadyThere:
    what = noun(type(entry))
    return AlreadyThere(
        f"There is a {what} {entry.name[:60]!r} already. Change that one, or choose another name."
    )
