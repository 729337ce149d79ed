"""The double's pull requests in GraphQL, over a real repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framework.rehearsal.github import bare, schema
from framework.rehearsal.github.records import CheckRun, ReviewComment
from tests.integration.double_hub import MISSING, PLACE, Hub

pytestmark = pytest.mark.skipif(not schema.installed(PLACE), reason=MISSING)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def pulled(hub: Hub, tmp_path: Path) -> Hub:
    """ada/shop with a branch `work` that is one commit ahead of main."""
    path = tmp_path / "shop.git"
    path.mkdir()
    bare.git(path, "init", "--bare", "--initial-branch=main", ".")
    tree = bare.git(path, "write-tree")
    blob = bare.git(path, "hash-object", "-w", "--stdin", entry="words\n")
    other = bare.git(path, "mktree", entry=f"100644 blob {blob}\tfile\n")
    first = bare.git(path, "commit-tree", tree, "-m", "first")
    second = bare.git(path, "commit-tree", other, "-p", first, "-m", "second")
    bare.git(path, "update-ref", "refs/heads/main", first)
    bare.git(path, "update-ref", "refs/heads/work", second)
    hub.repo.path = path
    return hub


PULL = """query($n: Int!) { repository(owner: "ada", name: "shop") { pullRequest(number: $n) {
  id state isDraft mergeable mergeStateStatus reviewDecision headRefOid
  statusCheckRollup { state contexts(first: 5) { nodes { ... on CheckRun { name conclusion } } } }
  reviewThreads(first: 5) { nodes { id isResolved comments(first: 5) { nodes { body } } } }
  commits(last: 1) { nodes { commit { oid } } } mergeCommit { oid } } } }"""


def test_a_pull_request_from_draft_to_merged(pulled: Hub) -> None:
    """Opened once, mergeable only on the second look, ready, checked, merged in the repository."""
    hub = pulled
    given = {
        "repositoryId": hub.repo.node,
        "baseRefName": "main",
        "headRefName": "work",
        "title": "Work",
        "draft": True,
    }
    id_ = hub.do("createPullRequest", "{ pullRequest { id } }", **given)["pullRequest"]["id"]
    assert hub.do("createPullRequest", "{ pullRequest { id } }", **given) == "UNPROCESSABLE"

    def look() -> dict[str, Any]:
        return hub.read(PULL, n=1)["repository"]["pullRequest"]

    assert (look()["mergeable"], look()["mergeStateStatus"]) == ("UNKNOWN", "DRAFT")
    assert look()["statusCheckRollup"] is None
    assert look()["commits"]["nodes"] == [{"commit": {"oid": look()["headRefOid"]}}]
    merge = {"pullRequestId": id_, "expectedHeadOid": look()["headRefOid"]}
    assert hub.do("mergePullRequest", "{ pullRequest { state } }", **merge) == "UNPROCESSABLE"
    hub.do("markPullRequestReadyForReview", "{ pullRequest { id } }", pullRequestId=id_)
    check = _failed(hub, look()["headRefOid"])
    assert look()["mergeStateStatus"] == "UNSTABLE"
    assert look()["statusCheckRollup"] == {
        "state": "FAILURE",
        "contexts": {"nodes": [{"name": "test", "conclusion": "FAILURE"}]},
    }
    check.conclusion = "success"
    assert look()["mergeStateStatus"] == "CLEAN"
    made = hub.do("mergePullRequest", "{ pullRequest { state } }", **merge)
    assert made == {"pullRequest": {"state": "MERGED"}}
    assert look()["mergeCommit"]["oid"] == bare.branches(hub.repo.path)["main"]


def _failed(hub: Hub, sha: str) -> CheckRun:
    number, node = hub.store.mint("check")
    check = CheckRun(
        id=number,
        node=node,
        sha=sha,
        name="test",
        status="completed",
        conclusion="failure",
        started_at=None,
        completed_at=None,
    )
    hub.repo.checks[number] = check
    return check


def test_review_threads_are_resolved(pulled: Hub) -> None:
    """A conversation on a line is read with its comments, and resolved by its id."""
    hub = pulled
    given = {"repositoryId": hub.repo.node, "baseRefName": "main", "headRefName": "work"}
    hub.do("createPullRequest", "{ pullRequest { id } }", title="Work", **given)
    pull = hub.repo.issues[1].pull
    assert pull is not None
    now = hub.store.clock.second()
    comment = ReviewComment(
        id=1,
        node="PRRC_1",
        review=None,
        thread="PRRT_1",
        author="ada",
        body="why?",
        path="file",
        line=1,
        commit=pull.head_sha,
        created_at=now,
        updated_at=now,
    )
    pull.comments.append(comment)
    hub.do("resolveReviewThread", "{ thread { isResolved } }", threadId="PRRT_1")
    threads = hub.read(PULL, n=1)["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    said = {"comments": {"nodes": [{"body": "why?"}]}}
    assert threads == [{"id": "PRRT_1", "isResolved": True, **said}]
