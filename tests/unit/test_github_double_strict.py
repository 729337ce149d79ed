"""The double refuses what GitHub refuses, in GitHub's words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framework.rehearsal.github.records import Protection
from framework.rehearsal.github.serve import serve
from tests.github_caller import Caller, bare, branch, stage


@pytest.fixture
def call() -> Iterator[Caller]:
    store, _ = stage()
    with serve(store) as double:
        yield Caller(double=double)


def test_credentials(call: Caller) -> None:
    """No, unknown, expired and revoked tokens are 401; no User-Agent is 403; SSO names its page."""
    store = call.double.store
    assert call("GET", "", Authorization="").body["message"] == "Requires authentication"
    assert call.as_("nope")("GET", "").body["message"] == "Bad credentials"
    for state in ("expired", "revoked"):
        store.add_token(state, "bot", state=state)
        assert call.as_(state)("GET", "").status == 401
    assert "User-Agent" in call("GET", "", User_Agent="").body["message"]
    store.add_token("sso", "bot", sso="https://github.test/orgs/acme/sso")
    refused = call.as_("sso")("GET", "")
    assert refused.status == 403
    assert refused.headers["x-github-sso"] == "required; url=https://github.test/orgs/acme/sso"


def test_scopes(call: Caller) -> None:
    """A classic token without the scope is 404; the headers say what it has and what it needs."""
    call.double.store.add_token("weak", "bot", scopes=frozenset({"read:org"}))
    weak = call.as_("weak")
    refused = weak("POST", "issues", {"title": "x"})
    assert (refused.status, refused.headers["x-oauth-scopes"]) == (404, "read:org")
    assert refused.headers["x-accepted-oauth-scopes"] == "public_repo, repo"
    assert weak("GET", "issues").status == 200


def test_fine_grained_tokens(call: Caller) -> None:
    """They have no scopes; what they lack is 403 and named; what they cannot see is 404."""
    store = call.double.store
    rights = {"issues": "read"}
    store.add_token("github_pat_x", "bot", scopes=None, permissions=rights)
    fine = call.as_("github_pat_x")
    assert "x-oauth-scopes" not in fine("GET", "issues").headers
    refused = fine("POST", "issues", {"title": "x"})
    assert refused.body["message"] == "Resource not accessible by personal access token"
    assert refused.headers["x-accepted-github-permissions"] == "issues=write"
    rights["issues"] = "write"
    assert fine("POST", "issues", {"title": "x"}).status == 201
    next(iter(store.repos.values())).private = True
    store.tokens["github_pat_x"].repositories = frozenset()
    assert fine("GET", "issues").status == 404


def test_people_without_rights(call: Caller) -> None:
    """A stranger's labels are dropped silently; only their own issues are theirs to change."""
    stranger = call.as_("stranger-token")
    sent = {"title": "x", "labels": ["bug"], "assignees": ["bot"], "milestone": 9}
    made = stranger("POST", "issues", sent)
    assert (made.status, made.body["labels"], made.body["assignees"]) == (201, [], [])
    assert made.body["author_association"] == "NONE"
    call("POST", "issues", {"title": "ours"})
    assert stranger("PATCH", "issues/1", {"state": "closed"}).status == 200
    assert stranger("PATCH", "issues/2", {"state": "closed"}).status == 403
    assert stranger("POST", "issues/2/labels", ["bug"]).status == 403
    assert stranger("POST", "labels", {"name": "mine"}).status == 403
    assert stranger("GET", "collaborators/bot/permission").status == 403
    (repo,) = call.double.store.repos.values()
    repo.issues[2].locked = True
    assert stranger("POST", "issues/2/comments", {"body": "x"}).status == 403
    repo.private = True
    assert stranger("GET", "issues").status == 404


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({"title": " "}, "title", "missing_field"),
        ({"title": "x" * 257}, "title", "custom"),
        ({"title": "x", "body": "x" * 65_537}, "body", "custom"),
        ({"title": "x", "assignees": ["nobody"]}, "assignees", "invalid"),
        ({"title": "x", "assignees": ["stranger"]}, "assignees", "invalid"),
        ({"title": "x", "milestone": 7}, "milestone", "invalid"),
        ({"title": "x", "labels": ["x" * 51]}, "name", "custom"),
        ({"title": "x", "labels": [" "]}, "labels", "invalid"),
    ],
)
def test_fields(call: Caller, sent: dict[str, Any], field: str, code: str) -> None:
    """Each bad field is 422 with its name and a code, and no issue is made."""
    refused = call("POST", "issues", sent)
    assert refused.status == 422
    assert refused.body["message"] == "Validation Failed"
    assert (refused.body["errors"][0]["field"], refused.body["errors"][0]["code"]) == (field, code)
    assert call("GET", "issues").body == []


def test_words_that_are_not_there(call: Caller) -> None:
    """A missing title, broken JSON, an unknown state: each in GitHub's own sentence."""
    assert (
        call("POST", "issues", {}).body["message"]
        == 'Invalid request.\n\n"title" wasn\'t supplied.'
    )
    call("POST", "issues", {"title": "x"})
    assert call("PATCH", "issues/1", {"state": "done"}).status == 422
    assert call("PATCH", "issues/1", {"state_reason": "done"}).status == 422
    assert call("POST", "issues/1/comments", {"body": " "}).status == 422
    assert call("GET", "issues?state=done").status == 422
    assert call("GET", "nothing").status == 404


def test_places(call: Caller) -> None:
    """Archived is 403, issues switched off are 410, a deleted issue is 410, an unknown one 404."""
    repo = next(iter(call.double.store.repos.values()))
    assert call("GET", "issues/1").status == 404
    repo.deleted.add(1)
    assert call("GET", "issues/1").status == 410
    repo.has_issues = False
    assert call("POST", "issues", {"title": "x"}).body["message"] == (
        "Issues are disabled for this repo"
    )
    repo.has_issues, repo.archived = True, True
    refused = call("POST", "issues", {"title": "x"})
    assert refused.body["message"] == "Repository was archived so is read-only."
    assert call("GET", "issues").status == 200


def test_conditional_requests(call: Caller) -> None:
    """An unchanged list is 304 and free, for the same token only; a change gives another ETag."""
    call("POST", "issues", {"title": "x"})
    first = call("GET", "issues")
    used = first.headers["x-ratelimit-used"]
    again = call("GET", "issues", If_None_Match=first.headers["etag"])
    assert (again.status, again.headers["x-ratelimit-used"]) == (304, used)
    assert call.double.log.count("GET", status=304) == 1
    assert (
        call.as_("acme-token")("GET", "issues", If_None_Match=first.headers["etag"]).status == 200
    )
    call("PATCH", "issues/1", {"title": "y"})
    assert call("GET", "issues", If_None_Match=first.headers["etag"]).status == 200


def test_a_server_without_relations(call: Caller) -> None:
    """An older server does not count dependencies, as the newer one does."""
    made = call("POST", "issues", {"title": "x"}).body
    assert "issue_dependencies_summary" in made
    call.double.store.profile = "ghes"
    assert "issue_dependencies_summary" not in call("GET", "issues/1").body


def test_what_stops_a_merge(tmp_path: Path) -> None:
    """Drafts, conflicts, missing checks and reviews are 405, each with its own sentence."""
    path, clone = bare(tmp_path)
    store, repo = stage(path)
    with serve(store) as double:
        call = Caller(double=double)
        owner = call.as_("acme-token")
        branch(clone, "one", "README.md", "two\n")
        branch(clone, "two", "README.md", "three\n")
        call("POST", "pulls", {"title": "1", "head": "one", "base": "main", "draft": True})
        call("POST", "pulls", {"title": "2", "head": "two", "base": "main"})
        assert "still a draft" in call("PUT", "pulls/1/merge").body["message"]
        repo.issues[1].pull.draft = False  # type: ignore[union-attr]
        repo.protection["main"] = Protection(contexts=("ci",), approvals=1)
        assert call("PUT", "pulls/1/merge").body["message"] == (
            'Required status check "ci" is expected.'
        )
        head = call("GET", "pulls/1").body["head"]["sha"]
        call("POST", f"statuses/{head}", {"state": "success", "context": "ci"})
        assert "approving review" in call("PUT", "pulls/1/merge").body["message"]
        owner("POST", "pulls/1/reviews", {"event": "APPROVE"})
        assert call("PUT", "pulls/1/merge").status == 200
        del repo.protection["main"]
        assert call("GET", "pulls/2").body["mergeable"] is None
        assert call("GET", "pulls/2").body["mergeable"] is False
        assert call("PUT", "pulls/2/merge").status == 405


def test_pushes_are_noticed(tmp_path: Path) -> None:
    """A push moves the head, a deleted branch closes the pull request, a direct push merges it."""
    from tests.github_caller import commit, git

    path, clone = bare(tmp_path)
    store, _ = stage(path)
    with serve(store) as double:
        call = Caller(double=double)
        for name in ("one", "two"):
            branch(clone, name, f"{name}.txt", name)
            call("POST", "pulls", {"title": name, "head": name, "base": "main"})
        git(clone, "checkout", "-q", "one")
        sha = commit(clone, "more.txt", "more", "more")
        git(clone, "push", "-q", "origin", "one", "one:main")
        pull = call("GET", "pulls/1").body
        assert (pull["head"]["sha"], pull["merged"]) == (sha, True)
        git(clone, "push", "-q", "origin", ":two")
        gone = call("GET", "pulls/2").body
        assert (gone["state"], gone["merged"]) == ("closed", False)
        assert call("PATCH", "pulls/2", {"state": "open"}).status == 422


def test_a_stopped_double_leaves_no_connection(call: Caller) -> None:
    """Leaving the block ends the server although a client keeps its connection open."""
    import http.client

    store, _ = stage()
    with serve(store) as double:
        host = double.url.removeprefix("http://")
        kept = http.client.HTTPConnection(host)
        kept.request("GET", "/api/v3/user", headers={"User-Agent": "x"})
        assert kept.getresponse().read()
    kept.close()
