"""A GitHub tracker over a double of its own, for the suites that are run over all trackers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from framework.domain.entry import User
from framework.forge.github import GitHub
from framework.rehearsal.github import clock as time_there
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from framework.trackers.github import GitHubTracker

ENDLESS = 10**9


class Time:
    """A clock that stands on a whole second until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float = 60.0) -> None:
        self.now += timedelta(seconds=seconds)


class Tied(time_there.Clock):
    """The double's time is the test's."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._tied = now

    def now(self) -> datetime:
        return self._tied().replace(microsecond=0)


class Hurried:
    """A client's time: waiting takes none."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class Bench(GitHubTracker):
    """A tracker that brings its GitHub with it."""

    def __init__(self, directory: Path, clock: Any, **more: Any) -> None:
        self.stack = ExitStack()
        self.double = self.stack.enter_context(serve(stage(clock)))
        super().__init__(**opened(self.double, directory, clock) | more)

    def close(self) -> None:
        super().close()
        self.stack.close()


def stage(clock: Any) -> Store:
    """`bot/game` with a person beside the owner, and limits that nobody reaches."""
    store = Store(Tied(clock))
    store.limits.primary = dict.fromkeys(store.limits.primary, ENDLESS)
    store.limits.points = dict.fromkeys(store.limits.points, ENDLESS)
    store.limits.content_minute = store.limits.content_hour = ENDLESS
    store.add_token("ghp_" + "t" * 36, "bot", scopes=frozenset({"repo", "project"}))
    for login in ("ann", "bob"):
        store.add_user(login)
    repo = store.add_repo("bot", "game")
    repo.permissions |= {"ann": "write", "bob": "write"}
    repo.labels.clear()
    return store


def client(double: Double, clock: Any) -> GitHub:
    time_here = Hurried(clock())
    return GitHub(url=double.url, token=double.token, clock=time_here, sleep=time_here.sleep)


def opened(double: Double, directory: Path, clock: Any) -> dict[str, Any]:
    """The arguments of a tracker."""
    return {
        "api": client(double, clock),
        "url": double.url,
        "owner": "bot",
        "repo": "game",
        "token": double.token,
        "directory": directory / "github",
        "store": "here",
        "board": False,
        "clock": clock,
        "sleep": lambda seconds: None,
        "fresh": timedelta(),
    }


def github(directory: Path, clock: Any, **more: Any) -> GitHubTracker:
    clock.now = clock.now.replace(microsecond=0)  # GitHub's times are whole seconds
    return Bench(directory, clock, **more)


_USERS = "the users of a repository are GitHub's own: the tracker says so and changes none"
_LOG = "GitHub keeps its log itself: the tracker is no `Remembers`"
_OWN = "a repository has labels of its own, and people"
_EXCUSED = {
    "test_entries_are_sorted_by_name[{}-Label]": "GitHub's labels know no case: no `b` beside `B`",
    "test_what_an_issue_names_is_an_entry_and_stays_one[{}]": _OWN,
    "test_naming_an_entry_on_an_issue_does_not_change_it[{}]": _USERS,
    "test_a_new_name_is_changed_on_all_issues_too[{}]": _USERS,
    "test_an_entry_that_is_taken_away_is_off_all_issues[{}]": _USERS,
    "test_half_a_surrogate_pair_in_an_entry_is_replaced[{}]": _USERS,
    "test_an_author_is_a_user[{}]": _USERS,
}
"""What GitHub cannot promise; test_github_tracker.py has what it does."""


def excuse(node: pytest.Item) -> str:
    """Why a test of the suite is not for GitHub, empty where it is."""
    if node.path.name == "test_trackers_activity.py":
        return _LOG
    params = node.callspec.params  # type: ignore[attr-defined]
    if any(one is User or isinstance(one, User) for one in params.values()):
        return _USERS
    return _EXCUSED.get(node.name.replace(params["tracker"], "{}", 1), "")
