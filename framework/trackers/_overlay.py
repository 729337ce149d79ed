"""An issue as it will be once the tracker has been told all that waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..domain.errors import TransitionRefused
from ..domain.frozen import replace
from ..domain.issue import Change, Comment, Issue
from ._rules import edited, storable
from ._telling import Remark, Telling


def told(issue: Issue, tellings: Iterable[Telling]) -> Issue:
    """The issue after all `tellings`, in order."""
    for one in tellings:
        if isinstance(one.what, Change):
            try:
                issue = changed(issue, one.what, one.at)
            except TransitionRefused:
                continue  # a person was quicker; the tracker will refuse it too, and that is told
    return issue


def changed(issue: Issue, change: Change, at: datetime) -> Issue:
    """The issue after `change`. Raises TransitionRefused. Dependencies are not checked, and
    those that are added come last: what an id looks like is the tracker's matter."""
    kept = (*issue.depends_on, *sorted(change.add_depends_on - {*issue.depends_on}))
    depends_on = tuple(one for one in kept if one not in change.remove_depends_on)
    rest = replace(change, add_depends_on=frozenset(), remove_depends_on=frozenset())
    bare = replace(issue, depends_on=())
    after = edited(bare, rest, at)
    if after is bare and depends_on == issue.depends_on:
        return issue
    return replace(after, depends_on=depends_on, updated_at=at)


def remarks(tellings: Iterable[Telling], made: Sequence[Comment] = ()) -> tuple[Comment, ...]:
    """The comments that wait, one for each key, without those that are already `made`."""
    keys = {one.key for one in made}
    found: dict[str, Comment] = {}
    for one in tellings:
        if isinstance(one.what, Remark) and one.what.key not in keys:
            found.setdefault(one.what.key, as_comment(one, one.what))
    return tuple(found.values())


def as_comment(telling: Telling, remark: Remark) -> Comment:
    """The comment as it will be, but for its id, which only the tracker can give."""
    return Comment(
        id=f"outbox-{telling.number}",
        issue=telling.issue,
        author=storable(telling.by),
        text=storable(remark.text),
        created_at=telling.at,
        key=remark.key,
    )
