"""What a GitHub issue says, as an issue of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from ...domain.frozen import dataclass, replace
from ...domain.issue import DONE, META_LABEL, Issue, State, is_meta_key
from . import words
from .marker import Marker, unmarked
from .seen import Snapshot

LONGEST_TITLE = 256
_UNTITLED = "(untitled)"


@dataclass(frozen=True, kw_only=True)
class House:
    """Whose repository and whose eyes: `prefix` begins the uid of each of its issues, `login` is
    our account, and `store` the short id of the store that holds our leases."""

    prefix: str
    login: str
    store: str


def issue_of(seen: Snapshot, house: House, *, needs: Iterable[int], trusted: bool) -> Issue:
    """`needs` are the numbers of all that it waits for. Of an author who is not `trusted` the
    marker's claims to a key, labels and another author are not believed. Not said: what
    withholds."""
    visible, marker = belonging(seen)
    state = words.state_of(seen.is_closed, seen.labels)
    return Issue(
        id=str(seen.number),
        uid=f"{house.prefix}/{seen.number}",
        title=_exact(marker.title, shown_title, seen.title),
        body=_exact(marker.text, shown_text, visible),
        state=state,
        priority=words.priority_of(seen.labels),
        labels=_labels(seen, marker, trusted),
        depends_on=tuple(str(one) for one in sorted(set(needs))),
        author=author_of(seen, marker, trusted),
        assignees=assigned(seen, house) | frozenset(marker.assignees),
        milestone=seen.milestone if marker.milestone is None else marker.milestone,
        key=marker.key if trusted else None,
        reopened=reopenings(seen, marker, state),
        created_at=moment(seen.created_at),
        updated_at=moment(seen.updated_at),
        closed_at=None if seen.closed_at is None else moment(seen.closed_at),
    )


def _labels(seen: Snapshot, marker: Marker, trusted: bool) -> frozenset[str]:
    """META's stays with a plan's META issue, whatever people do to labels: without it, it would be
    worked on."""
    kept = frozenset(marker.labels if trusted else ())
    is_meta = trusted and marker.key is not None and is_meta_key(marker.key)
    return words.plain(seen.labels) | kept | ({META_LABEL} if is_meta else set())


def belonging(seen: Snapshot) -> tuple[str, Marker]:
    """The visible text and the marker; an empty one where it was copied from another issue."""
    visible, marker = unmarked(seen.body)
    if marker.number not in (None, seen.number):
        return visible, Marker()
    return visible, marker


def assigned(seen: Snapshot, house: House) -> frozenset[str]:
    """Less our own account where it only shows our claim."""
    names = frozenset(seen.assignees)
    return names - {house.login} if house.store in words.claims_of(seen.labels) else names


def author_of(seen: Snapshot, marker: Marker, trusted: bool) -> str:
    return marker.by if trusted and marker.by is not None else seen.author


def reopenings(seen: Snapshot, marker: Marker, state: State) -> int:
    """How often it was taken up again after it had been done.

    Ours are in `marker.reopened`. A person's reopening is seen by GitHub's word for it, unless
    that one is `counted` already, or by the marker having been `done`.
    """
    again = seen.reason == "reopened" and not marker.counted
    return marker.reopened + (state not in DONE and (marker.done or again))


def settled(seen: Snapshot, marker: Marker, before: Issue, after: Issue) -> Marker:
    """The marker once `after` is true, so that a person's next reopening is counted and no other.

    The same marker for what is worked on and closed for the first time: only the second time
    needs an edit of the body.
    """
    if before.state is after.state and before.reopened == marker.reopened:
        return marker
    if after.state in DONE:
        done = marker.done or after.state is State.NEEDS_REVIEW
        return replace(marker, reopened=after.reopened, counted=False, done=done)
    again = before.state is State.CLOSED or seen.reason == "reopened"
    return replace(marker, reopened=after.reopened, counted=again, done=False)


def shown_title(title: str) -> str:
    """The title as GitHub takes it: one line, not empty, not too long."""
    line = " ".join("".join(one if one.isprintable() else " " for one in title).split())
    line = line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"
    return line or _UNTITLED


def shown_text(text: str) -> str:
    """The text as GitHub takes it and gives it back: without control characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one in "\n\t" or _is_text(one))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """A time as GitHub writes it; `at` is in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_text(one: str) -> bool:
    return one >= " " and one != "\x7f"


def _exact(kept: str | None, shown: Callable[[str], str], now: str) -> str:
    """What is kept counts as long as what people see is what stands for it."""
    return kept if kept is not None and shown(kept) == now else now
