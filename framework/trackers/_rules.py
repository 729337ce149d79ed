"""What a change does to an issue, alike in the trackers that keep their issues themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from ..domain.errors import DependencyCycle, IssueDeleted, IssueNotFound
from ..domain.frozen import replace
from ..domain.issue import DONE, Change, Draft, Issue, State
from ..domain.transition import refuse_wrong

_BY_KEY = "key:"


def edited(issue: Issue, change: Change, now: datetime) -> Issue:
    """The issue after `change`; the same object when nothing changes.

    What is both added and removed is removed. Raises TransitionRefused.
    """
    state = change.state or issue.state
    refuse_wrong(issue.id, issue.state, state)
    after = replace(
        issue,
        title=issue.title if change.title is None else storable(change.title),
        body=issue.body if change.body is None else storable(change.body),
        state=state,
        priority=change.priority or issue.priority,
        labels=(issue.labels | names(change.add_labels)) - names(change.remove_labels),
        depends_on=in_order({*issue.depends_on, *change.add_depends_on} - change.remove_depends_on),
        assignees=issue.assignees if change.assignees is None else names(change.assignees),
        milestone=issue.milestone if change.milestone is None else _milestone(change.milestone),
        reopened=issue.reopened + (issue.state in DONE and state not in DONE),
        closed_at=(issue.closed_at or now) if state is State.CLOSED else None,
    )
    return issue if after == issue else replace(after, updated_at=now)


def made(
    draft: Draft,
    *,
    id: int,
    store: str,
    author: str,
    depends_on: Iterable[str],
    now: datetime,
) -> Issue:
    return Issue(
        id=str(id),
        uid=f"{store}/{id}",
        title=storable(draft.title),
        body=storable(draft.body),
        priority=draft.priority,
        labels=names(draft.labels),
        depends_on=in_order(depends_on),
        author=author,
        assignees=names(draft.assignees),
        milestone=_milestone(draft.milestone or ""),
        key=None if draft.key is None else storable(draft.key),
        created_at=now,
        updated_at=now,
    )


def batch(
    drafts: Sequence[Draft],
    *,
    first: int,
    store: str,
    author: str,
    now: datetime,
    known: Callable[[str], Issue | None],
    require: Callable[[str], object],
) -> tuple[list[Issue], list[Issue]]:
    """The issue of each draft, and those of them that are new; their ids go on from `first`.

    `known` gives the issue that has a key already, and raises IssueDeleted; `require` raises
    IssueNotFound for an id that is not there. Keeps nothing.
    """
    answers: list[Issue] = []
    new: dict[str, Issue] = {}
    by_key: dict[str, Issue] = {}
    author = storable(author)
    for draft in drafts:
        key = None if draft.key is None else storable(draft.key)
        issue = None if key is None else by_key.get(key) or known(key)
        if issue is None:
            needs = [_dependency(one, by_key) for one in draft.depends_on]
            for one in needs:
                if one not in new:
                    require(one)
            id = first + len(new)
            issue = made(draft, id=id, store=store, author=author, depends_on=needs, now=now)
            new[issue.id] = issue
        if key is not None:
            by_key[key] = issue
        answers.append(issue)
    return answers, list(new.values())


def refuse_cycle(issue: Issue, edges: Mapping[str, Sequence[str]]) -> None:
    """Raises TrackerError if the dependencies of `issue` close a cycle among `edges`."""
    from ..domain.graph import find_cycle  # seldom needed, and commands must start quickly

    if cycle := find_cycle({issue.id: (), **edges} | {issue.id: issue.depends_on}):
        raise DependencyCycle(
            f"Issue {issue.id} would wait for itself: {' -> '.join(cycle)}. "
            "Remove one of these dependencies first."
        )


def not_found(id: str) -> IssueNotFound:
    return IssueNotFound(f"There is no issue {id[:60]!r}. List the issues to see which exist.")


def deleted(id: str, key: str) -> IssueDeleted:
    return IssueDeleted(
        f"Issue {id}, made with the key {key!r}, was deleted and is not made again. "
        "Use another key to make a new one."
    )


def in_order(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids), key=int))


def names(given: Iterable[str]) -> frozenset[str]:
    return frozenset(storable(name) for name in given)


def storable(text: str) -> str:
    """`text`, less what is no text: half a surrogate pair, as a cut JSON escape leaves it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _dependency(id: str, by_key: dict[str, Issue]) -> str:
    if not id.startswith(_BY_KEY):
        return id
    issue = by_key.get(storable(id.removeprefix(_BY_KEY)))
    if issue is None:
        raise not_found(id)
    return issue.id


def _milestone(name: str) -> str | None:
    return storable(name) or None
