"""Every REST operation of the double, judged by GitHub's own OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.rehearsal.github.records import Protection
from framework.rehearsal.github.rest import ROUTES
from framework.rehearsal.github.serve import serve
from tests import openapi
from tests.github_caller import Caller, bare, branch, git, stage


@pytest.fixture
def judge() -> openapi.Judge:
    return openapi.judge()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return bare(tmp_path / "forge")[1]


@pytest.fixture
def call(judge: openapi.Judge, clone: Path) -> Iterator[Caller]:
    store, _ = stage(clone.parent / "app.git")
    with serve(store, watch=judge.watch) as double:
        yield Caller(double=double)
    assert judge.wrong == []


def test_people_repositories_and_limits(call: Caller) -> None:
    """Who asks, the repository, permissions, the limit, and the redirect of a former name."""
    assert call("GET", "/user").body["login"] == "bot"
    assert call("GET", "").body["permissions"]["push"] is True
    assert call("GET", "collaborators/reader/permission").body["permission"] == "read"
    assert [one["login"] for one in call("GET", "assignees").body] == ["acme", "bot", "reader"]
    assert call("GET", "/rate_limit").body["resources"]["core"]["used"] == 4
    (repo,) = call.double.store.repos.values()
    repo.former.add(repo.full_name)
    repo.name = "new"
    moved = call("GET", "issues")
    assert (moved.status, moved.headers["location"].rpartition("/")[2]) == (301, "issues")
    assert call.raw("GET", moved.headers["location"].removeprefix(call.double.url)).status == 200
    assert call("POST", "issues", {"title": "x"}).status == 307


def test_labels_and_milestones(call: Caller) -> None:
    """They are made, changed, listed and deleted, and their names are one in any case."""
    made = call("POST", "labels", {"name": "in progress", "color": "0E8A16"})
    assert (made.status, made.body["color"]) == (201, "0e8a16")
    again = call("POST", "labels", {"name": "In Progress"})
    assert (again.status, again.body["errors"][0]["code"]) == (422, "already_exists")
    assert call("PATCH", "labels/in%20progress", {"new_name": "doing"}).body["name"] == "doing"
    assert len(call("GET", "labels?per_page=100").body) == 10
    sent = {"title": "v1", "due_on": "2026-04-01T00:00:00Z"}
    assert call("POST", "milestones", sent).body["number"] == 1
    assert call("PATCH", "milestones/1", {"state": "closed"}).body["closed_at"]
    assert call("GET", "milestones").body == []
    (listed,) = call("GET", "milestones?state=all").body
    assert listed["due_on"] == "2026-04-01T00:00:00Z"
    assert call("DELETE", "milestones/1").status == 204
    assert call("DELETE", "labels/doing").status == 204
    assert call("DELETE", "labels/doing").status == 404


def test_an_issue_from_beginning_to_end(call: Caller) -> None:
    """Created, labelled, commented, closed, reopened, and all of its words changed."""
    call("POST", "milestones", {"title": "v1"})
    sent = {"title": "A", "body": "b", "labels": ["bug"], "assignees": ["bot"], "milestone": 1}
    made = call("POST", "issues", sent)
    assert (made.status, made.body["number"], made.body["milestone"]["open_issues"]) == (201, 1, 1)
    assert [one["name"] for one in call("POST", "issues/1/labels", ["x"]).body] == ["bug", "x"]
    other = {"labels": ["y"], "assignees": ["acme"], "milestone": None}
    changed = call("PATCH", "issues/1", other).body
    assert [one["name"] for one in changed["labels"]] == ["y"]
    assert [one["login"] for one in changed["assignees"]] == ["acme"]
    assert changed["milestone"] is None
    assert call("POST", "issues/1/comments", {"body": "hello"}).body["body"] == "hello"
    assert len(call("GET", "issues/1/comments").body) == 1
    closed = call("PATCH", "issues/1", {"state": "closed", "state_reason": "not_planned"}).body
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert call("PATCH", "issues/1", {"state": "open"}).body["state_reason"] == "reopened"
    assert call("PATCH", "issues/1", {"title": "B", "body": None}).body["body"] is None
    shown = call("GET", "issues/1").body
    assert (shown["title"], shown["comments"]) == ("B", 1)
    assert shown["issue_dependencies_summary"]["blocked_by"] == 0


def test_lists(call: Caller) -> None:
    """State, order, pages by Link, `since`; a filter that is not played is refused."""
    for number in range(5):
        call("POST", "issues", {"title": f"t{number}", "body": "b"})
        call.double.clock.forward(10)
    call("PATCH", "issues/2", {"state": "closed"})
    assert [one["number"] for one in call("GET", "issues").body] == [5, 4, 3, 1]
    page = call("GET", "issues?state=all&per_page=2")
    assert [one["number"] for one in page.body] == [5, 4]
    assert f"<{call.double.url}/api/v3/repos/acme/app/issues?" in page.headers["link"]
    assert 'page=3>; rel="last"' in page.headers["link"]
    changed = call("GET", "issues?state=all&since=2026-03-01T12:00:40Z&sort=updated&direction=asc")
    assert [one["number"] for one in changed.body] == [5, 2]
    for path in ("issues?labels=bug", "pulls?head=acme:fix"):
        assert "does not know the parameter" in call("GET", path).body["message"]


def test_pull_requests(call: Caller, clone: Path) -> None:
    """Opened from a pushed branch, reviewed, and merged for real; its issue closes."""
    call("POST", "issues", {"title": "bug"})
    sha = branch(clone, "fix", "a.txt", "a\n")
    made = call("POST", "pulls", {"title": "P", "head": "fix", "base": "main", "body": "Fixes #1"})
    assert (made.status, made.body["number"], made.body["mergeable"]) == (201, 2, None)
    assert (made.body["commits"], made.body["additions"], made.body["changed_files"]) == (1, 1, 1)
    assert call("GET", "pulls/2").body["mergeable"] is True
    assert [one["number"] for one in call("GET", "issues").body] == [2, 1]
    assert [one["number"] for one in call("GET", "pulls").body] == [2]
    assert call("POST", "pulls", {"title": "P", "head": "fix", "base": "main"}).status == 422
    assert call("PATCH", "pulls/2", {"title": "Q"}).body["title"] == "Q"
    assert call("POST", "pulls/2/reviews", {"event": "APPROVE"}).status == 422
    lines = [{"path": "a.txt", "line": 1, "body": "why?"}]
    sent = {"event": "REQUEST_CHANGES", "comments": lines}
    review = call.as_("acme-token")("POST", "pulls/2/reviews", sent).body
    assert review["state"] == "CHANGES_REQUESTED"
    assert call("GET", "pulls/2").body["review_comments"] == 1
    assert call("PUT", "pulls/2/merge", {"sha": "0" * 40}).status == 409
    merged = call("PUT", "pulls/2/merge", {"sha": sha})
    assert merged.body["merged"] is True
    assert call("GET", "pulls/2").body["merged_by"]["login"] == "bot"
    assert call("PUT", "pulls/2/merge").status == 405
    git(clone, "fetch", "-q")
    assert git(clone, "rev-parse", "origin/main") == merged.body["sha"]
    assert git(clone, "show", "origin/main:a.txt") == "a"
    assert call("GET", "issues/1").body["state"] == "closed"


def test_branches_and_statuses(call: Caller, clone: Path) -> None:
    """A branch tells its commit and whether it is protected; a commit is given a status."""
    (repo,) = call.double.store.repos.values()
    sha = git(clone, "rev-parse", "HEAD")
    plain = call("GET", "branches/main").body
    assert (plain["commit"]["sha"], plain["protected"]) == (sha, False)
    repo.protection["main"] = Protection(contexts=("ci",))
    assert call("GET", "branches/main").body["protected"] is True
    assert call("GET", "branches/none").status == 404
    assert call("POST", f"statuses/{sha}", {"state": "success", "context": "ci"}).status == 201
    assert [(one.sha, one.context) for one in repo.statuses] == [(sha, "ci")]
    assert call("POST", f"statuses/{'0' * 40}", {"state": "success"}).status == 422


def test_hooks(call: Caller) -> None:
    """They are made once for an address, never tell their secret, and keep their deliveries."""
    owner = call.as_("acme-token")
    config = {"url": "http://127.0.0.1:9/x", "content_type": "json", "secret": "s"}
    sent = {"name": "web", "config": config, "events": ["issues"]}
    assert call("POST", "hooks", sent).status == 404
    made = owner("POST", "hooks", sent)
    assert (made.status, made.body["config"]["secret"]) == (201, "********")
    assert owner("POST", "hooks", sent).status == 422
    where = f"hooks/{made.body['id']}"
    assert owner("PATCH", where, {"add_events": ["label"]}).body["events"] == ["issues", "label"]
    assert len(owner("GET", "hooks").body) == 1
    call.double.settle()
    (ping,) = owner("GET", where + "/deliveries").body
    assert (ping["event"], ping["status_code"]) == ("ping", 0)
    assert owner("POST", f"{where}/deliveries/{ping['id']}/attempts").status == 202
    assert owner("DELETE", where).status == 204


def test_every_operation_is_one_of_githubs(judge: openapi.Judge) -> None:
    """The double answers nothing that GitHub's description does not have."""
    unknown = [
        one.operation for one in ROUTES if openapi.problems(one.operation, 404, {"message": ""})
    ]
    assert unknown == []
