"""The client against the double of GitHub, which others wrote and which is strict."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from framework.domain.errors import ForgeRefused, TrackerUnavailable, Unsure, UsageError
from framework.domain.trouble import Kind
from framework.forge.access import check
from framework.forge.github import GitHub
from framework.rehearsal.github.records import Repo
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store

TOKEN = "ghp_0123456789abcdefghij"
ISSUES = "repos/ann/r/issues"


@dataclass
class Stage:
    double: Double
    repo: Repo
    api: GitHub


@contextmanager
def stage(token: str = TOKEN, *, allowance: Path | None = None, **more: Any) -> Iterator[Stage]:
    store = Store()
    store.add_token(token, more.pop("login", "ann"), **more)
    repo = store.add_repo("ann", "r")
    with serve(store) as double:
        api = GitHub(
            url=double.url,
            token=token,
            allowance=allowance,
            clock=double.clock.now,
            sleep=double.clock.sleep,
        )
        try:
            yield Stage(double=double, repo=repo, api=api)
        finally:
            api.close()


def test_access_is_described() -> None:
    """The owner with a good token may do everything."""
    with stage() as on:
        access = check(on.api, "ann", "r", pulls=True)
    assert (access.login, access.permission) == ("ann", "admin")


def test_an_issue_is_made_changed_and_listed() -> None:
    """A round of writes and reads, the list conditional: not counted while nothing changes."""
    with stage() as on:
        made = on.api.send("POST", ISSUES, {"title": "t"})
        on.api.send("PATCH", f"{ISSUES}/{made['number']}", {"state": "closed"})
        assert [one["state"] for one in on.api.pages(ISSUES, state="all")] == ["closed"]
        assert len(on.api.get(ISSUES, state="all", per_page=100)) == 1
        assert on.double.log.count(status=304) == 1


def test_many_issues_stay_within_the_limits(tmp_path: Path) -> None:
    """120 issues made as fast as allowed, then read one by one: the double never refuses."""
    with stage(allowance=tmp_path) as on:
        start = on.double.clock.now()
        for at in range(120):
            on.api.send("POST", ISSUES, {"title": f"t{at}"})
        took = (on.double.clock.now() - start).total_seconds()
        assert len(list(on.api.pages(ISSUES))) == 120
        assert on.double.log.count(status=403) == on.double.log.count(status=429) == 0
    assert 119 <= took < 200


def test_the_primary_limit_is_left_to_people() -> None:
    """At a tenth we stop asking, and go on after the reset."""
    with stage() as on:
        on.double.store.limits.primary["core"] = 50
        for at in range(45):
            on.api.get(ISSUES, page=at)
        with pytest.raises(TrackerUnavailable, match="limit for this account") as caught:
            on.api.get(ISSUES, page=99)
        assert caught.value.until is not None
        assert on.double.log.count(status=403) == 0
        on.double.clock.forward(caught.value.until - on.double.clock.now())
        assert on.api.get(ISSUES, page=99) == []


def test_a_fault_after_the_commit_is_unsure() -> None:
    """The issue was made and the answer lost: nothing is sent twice."""
    with stage() as on:
        on.double.faults.add("issues", "502 after")
        with pytest.raises(Unsure):
            on.api.send("POST", ISSUES, {"title": "t"})
        assert len(list(on.api.pages(ISSUES))) == 1


@pytest.mark.parametrize("kind", ["500", "502", "reset", "truncated", "html", "limit 403"])
def test_reads_survive_faults(kind: Any) -> None:
    """Whatever happens to the first try, the second one gives the answer."""
    with stage() as on:
        on.double.faults.add("issues", kind)
        assert on.api.get(ISSUES) == []


def test_a_query_and_a_refused_one() -> None:
    """GraphQL answers, and what it does not find is null."""
    text = 'query($n: Int!) { repository(owner: "ann", name: "r") { issue(number: $n) { id } } }'
    with stage() as on:
        assert on.api.query("{ viewer { login } }") == {"viewer": {"login": "ann"}}
        assert on.api.query(text, n=7) == {"repository": {"issue": None}}
        with pytest.raises(ForgeRefused, match="nothingLikeThis"):
            on.api.query("{ nothingLikeThis }")


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ({"state": "expired"}, "expired, was revoked"),
        ({"state": "revoked"}, "expired, was revoked"),
        ({"sso": "https://github.com/orgs/o/sso"}, "single sign-on.*https://github.com/orgs/o/sso"),
        ({"scopes": frozenset({"gist"})}, "not the scope public_repo|scopes"),
        ({"login": "bob"}, "bob may not write to ann/r"),
    ],
)
def test_bad_tokens_are_explained(token: dict[str, Any], words: str) -> None:
    """Expired, revoked, without sign-on, without scope, of the wrong account."""
    with stage(**token) as on, pytest.raises(UsageError, match=words):
        check(on.api, "ann", "r", pulls=False)


def test_a_fine_grained_token_without_a_right_is_explained() -> None:
    """The permission that is missing is named."""
    rights = {"metadata": "read"}
    fine = stage("github_pat_0123456789", scopes=None, permissions=rights)
    with fine as on, pytest.raises(ForgeRefused, match="lacks a permission"):
        on.api.send("POST", ISSUES, {"title": "t"})


def test_archived_and_switched_off() -> None:
    """The repository's own state is told before a run, and by a write."""
    with stage() as on:
        on.repo.archived = True
        with pytest.raises(UsageError, match="archived"):
            check(on.api, "ann", "r", pulls=False)
        with pytest.raises(ForgeRefused, match="archived") as caught:
            on.api.send("POST", ISSUES, {"title": "t"})
        assert caught.value.trouble.kind is Kind.FORBIDDEN
        on.repo.archived, on.repo.has_issues = False, False
        with pytest.raises(UsageError, match="switched off"):
            check(on.api, "ann", "r", pulls=False)
        with pytest.raises(ForgeRefused, match="switch"):
            on.api.send("POST", ISSUES, {"title": "t"})


def test_seeded_faults_never_double_a_write() -> None:
    """Over 50 seeds a write that raised nothing was done once, one that was Unsure at most once,
    and any other one not at all."""
    struck = 0
    for seed in range(50):
        with stage() as on:
            on.double.faults.seeded(seed, 0.4, matching="^POST")
            done, unsure = _made(on, [f"t{at}" for at in range(4)])
            on.double.faults.clear()
            on.double.clock.forward(60)
            seen = [one["title"] for one in on.api.pages(ISSUES)]
            struck += len(on.double.faults.happened)
        assert len(seen) == len(set(seen))
        assert done <= set(seen) <= done | unsure
    assert struck > 50


def _made(on: Stage, titles: list[str]) -> tuple[set[str], set[str]]:
    """The titles whose issues were made, and those of which nobody knows."""
    done, unsure = set[str](), set[str]()
    for title in titles:
        try:
            on.api.send("POST", ISSUES, {"title": title})
            done.add(title)
        except Unsure:
            unsure.add(title)
    return done, unsure


def test_threads_share_a_client(tmp_path: Path) -> None:
    """Eight threads at once: every answer is right and the writes are a second apart."""
    with stage(allowance=tmp_path) as on:
        start = on.double.clock.now()
        with ThreadPoolExecutor(8) as pool:
            titles = [f"t{at}" for at in range(16)]
            made = list(pool.map(lambda t: on.api.send("POST", ISSUES, {"title": t}), titles))
            seen = list(pool.map(lambda one: on.api.get(f"{ISSUES}/{one['number']}"), made))
        assert [one["title"] for one in seen] == titles
        assert on.double.clock.now() - start >= timedelta(seconds=15)
        assert on.double.log.count(status=403) == 0
