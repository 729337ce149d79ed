"""The door to pull requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..domain.pull import PullRequest


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a pull request is to say. `branch` is on the forge already."""

    branch: str
    base: str
    title: str
    body: str
    draft: bool = True


@dataclass(frozen=True, kw_only=True)
class Taken:
    """It is merged, as `commit`."""

    commit: str


@dataclass(frozen=True, kw_only=True)
class HeadMoved:
    """Its head, or its base, is another commit by now; nothing was merged."""


@dataclass(frozen=True, kw_only=True)
class NotNow:
    """The forge does not merge it as it is: `why` in its words. Nothing was merged."""

    why: str


MergeAnswer = Taken | HeadMoved | NotNow


class PullRequests(Protocol):
    """The pull requests of one repository. Synchronous; safe for threads.

    Raises TrackerUnavailable when the forge cannot be asked now, Unsure when a write may have
    been done (look before doing it again), ForgeRefused when it says no.
    """

    def look(self, branches: Collection[str]) -> Mapping[str, PullRequest]:
        """By head branch the open pull request of this repository's, else the newest one. No
        entry where there was never one. However many branches: few requests."""

    def open(self, offer: Offer) -> PullRequest:
        """The pull request of the branch, opened now unless one is open; that one is given the
        title and the body. Killed and repeated, it opens no second one. Where the forge has no
        drafts, it is none."""

    def ready(self, pull: PullRequest) -> None:
        """Make a draft one that people are asked to look at. Done already: fine."""

    def merge(self, pull: PullRequest, sha: str) -> MergeAnswer:
        """Merge it if its head is `sha` still, by a merge commit where the repository and the
        rules of the base allow that, else squashed, else rebased. Merged already: Taken."""
