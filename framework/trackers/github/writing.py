"""What to write to GitHub so that an issue is what it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...domain.errors import TrackerError
from ...domain.frozen import dataclass, replace
from ...domain.issue import Issue, State
from . import words
from .catalogue import fits_milestone
from .marker import Marker, marked
from .reading import House, assigned, belonging, settled, shown_text, shown_title
from .seen import Snapshot

LONGEST = 65_536
"""Characters of a body or comment, the marker included."""
_MOST_ASSIGNEES = 10


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A new issue as GitHub is to hold it; `milestone` is a title."""

    title: str
    body: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    milestone: str | None


def fresh(issue: Issue, house: House, needs: Iterable[str], logins: Mapping[str, str]) -> Fresh:
    """Of an issue that is to be made. `logins` has those of its assignees whom GitHub knows.
    Raises TrackerError for what GitHub would not take."""
    fitting = {name for name in issue.labels if words.fits(name)}
    people, others = _people(issue.assignees, logins)
    milestone = issue.milestone
    is_shown = milestone is not None and fits_milestone(milestone)
    marker = Marker(
        key=issue.key,
        by=None if issue.author == house.login else issue.author,
        title=_unless_shown(issue.title, shown_title(issue.title)),
        text=_unless_shown(issue.body, shown_text(issue.body)),
        needs=tuple(needs),
        labels=tuple(sorted(issue.labels - fitting)),
        assignees=others,
        milestone=None if is_shown else milestone,
    )
    return Fresh(
        title=shown_title(issue.title),
        body=body_of(shown_text(issue.body), marker, "issue"),
        labels=tuple(sorted(words.shown(issue.priority, fitting))),
        assignees=people,
        milestone=milestone if is_shown else None,
    )


def patch(
    seen: Snapshot,
    before: Issue,
    after: Issue,
    house: House,
    *,
    needs: tuple[str, ...],
    logins: Mapping[str, str],
) -> dict[str, Any]:
    """The fields of a PATCH that makes `after` of `before`; `milestone` is a title, to be replaced
    by its number, and None for none. Empty where GitHub has nothing to change. Of what the issue
    waits for only `needs` are in it: those that are not GitHub's. Raises TrackerError for what
    GitHub would not take."""
    visible, old = belonging(seen)
    fields: dict[str, Any] = {}
    marker = replace(settled(seen, old, before, after), needs=needs)
    if after.title != before.title:
        fields["title"] = shown_title(after.title)
        marker = replace(marker, title=_unless_shown(after.title, fields["title"]))
    if after.body != before.body:
        visible = shown_text(after.body)
        marker = replace(marker, text=_unless_shown(after.body, visible))
    if after.labels != before.labels:
        unfit = (name for name in after.labels if not words.fits(name))
        marker = replace(marker, labels=tuple(sorted(unfit)))
    if after.milestone != before.milestone:
        is_shown = after.milestone is not None and fits_milestone(after.milestone)
        fields["milestone"] = after.milestone if is_shown else None
        marker = replace(marker, milestone=None if is_shown else after.milestone)
    logged, marker = _assignees(seen, before, after, house, logins, marker)
    fields |= _differing("assignees", seen.assignees, logged)
    fields |= _differing("labels", seen.labels, _labels(seen, before, after, house.store))
    fields |= _state(before.state, after.state)
    if marker != old or after.body != before.body:
        marker = replace(marker, number=seen.number)
        fields["body"] = body_of(visible, marker, f"issue {seen.number}")
    return fields


def unclaimed(seen: Snapshot, house: House) -> dict[str, list[str]]:
    """The fields that take off what shows that we work on it. What another store's claim needs
    stays, unless the issue is closed."""
    ours = words.claim_words(seen.labels, house.store)
    is_others = bool(words.claims_of(seen.labels) - {house.store}) and not seen.is_closed
    gone = ours if is_others else ours | words.state_words(seen.labels)
    people = set(seen.assignees) if is_others else set(assigned(seen, house))
    labels = _differing("labels", seen.labels, set(seen.labels) - gone)
    return labels | _differing("assignees", seen.assignees, people)


def body_of(visible: str, marker: Marker, what: str) -> str:
    """Raises TrackerError where it is too long for GitHub."""
    body = marked(visible, marker)
    if len(body) > LONGEST:
        raise TrackerError(
            f"The text of {what} has {len(visible)} characters, and GitHub takes {LONGEST} with "
            "what Nightshift adds. Shorten it, or put a part into a file of the repository."
        )
    return body


def _labels(seen: Snapshot, before: Issue, after: Issue, store: str) -> set[str]:
    """People's labels, and our words only where what they say changes."""
    gone = {name.lower() for name in before.labels - after.labels}
    names = {name for name in seen.labels if words.is_ours(name) or name.lower() not in gone}
    names |= {name for name in after.labels - before.labels if words.fits(name)}
    if after.state is not before.state:
        names -= words.state_words(names) | words.claim_words(names, store)
        names |= words.shown_state(after.state, store)
    if after.priority is not before.priority:
        names -= words.priority_words(names)
        names.add(words.shown_priority(after.priority))
    return names


def _assignees(
    seen: Snapshot,
    before: Issue,
    after: Issue,
    house: House,
    logins: Mapping[str, str],
    marker: Marker,
) -> tuple[set[str], Marker]:
    names = set(assigned(seen, house))
    if after.assignees != before.assignees:
        people, others = _people(after.assignees, logins)
        names, marker = set(people), replace(marker, assignees=others)
    if after.state is State.IN_PROGRESS and len(names) < _MOST_ASSIGNEES:
        shows = before.state is not State.IN_PROGRESS or house.login in seen.assignees
        names |= {house.login} if shows else set()
    return names, marker


def _people(
    names: Iterable[str], logins: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those whom GitHub can show, and the others."""
    known = sorted(one for one in names if logins.get(one) == one)[:_MOST_ASSIGNEES]
    return tuple(known), tuple(sorted(set(names) - set(known)))


def _state(before: State, after: State) -> dict[str, str]:
    if (before is State.CLOSED) == (after is State.CLOSED):
        return {}
    if after is State.CLOSED:
        return {"state": "closed", "state_reason": "completed"}
    return {"state": "open", "state_reason": "reopened"}


def _differing(name: str, now: Iterable[str], wanted: set[str]) -> dict[str, list[str]]:
    return {} if set(now) == wanted else {name: sorted(wanted)}


def _unless_shown(exact: str, shown: str) -> str | None:
    return None if exact == shown else exact
