"""A pull request's facts, and what they ask for next: the one table. Pure: somebody else acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NO_CHECKS_AFTER = timedelta(seconds=60)
"""A forge that has reported no check for so long after a push has none."""
PATIENCE = timedelta(hours=2)
"""Checks that have not ended for so long are a person's to look at."""
SOON = timedelta(minutes=10)
"""Anything else that a forge has not come to for so long is a person's to look at."""


class Standing(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Colour(StrEnum):
    """Of one check or of all. NONE: nothing was reported, which is not PENDING."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    NONE = "none"


class Verdict(StrEnum):
    APPROVED = "approved"
    CHANGES = "changes"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check run or a commit status. `said` is the end of what it reported."""

    name: str
    colour: Colour
    url: str = ""
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A comment of a review on a line of a file; `line` is 0 where it is on no line any more."""

    text: str
    path: str = ""
    line: int = 0
    settled: bool = False


@dataclass(frozen=True, kw_only=True)
class Review:
    """`may_write`: whoever wrote it may push to the repository. Others' words ask for nothing.
    `by_program`: no person wrote it."""

    id: str
    by: str
    may_write: bool
    verdict: Verdict
    text: str = ""
    remarks: tuple[Remark, ...] = ()
    by_program: bool = False


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """As the forge shows it. `node` is the forge's own name for it. `mergeable` is None while the
    forge works it out. `reviews` come oldest first. `blocked`: a rule of the base branch keeps it
    from being merged now. `held_back`: somebody made it a draft after it had been none."""

    node: str
    number: int
    url: str
    branch: str
    head: str
    base: str
    base_commit: str
    standing: Standing = Standing.OPEN
    draft: bool = False
    held_back: bool = False
    mergeable: bool | None = None
    colour: Colour = Colour.NONE
    checks: tuple[Check, ...] = ()
    reviews: tuple[Review, ...] = ()
    needs_review: bool = False
    blocked: bool = False
    branch_gone: bool = False
    merge_commit: str = ""


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What we put there: `commit` at `at`, checked on top of `base` of the branch `target`, in
    answer to the reviews `heard`. `manual`: something in it is a person's to judge."""

    commit: str
    base: str
    target: str
    at: datetime
    heard: frozenset[str] = frozenset()
    manual: bool = False


@dataclass(frozen=True, kw_only=True)
class Wait:
    """For a person, or else for the forge, which is trusted to get on for as long as `patience`."""

    why: str
    person: bool = False
    patience: timedelta = SOON


@dataclass(frozen=True, kw_only=True)
class PullWaits:
    """An event: the pull request of an issue in review waits, and not for what it waited for
    before."""

    issue: str
    url: str
    why: str
    person: bool

    def __str__(self) -> str:
        return f"{self.url} {'waits for a person' if self.person else 'waits'}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Ready:
    """It is a draft no longer."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """If its head is `sha` still."""

    sha: str


@dataclass(frozen=True, kw_only=True)
class Renew:
    """The base moved on: merge onto it and check again before it is merged."""


@dataclass(frozen=True, kw_only=True)
class Continue:
    """The work goes on with what was said. `counted`: as a failure of the issue."""

    why: str
    counted: bool


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """It does not merge with its base any more."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """As `commit`, by whomever."""

    commit: str


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Unmerged, by a person; `branch_gone`: by deleting its branch, as far as can be seen."""

    branch_gone: bool = False


Step = Wait | Ready | Merge | Renew | Continue | Conflict | Merged | Closed


def next_step(pull: PullRequest, ours: Ours, *, auto: bool, now: datetime) -> Step:
    """What follows. With `auto` it is merged without a person, where nothing speaks against it:
    never with commits of others, changes asked for, or rules of the branch in the way."""
    match pull.standing:
        case Standing.MERGED:
            return Merged(commit=pull.merge_commit)
        case Standing.CLOSED:
            return Closed(branch_gone=pull.branch_gone)
        case Standing.OPEN:
            return _of_open(pull, ours, auto, now)


def outlasted(wait: Wait, since: datetime, now: datetime) -> Wait:
    """What has been waited for `since` then; a person's to look at once that is too long."""
    if wait.person or now - since <= wait.patience:
        return wait
    minutes = int(wait.patience.total_seconds() / 60)
    return Wait(why=f"{wait.why} (for more than {minutes} min)", person=True)


def _of_open(pull: PullRequest, ours: Ours, auto: bool, now: datetime) -> Step:
    if fresh := news(pull, ours.heard):
        # A program that never is content would else keep us at it for ever.
        counted = all(one.by_program for one in fresh)
        return Continue(why=f"{_names(fresh)} asked for changes", counted=counted)
    if pull.base != ours.target:
        why = f"it is to go into {pull.base} now, and was checked for {ours.target}"
        return Wait(why=why, person=True)
    if pull.head != ours.commit:
        late = now - ours.at > NO_CHECKS_AFTER
        return Wait(
            why="it holds commits that others pushed" if late else "just pushed", person=late
        )
    if pull.mergeable is False:
        return Conflict()
    if (step := _of_checks(pull, now - ours.at)) is not None:
        return step
    if pull.draft and pull.held_back:
        return Wait(why="somebody made it a draft again", person=True)
    return Ready() if pull.draft else _of_green(pull, ours, auto)


def _of_checks(pull: PullRequest, age: timedelta) -> Step | None:
    match pull.colour:
        case Colour.FAILED:
            names = ", ".join(one.name for one in failed(pull)) or "a check"
            return Continue(why=f"{names} failed on the forge", counted=True)
        case Colour.PENDING if age > PATIENCE:
            return Wait(why="its checks do not end", person=True)
        case Colour.PENDING:
            return Wait(why="its checks are running", patience=PATIENCE)
        case Colour.NONE if age < NO_CHECKS_AFTER:
            return Wait(why="its checks may be about to begin")
        case _:
            return None


def _of_green(pull: PullRequest, ours: Ours, auto: bool) -> Step:
    if pull.mergeable is None:  # told to a person, a conflict would be found only by the next run
        return Wait(why="the forge works out whether it can be merged")
    if why := _for_a_person(pull, ours):
        return Wait(why=why, person=True)
    if pull.blocked:  # also while a check that the rules ask for was not heard of yet
        why = f"the rules of {pull.base} keep it from being merged"
        return Wait(why=why, person=not auto)
    if not auto:
        return Wait(why="it is ready to be merged", person=True)
    return Merge(sha=pull.head) if pull.base_commit == ours.base else Renew()


def _for_a_person(pull: PullRequest, ours: Ours) -> str:
    """What only a person can do about it, the most pressing first; or nothing."""
    if who := _names(refusing(pull)):
        return f"{who} asked for changes and has not looked since"
    if pull.needs_review:
        return f"the rules of {pull.base} ask for a review"
    return "a person has to look at what no check can judge" if ours.manual else ""


def news(pull: PullRequest, heard: Iterable[str]) -> tuple[Review, ...]:
    """The reviews that ask for something and were not answered yet: changes asked for, and
    remarks that are not settled, of those who may write. Whoever approved since asks nothing."""
    known = frozenset(heard)
    return tuple(
        one
        for one in pull.reviews
        if one.id not in known and one.may_write and _asks(one) and not _approved_since(pull, one)
    )


def refusing(pull: PullRequest) -> tuple[Review, ...]:
    """The reviews that keep it from being merged: those whose author's last verdict they are."""
    last: dict[str, Review] = {}
    for one in pull.reviews:
        if one.may_write and one.verdict is not Verdict.COMMENTED:
            last[one.by] = one
    return tuple(one for one in last.values() if one.verdict is Verdict.CHANGES)


def failed(pull: PullRequest) -> tuple[Check, ...]:
    return tuple(one for one in pull.checks if one.colour is Colour.FAILED)


def feedback(pull: PullRequest, heard: Iterable[str]) -> str:
    """What the next attempt has to answer, as people and checks wrote it: untrusted text."""
    parts = [_said(one) for one in news(pull, heard)]
    parts += [f"The check {one.name} failed ({one.url}):\n{one.said}" for one in failed(pull)]
    if pull.mergeable is False:
        parts.append(f"It does not merge with {pull.base} any more.")
    return "\n\n".join(part.strip() for part in parts)


def _asks(review: Review) -> bool:
    match review.verdict:
        case Verdict.CHANGES:
            return True
        case Verdict.COMMENTED:
            open_remarks = any(not one.settled for one in review.remarks)
            return open_remarks or (bool(review.text.strip()) and not review.remarks)
        case Verdict.APPROVED | Verdict.DISMISSED:
            return False


def _approved_since(pull: PullRequest, review: Review) -> bool:
    later = pull.reviews[pull.reviews.index(review) + 1 :]
    return any(one.by == review.by and one.verdict is Verdict.APPROVED for one in later)


def _said(review: Review) -> str:
    rows = [f"{review.by} reviewed it ({review.verdict}): {review.text.strip()}"]
    rows += [f"- {_place(one)}: {one.text.strip()}" for one in review.remarks if not one.settled]
    return "\n".join(rows)


def _place(remark: Remark) -> str:
    return f"{remark.path}:{remark.line}" if remark.line else remark.path or "in general"


def _names(reviews: Iterable[Review]) -> str:
    return ", ".join(dict.fromkeys(one.by for one in reviews))
