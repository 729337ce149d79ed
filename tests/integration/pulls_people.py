"""What people and a CI do to pull requests, on each forge that the runs are tried on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from framework.domain.pull import Check, Colour, PullRequest, Review, Standing, Verdict
from framework.forge.batch import Mutation, sure
from framework.forge.github import GitHub
from framework.pulls.base import PullRequests
from framework.pulls.github import GitHubPullRequests
from framework.rehearsal.github import deeds, merging, robot
from framework.rehearsal.github.ci import add_check
from framework.rehearsal.github.pull_deeds import review
from framework.rehearsal.github.records import Issue, Pull, Repo
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from tests.integration.pulls_memory import MemoryPullRequests

_TOKEN = "ghp_0123456789abcdefghij"


class People(Protocol):
    """They are ada, who may write to the repository, and eve, who may not. Pull requests are
    counted from 1; a CI is content with all of them but for what `fail` says."""

    door: PullRequests

    def merge(self, number: int, *, squash: bool = False) -> str:
        """The commit that it made on the base."""

    def close(self, number: int) -> None:
        """Without merging it."""

    def ask(self, number: int, text: str, by: str = "ada") -> None:
        """Ask for changes."""

    def fail(self, number: int, said: str) -> None:
        """The check `ci` fails on its head, and on no other."""

    def url(self, number: int) -> str: ...

    def body(self, number: int) -> str: ...

    @property
    def count(self) -> int:
        """How many there are."""


@dataclass
class InMemory:
    """See `People`."""

    door: MemoryPullRequests

    def merge(self, number: int, *, squash: bool = False) -> str:
        return self.door.accept(number, squash=squash)

    def close(self, number: int) -> None:
        self.door.change(number, standing=Standing.CLOSED)

    def ask(self, number: int, text: str, by: str = "ada") -> None:
        old = self.door.get(number).reviews
        new = Review(
            id=f"R{len(old)}", by=by, may_write=by == "ada", verdict=Verdict.CHANGES, text=text
        )
        self.door.change(number, reviews=(*old, new))

    def fail(self, number: int, said: str) -> None:
        self.door.fail(number, Check(name="ci", colour=Colour.FAILED, said=said))

    def url(self, number: int) -> str:
        return self.door.get(number).url

    def body(self, number: int) -> str:
        return self.door.bodies[number]

    @property
    def count(self) -> int:
        return len(self.door.bodies)


@dataclass
class OnGitHub:
    """See `People`."""

    door: PullRequests
    api: GitHub
    double: Double
    repo: Repo

    @property
    def store(self) -> Store:
        return self.double.store

    @property
    def tries(self) -> int:
        """How often somebody asked over the API to merge one."""
        return sum(one.operation.endswith("/merge") for one in self.double.log)

    def merge(self, number: int, *, squash: bool = False, method: merging.Method = "merge") -> str:
        """By `method` where it is given."""
        with self.store.lock:
            how: merging.Method = "squash" if squash else method
            return merging.merge(self.store, self._of(number), "ada", method=how)

    def close(self, number: int) -> None:
        with self.store.lock:
            deeds.close(self.store, self._of(number), "ada")

    def change(self, number: int, **fields: str) -> None:
        """Its title, its body, its base, or its state."""
        self.api.send("PATCH", f"repos/ann/r/pulls/{number}", fields)

    def hold_back(self, number: int, *, again: bool = True) -> None:
        """Make it a draft again, or ready after all."""
        name = "convertPullRequestToDraft" if again else "markPullRequestReadyForReview"
        given = {"pullRequestId": self._of(number).node}
        select = "{ pullRequest { id } }"
        sure(self.api.mutate([Mutation(name=name, input=given, select=select)])[0])

    def pull(self, number: int) -> Pull:
        return merging.pull_of(self._of(number))

    def title(self, number: int) -> str:
        return self._of(number).title

    def ask(self, number: int, text: str, by: str = "ada") -> None:
        with self.store.lock:
            review(self.store, self._of(number), by, "CHANGES_REQUESTED", text)

    def approve(self, number: int) -> None:
        with self.store.lock:
            review(self.store, self._of(number), "ada", "APPROVED")

    def fail(self, number: int, said: str) -> None:
        with self.store.lock:
            head = merging.pull_of(self._of(number)).head_sha
            add_check(self.store, self.repo, head, "ci", conclusion="failure", summary=said)

    def url(self, number: int) -> str:
        return f"{self.double.url}/ann/r/pull/{number}"

    def body(self, number: int) -> str:
        return self._of(number).body or ""

    @property
    def count(self) -> int:
        return len(self.repo.issues)

    def _of(self, number: int) -> Issue:
        return self.repo.issues[number]


class _WithCI(GitHubPullRequests):
    """A CI that has come one step further at each look: begun at the first one, content at the
    second."""

    def __init__(self, api: GitHub, store: Store, repo: Repo) -> None:
        super().__init__(api, owner=repo.owner, repo=repo.name)
        self._store, self._there = store, repo

    def look(self, branches: Collection[str]) -> Mapping[str, PullRequest]:
        with self._store.lock:
            robot.look(self._store, self._there)
        return super().look(branches)


@contextmanager
def on_github(origin: Path) -> Iterator[OnGitHub]:
    """The double with this repository."""
    store = Store()
    store.add_token(_TOKEN, "ann")
    repo = store.add_repo("ann", "r", path=origin)
    repo.permissions["ada"] = "write"
    for name in ("ada", "eve"):
        store.add_user(name)
    with serve(store) as double:
        api = GitHub(url=double.url, token=_TOKEN, clock=double.clock.now, sleep=double.clock.sleep)
        try:
            door = _WithCI(api, store, repo)
            yield OnGitHub(door=door, api=api, double=double, repo=repo)
        finally:
            api.close()
