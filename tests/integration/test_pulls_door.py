"""One contract for every door to pull requests: the one in memory, and GitHub's against the
double, both over a bare repository that git itself pushes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from framework.domain.errors import TrackerUnavailable
from framework.domain.pull import Colour, PullRequest, Standing, Verdict, failed, news
from framework.forge.github import GitHub
from framework.pulls.base import HeadMoved, NotNow, Offer, PullRequests, Taken
from framework.pulls.github import GitHubPullRequests
from framework.rehearsal.github import schema
from framework.rehearsal.github.ci import add_check
from framework.rehearsal.github.records import Protection
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from tests.integration.hubs import commit, git
from tests.integration.pulls_memory import MemoryPullRequests

BRANCH = "nightshift/ab12/1-one"
OFFER = Offer(branch=BRANCH, base="main", title="One", body="The proof.")
TOKEN = "ghp_0123456789abcdefghij"


@dataclass
class Desk:
    """A door, the repository behind it, and a clone of somebody's."""

    pulls: PullRequests
    origin: Path
    clone: Path
    people_merge: Callable[[int], object]

    def push(self, branch: str, path: str, text: str = "x\n", start: str = "main") -> str:
        git(self.clone, "checkout", "--quiet", "-B", "work", f"origin/{start}")
        new = commit(self.clone, {path: text})
        git(self.clone, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        git(self.clone, "fetch", "--quiet", "--prune", "origin")
        return new

    def see(self, branch: str = BRANCH) -> PullRequest:
        """Twice, as a forge works out in the background whether it merges."""
        self.pulls.look([branch])
        return self.pulls.look([branch])[branch]


def _repositories(root: Path) -> tuple[Path, Path]:
    origin, clone = root / "origin.git", root / "clone"
    git(root, "init", "--quiet", "--bare", "-b", "main", str(origin))
    git(root, "clone", "--quiet", f"file://{origin}", "clone")
    git(clone, "checkout", "--quiet", "-B", "main")
    commit(clone, {"a": "one\n"}, "first")
    git(clone, "push", "--quiet", "origin", "main")
    return origin, clone


@contextmanager
def double(root: Path) -> Iterator[tuple[Desk, Double, GitHub]]:
    origin, clone = _repositories(root)
    store = Store()
    store.add_token(TOKEN, "ann")
    store.add_token("ghp_ada0000000000000000000", "ada")
    repo = store.add_repo("ann", "r", path=origin)
    repo.permissions["ada"] = "write"
    with serve(store) as one:
        api = GitHub(url=one.url, token=TOKEN, clock=one.clock.now, sleep=one.clock.sleep)
        pulls = GitHubPullRequests(api, owner="ann", repo="r")

        def merge(number: int) -> object:
            return api.send("PUT", f"repos/ann/r/pulls/{number}/merge", {})

        try:
            yield Desk(pulls, origin, clone, merge), one, api
        finally:
            api.close()


@contextmanager
def memory(root: Path) -> Iterator[Desk]:
    origin, clone = _repositories(root)
    pulls = MemoryPullRequests(origin, colour=Colour.NONE)
    yield Desk(pulls, origin, clone, pulls.accept)


NEEDS_SCHEMA = pytest.mark.skipif(
    not schema.installed(), reason="GitHub's schema is not installed: see `make npm`"
)


@pytest.fixture(params=["memory", pytest.param("github", marks=NEEDS_SCHEMA)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "memory":
        with memory(tmp_path) as one:
            yield one
    else:
        with double(tmp_path) as (one, _, _):
            yield one


def test_nothing_is_said_of_branches_without_one(desk: Desk) -> None:
    """No entry where there was never a pull request."""
    desk.push(BRANCH, "1.txt")
    assert desk.pulls.look([BRANCH, "other"]) == {}


def test_it_is_opened_once(desk: Desk) -> None:
    """A second opening of the branch, as after a kill, finds the first one."""
    head = desk.push(BRANCH, "1.txt")
    first = desk.pulls.open(OFFER)
    again = desk.pulls.open(replace(OFFER, body="Another proof."))
    assert first.number == again.number
    assert (again.head, again.base, again.draft) == (head, "main", True)
    assert desk.see().mergeable is True
    assert desk.see().colour is Colour.NONE


def test_a_draft_becomes_ready_and_is_merged_by_its_head(desk: Desk) -> None:
    """Not as a draft, not by another head; then once, and a second time it is still merged."""
    head = desk.push(BRANCH, "1.txt")
    pull = desk.pulls.open(OFFER)
    desk.see()
    assert isinstance(desk.pulls.merge(pull, head), NotNow)
    desk.pulls.ready(pull)
    desk.pulls.ready(pull)
    assert not desk.see().draft
    assert desk.pulls.merge(pull, "0" * 40) == HeadMoved()
    taken = desk.pulls.merge(pull, head)
    assert taken == Taken(commit=git(desk.origin, "rev-parse", "main"))
    assert desk.pulls.merge(pull, head) == taken
    found = desk.see()
    assert (found.standing, found.merge_commit) == (Standing.MERGED, taken.commit)


def test_a_conflict_is_seen(desk: Desk) -> None:
    """The base got another file of the same name: it does not merge any more."""
    desk.push(BRANCH, "1.txt")
    desk.pulls.open(OFFER)
    base = desk.push("main", "1.txt", "theirs\n")
    found = desk.see()
    assert (found.mergeable, found.base_commit) == (False, base)


def test_a_deleted_branch_closes_it(desk: Desk) -> None:
    """Which is told apart from closing it by hand; opened again it is another one."""
    desk.push(BRANCH, "1.txt")
    first = desk.pulls.open(OFFER)
    git(desk.clone, "push", "--quiet", "origin", f":refs/heads/{BRANCH}")
    found = desk.see()
    assert (found.standing, found.branch_gone) == (Standing.CLOSED, True)
    desk.push(BRANCH, "2.txt")
    assert desk.pulls.open(OFFER).number != first.number


def test_of_several_the_open_one_counts(desk: Desk) -> None:
    """After a merged one of the same branch, the new one is seen, and both stay."""
    desk.push(BRANCH, "1.txt")
    first = desk.pulls.open(OFFER)
    desk.pulls.ready(first)
    desk.see()
    desk.people_merge(first.number)
    assert desk.see().standing is Standing.MERGED
    git(desk.clone, "fetch", "--quiet", "origin")
    desk.push(BRANCH, "2.txt")
    second = desk.pulls.open(OFFER)
    assert second.number > first.number
    assert desk.see().number == second.number


@NEEDS_SCHEMA
@pytest.mark.parametrize("fault", ["502 after", "reset after", "truncated"])
def test_an_answer_that_is_lost_opens_no_second_one(fault: str, tmp_path: Path) -> None:
    """The pull request is there, its answer is not: it is looked for, and found."""
    with double(tmp_path) as (desk, github, api):
        desk.push(BRANCH, "1.txt")
        github.faults.add("POST .*pulls", fault)  # type: ignore[arg-type]
        assert desk.pulls.open(OFFER).branch == BRANCH
        assert len(list(api.pages("repos/ann/r/pulls", state="all"))) == 1


@NEEDS_SCHEMA
def test_github_says_what_checks_and_people_say(tmp_path: Path) -> None:
    """Check runs with their words, statuses, reviews with their places and their rights."""
    with double(tmp_path) as (desk, github, api):
        head = desk.push(BRANCH, "1.txt")
        pull = desk.pulls.open(OFFER)
        api.send("POST", f"repos/ann/r/statuses/{head}", {"state": "success", "context": "lint"})
        repo = github.store.repo("ann", "r")
        assert repo is not None
        with github.store.lock:
            words = {"title": "2 failed", "summary": "LOOK-HERE"}
            add_check(github.store, repo, head, "ci", conclusion="failure", **words)
        ada = GitHub(
            url=github.url,
            token="ghp_ada0000000000000000000",
            clock=github.clock.now,
            sleep=github.clock.sleep,
        )
        review = {
            "event": "REQUEST_CHANGES",
            "body": "No tabs.",
            "comments": [{"path": "1.txt", "line": 1, "body": "Here."}],
        }
        ada.send("POST", f"repos/ann/r/pulls/{pull.number}/reviews", review)
        ada.close()
        found = desk.see()
        assert found.colour is Colour.FAILED
        assert {one.name: one.colour for one in found.checks} == {
            "ci": Colour.FAILED,
            "lint": Colour.PASSED,
        }
        assert "LOOK-HERE" in failed(found)[0].said
        (said,) = news(found, ())
        assert (said.by, said.verdict, said.text) == ("ada", Verdict.CHANGES, "No tabs.")
        assert (said.remarks[0].path, said.remarks[0].text) == ("1.txt", "Here.")


@NEEDS_SCHEMA
def test_a_protected_branch_needs_people(tmp_path: Path) -> None:
    """It is seen as such, and the refusal of a merge is not an error."""
    with double(tmp_path) as (desk, github, _):
        head = desk.push(BRANCH, "1.txt")
        repo = github.store.repo("ann", "r")
        assert repo is not None
        repo.protection["main"] = Protection(approvals=1)
        pull = desk.pulls.open(replace(OFFER, draft=False))
        found = desk.see()
        assert (found.blocked, found.needs_review) == (True, True)
        assert isinstance(desk.pulls.merge(pull, head), NotNow)


@NEEDS_SCHEMA
def test_what_people_wrote_around_our_words_stays(tmp_path: Path) -> None:
    """A new proof replaces the old one; their text and their title are theirs."""
    with double(tmp_path) as (desk, _, api):
        desk.push(BRANCH, "1.txt")
        path = f"repos/ann/r/pulls/{desk.pulls.open(OFFER).number}"
        body = api.get(path)["body"] + "\n\nMine."
        api.send("PATCH", path, {"title": "Theirs", "body": body})
        desk.pulls.open(replace(OFFER, body="A new proof."))
        now = api.get(path)
        assert now["title"] == "Theirs"
        assert "A new proof." in now["body"]
        assert "Mine." in now["body"]
        assert "The proof." not in now["body"]


@NEEDS_SCHEMA
def test_many_are_looked_at_in_one_query(tmp_path: Path) -> None:
    """Twenty branches cost one request; a forge that is away is said, not taken for empty."""
    with double(tmp_path) as (desk, github, _):
        names = [f"nightshift/ab12/{number}" for number in range(20)]
        for name in names[:3]:
            desk.push(name, "1.txt")
            desk.pulls.open(replace(OFFER, branch=name))
        before = len(github.log.entries)
        assert set(desk.pulls.look(names)) == set(names[:3])
        assert len(github.log.entries) == before + 1
        github.faults.add("^query", "500", times=99)
        with pytest.raises(TrackerUnavailable):
            desk.pulls.look(names)


@NEEDS_SCHEMA
def test_strangers_branches_of_the_same_name_hide_nothing(tmp_path: Path) -> None:
    """Six pull requests from forks, all newer: ours is seen, and opened again it is the same one;
    where there are theirs alone, there is none."""
    with double(tmp_path) as (desk, github, _):
        repo = github.store.repo("ann", "r")
        assert repo is not None
        desk.push(BRANCH, "1.txt")
        ours = desk.pulls.open(OFFER)
        for number in range(6):
            desk.push(f"fork-{number}", f"{number}.txt")
            pull = repo.issues[desk.pulls.open(replace(OFFER, branch=f"fork-{number}")).number].pull
            assert pull is not None
            pull.head, pull.fork = BRANCH, "eve"
        assert desk.see().number == ours.number
        assert desk.pulls.open(OFFER).number == ours.number
        pull = repo.issues[ours.number].pull
        assert pull is not None
        pull.fork = "mallory"
        assert desk.pulls.look([BRANCH]) == {}


@NEEDS_SCHEMA
def test_a_second_one_of_the_branch_is_a_persons(tmp_path: Path) -> None:
    """Opened by hand into another branch: the one that was opened first is still ours."""
    with double(tmp_path) as (desk, _, api):
        desk.push(BRANCH, "1.txt")
        desk.push("develop", "develop.txt")
        ours = desk.pulls.open(OFFER)
        api.send(
            "POST",
            "repos/ann/r/pulls",
            {"title": "Theirs", "head": BRANCH, "base": "develop"},
        )
        assert desk.see().number == ours.number
