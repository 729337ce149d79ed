"""Every REST operation of the double, judged by GitHub's own OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from framework.rehearsal.github import ci
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
    """Who asks, the repository, its rename with a redirect, permissions and the limit."""
    assert call("GET", "/user").body["login"] == "bot"
    assert call("GET", "/users/reader").body["login"] == "reader"
    assert call("GET", "").body["permissions"]["push"] is True
    assert call("GET", "collaborators/reader/permission").body["permission"] == "read"
    assert call("GET", "collaborators/bot").status == 204
    assert call("GET", "/rate_limit").body["resources"]["core"]["used"] == 5
    renamed = call.as_("acme-token")("PATCH", "", {"name": "new", "description": "x"})
    assert renamed.body["full_name"] == "acme/new"
    moved = call("GET", "issues")
    assert (moved.status, moved.headers["location"].rpartition("/")[2]) == (301, "issues")
    assert call.raw("GET", moved.headers["location"].removeprefix(call.double.url)).status == 200
    assert call("POST", "issues", {"title": "x"}).status == 307


def test_labels_and_milestones(call: Caller) -> None:
    """They are made, changed, listed and deleted, and their names are one in any case."""
    assert call("POST", "labels", {"name": "in progress", "color": "0E8A16"}).status == 201
    again = call("POST", "labels", {"name": "In Progress"})
    assert (again.status, again.body["errors"][0]["code"]) == (422, "already_exists")
    assert call("PATCH", "labels/in%20progress", {"new_name": "doing"}).body["name"] == "doing"
    assert call("GET", "labels/doing").body["color"] == "0e8a16"
    assert len(call("GET", "labels?per_page=100").body) == 10
    made = call("POST", "milestones", {"title": "v1", "due_on": "2026-04-01T00:00:00Z"})
    assert made.body["number"] == 1
    assert call("PATCH", "milestones/1", {"state": "closed"}).body["closed_at"]
    assert len(call("GET", "milestones?state=all").body) == 1
    assert call("GET", "milestones/1").body["due_on"] == "2026-04-01T00:00:00Z"
    assert call("DELETE", "milestones/1").status == 204
    assert call("DELETE", "labels/doing").status == 204
    assert call("GET", "labels/doing").status == 404


def test_an_issue_from_beginning_to_end(call: Caller) -> None:
    """Created, labelled, assigned, commented, locked, closed, reopened: its timeline has it all."""
    call("POST", "milestones", {"title": "v1"})
    sent = {"title": "A", "body": "b", "labels": ["bug"], "assignees": ["bot"], "milestone": 1}
    made = call("POST", "issues", sent)
    assert (made.status, made.body["number"], made.body["milestone"]["open_issues"]) == (201, 1, 1)
    assert [one["name"] for one in call("POST", "issues/1/labels", ["x"]).body] == ["bug", "x"]
    assert [one["name"] for one in call("PUT", "issues/1/labels", {"labels": ["y"]}).body] == ["y"]
    assert call("DELETE", "issues/1/labels/y").body == []
    assert call("GET", "issues/1/labels").body == []
    assert call("DELETE", "issues/1/labels").status == 204
    assert call("POST", "issues/1/assignees", {"assignees": ["acme"]}).status == 201
    assert len(call("DELETE", "issues/1/assignees", {"assignees": ["bot"]}).body["assignees"]) == 1
    assert call("GET", "assignees/reader").status == 204
    assert len(call("GET", "assignees").body) == 3
    said = call("POST", "issues/1/comments", {"body": "hello"}).body
    where = f"issues/comments/{said['id']}"
    assert call("PATCH", where, {"body": "changed"}).body["body"] == "changed"
    assert call("GET", where).body["body"] == "changed"
    assert len(call("GET", "issues/1/comments").body) == 1
    assert len(call("GET", "issues/comments?sort=updated&since=2026-01-01T00:00:00Z").body) == 1
    assert call("PUT", "issues/1/lock", {"lock_reason": "resolved"}).status == 204
    assert call("DELETE", "issues/1/lock").status == 204
    closed = call("PATCH", "issues/1", {"state": "closed", "state_reason": "not_planned"}).body
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert call("PATCH", "issues/1", {"state": "open"}).body["state_reason"] == "reopened"
    assert call("PATCH", "issues/1", {"title": "B", "body": None}).body["body"] is None
    kinds = [one["event"] for one in call("GET", "issues/1/timeline?per_page=100").body]
    assert kinds[:3] == ["labeled", "assigned", "milestoned"]
    assert {"commented", "closed", "reopened", "renamed", "unlabeled"} <= set(kinds)
    assert len(call("GET", "issues/1/events?per_page=100").body) == len(kinds) - 1
    assert call("DELETE", where).status == 204


def test_relations(call: Caller) -> None:
    """Sub-issues and dependencies go by database id, and circles are refused."""
    ids = [call("POST", "issues", {"title": str(n)}).body["id"] for n in range(3)]
    assert call("POST", "issues/1/sub_issues", {"sub_issue_id": ids[1]}).status == 201
    assert [one["number"] for one in call("GET", "issues/1/sub_issues").body] == [2]
    assert call("GET", "issues/2/parent").body["number"] == 1
    assert call("POST", "issues/3/sub_issues", {"sub_issue_id": ids[1]}).status == 422
    assert call("POST", "issues/2/sub_issues", {"sub_issue_id": ids[0]}).status == 422
    assert call("DELETE", "issues/1/sub_issue", {"sub_issue_id": ids[1]}).status == 200
    assert call("POST", "issues/2/dependencies/blocked_by", {"issue_id": ids[0]}).status == 201
    assert call("POST", "issues/3/dependencies/blocked_by", {"issue_id": ids[1]}).status == 201
    assert call("POST", "issues/1/dependencies/blocked_by", {"issue_id": ids[2]}).status == 422
    assert call("POST", "issues/1/dependencies/blocked_by", {"issue_id": 2}).status == 404
    assert [one["number"] for one in call("GET", "issues/2/dependencies/blocked_by").body] == [1]
    assert [one["number"] for one in call("GET", "issues/2/dependencies/blocking").body] == [3]
    assert call("GET", "issues/2").body["issue_dependencies_summary"]["blocked_by"] == 1
    assert call("DELETE", f"issues/2/dependencies/blocked_by/{ids[0]}").status == 200
    kinds = {one["event"] for one in call("GET", "issues/2/timeline").body}
    assert "blocked_by_added" in kinds


def test_lists_and_search(call: Caller) -> None:
    """Filters, order, pages by Link, `since`, and a search that is behind."""
    for number in range(5):
        call(
            "POST", "issues", {"title": f"t{number}", "body": "b", "labels": ["bug"] * (number % 2)}
        )
        call.double.clock.forward(10)
    call("PATCH", "issues/2", {"state": "closed"})
    page = call("GET", "issues?state=all&per_page=2")
    assert [one["number"] for one in page.body] == [5, 4]
    assert f"<{call.double.url}/api/v3/repos/acme/app/issues?" in page.headers["link"]
    assert 'page=3>; rel="last"' in page.headers["link"]
    assert [one["number"] for one in call("GET", "issues?labels=BUG").body] == [4]
    assert len(call("GET", "issues?creator=bot&assignee=none&milestone=none").body) == 4
    changed = call("GET", "issues?state=all&since=2026-03-01T12:00:40Z&sort=updated&direction=asc")
    assert [one["number"] for one in changed.body] == [5, 2]
    assert call("GET", "/search/issues?q=repo:acme/app+is:issue+label:bug").body["total_count"] == 2
    call.double.store.lag = timedelta(hours=1)
    assert call("GET", "/search/issues?q=is:open").body["total_count"] == 0
    assert call("GET", "/search/issues?q=").status == 422


def test_pull_requests(call: Caller, clone: Path) -> None:
    """Opened from a pushed branch, reviewed, checked, and merged for real; its issue closes."""
    call("POST", "issues", {"title": "bug"})
    sha = branch(clone, "fix", "a.txt", "a\n")
    made = call("POST", "pulls", {"title": "P", "head": "fix", "base": "main", "body": "Fixes #1"})
    assert (made.status, made.body["number"], made.body["mergeable"]) == (201, 2, None)
    assert call("GET", "pulls/2").body["mergeable"] is True
    assert [one["number"] for one in call("GET", "issues").body] == [2, 1]
    assert call("POST", "pulls", {"title": "P", "head": "fix", "base": "main"}).status == 422
    assert len(call("GET", "pulls?head=acme:fix").body) == 1
    assert call("PATCH", "pulls/2", {"title": "Q"}).body["title"] == "Q"
    assert [one["filename"] for one in call("GET", "pulls/2/files").body] == ["a.txt"]
    asked = {"reviewers": ["reader"]}
    assert call("POST", "pulls/2/requested_reviewers", asked).status == 201
    assert len(call("GET", "pulls/2/requested_reviewers").body["users"]) == 1
    assert call("DELETE", "pulls/2/requested_reviewers", asked).status == 200
    assert call("POST", "pulls/2/reviews", {"event": "APPROVE"}).status == 422
    owner = call.as_("acme-token")
    lines = [{"path": "a.txt", "line": 1, "body": "why?"}]
    review = owner("POST", "pulls/2/reviews", {"event": "REQUEST_CHANGES", "comments": lines}).body
    assert review["state"] == "CHANGES_REQUESTED"
    assert len(call("GET", "pulls/2/reviews").body) == 1
    assert call("GET", f"pulls/2/reviews/{review['id']}").status == 200
    dismissed = owner("PUT", f"pulls/2/reviews/{review['id']}/dismissals", {"message": "ok"})
    assert dismissed.body["state"] == "DISMISSED"
    remark = call("GET", "pulls/2/comments").body[0]
    reply = call("POST", f"pulls/2/comments/{remark['id']}/replies", {"body": "because"}).body
    assert reply["in_reply_to_id"] == remark["id"]
    more = {"body": "x", "commit_id": sha, "path": "a.txt", "line": 1}
    assert call("POST", "pulls/2/comments", more).status == 201
    assert call("GET", "pulls/2/merge").status == 404
    assert call("PUT", "pulls/2/merge", {"sha": "0" * 40}).status == 409
    merged = call("PUT", "pulls/2/merge", {"sha": sha})
    assert merged.body["merged"] is True
    assert call("GET", "pulls/2/merge").status == 204
    assert call("GET", "pulls/2").body["merged_by"]["login"] == "bot"
    assert call("PUT", "pulls/2/merge").status == 405
    git(clone, "fetch", "-q")
    assert git(clone, "rev-parse", "origin/main") == merged.body["sha"]
    assert git(clone, "show", "origin/main:a.txt") == "a"
    assert call("GET", "issues/1").body["state"] == "closed"


def test_statuses_and_check_runs(call: Caller, clone: Path) -> None:
    """Of a commit without any, the combined state is pending with a count of zero."""
    sha = git(clone, "rev-parse", "HEAD")
    empty = call("GET", "commits/main/status").body
    assert (empty["state"], empty["total_count"]) == ("pending", 0)
    assert call("POST", f"statuses/{sha}", {"state": "success", "context": "ci"}).status == 201
    assert call("GET", f"commits/{sha}/status").body["state"] == "success"
    assert len(call("GET", f"commits/{sha}/statuses").body) == 1
    assert call("POST", "check-runs", {"name": "t", "head_sha": sha}).status == 403
    store = call.double.store
    note = {"path": "a", "annotation_level": "failure", "message": "no"}
    with store.lock:
        run = ci.add_check(store, next(iter(store.repos.values())), sha, "t", annotations=[note])
    assert call("GET", f"commits/{sha}/check-runs").body["total_count"] == 1
    assert call("GET", f"check-runs/{run.id}").body["status"] == "queued"
    assert call("GET", f"check-runs/{run.id}/annotations").body[0]["message"] == "no"
    store.users["bot"].kind = "Bot"
    made = call("POST", "check-runs", {"name": "u", "head_sha": sha})
    done = call("PATCH", f"check-runs/{made.body['id']}", {"conclusion": "success"})
    assert done.body["status"] == "completed"
    assert call("GET", "commits/none/status").status == 422


def test_refs_branches_and_protection(call: Caller, clone: Path) -> None:
    """A ref can be made once only, moves forward only, and a protected branch says so."""
    sha = git(clone, "rev-parse", "HEAD")
    other = branch(clone, "x", "x.txt", "x\n")
    assert call("POST", "git/refs", {"ref": "refs/claims/1", "sha": sha}).status == 201
    assert call("POST", "git/refs", {"ref": "refs/claims/1", "sha": sha}).status == 422
    assert call("GET", "git/ref/claims/1").body["object"]["sha"] == sha
    assert len(call("GET", "git/matching-refs/claims/").body) == 1
    assert call("PATCH", "git/refs/claims/1", {"sha": other}).body["object"]["sha"] == other
    assert call("PATCH", "git/refs/claims/1", {"sha": sha}).status == 422
    assert call("DELETE", "git/refs/claims/1").status == 204
    assert call("GET", "git/ref/claims/1").status == 404
    assert [one["name"] for one in call("GET", "branches").body] == ["main", "x"]
    owner = call.as_("acme-token")
    rules = {
        "required_status_checks": {"strict": False, "contexts": ["ci"]},
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "enforce_admins": None,
        "restrictions": None,
    }
    assert owner("PUT", "branches/main/protection", rules).status == 200
    assert owner("GET", "branches/main/protection").status == 200
    assert call("GET", "branches/main/protection").status == 404
    assert call("GET", "branches/main").body["protected"] is True
    assert call("GET", "commits/main").body["sha"] == sha
    assert owner("DELETE", "branches/main/protection").status == 204


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
    assert owner("GET", where).status == 200
    assert owner("POST", where + "/pings").status == 204
    call.double.settle()
    told = owner("GET", where + "/deliveries").body
    assert [(one["event"], one["status_code"]) for one in told] == [("ping", 0), ("ping", 0)]
    assert owner("POST", f"{where}/deliveries/{told[0]['id']}/attempts").status == 202
    assert owner("DELETE", where).status == 204


def test_boards(call: Caller) -> None:
    """A board that GraphQL made can be read by REST: with ETags, and only with the scope."""
    store = call.double.store
    issue = call("POST", "issues", {"title": "x"}).body
    owner = store.users["bot"].node
    create = 'mutation{createProjectV2(input:{ownerId:"%s",title:"B"}){projectV2{id}}}'
    made = call.raw("POST", "/api/graphql", {"query": create % owner}).body
    board = made["data"]["createProjectV2"]["projectV2"]["id"]
    add = 'mutation{addProjectV2ItemById(input:{projectId:"%s",contentId:"%s"}){item{id}}}'
    call.raw("POST", "/api/graphql", {"query": add % (board, issue["node_id"])})
    assert [one["title"] for one in call("GET", "/users/bot/projectsV2").body] == ["B"]
    assert call("GET", "/users/bot/projectsV2/1").body["node_id"] == board
    fields = call("GET", "/users/bot/projectsV2/1/fields").body
    status = next(one for one in fields if one["name"] == "Status")
    items = call("GET", f"/users/bot/projectsV2/1/items?fields={status['id']}")
    assert items.body[0]["content"]["number"] == 1
    same = call(
        "GET",
        f"/users/bot/projectsV2/1/items?fields={status['id']}",
        If_None_Match=items.headers["etag"],
    )
    assert same.status == 304
    assert call("GET", "/users/bot/projectsV2/1/items?q=is:closed").body == []
    store.add_token("no-scope", "bot", scopes=frozenset({"repo"}))
    assert call.as_("no-scope")("GET", "/users/bot/projectsV2").status == 403
    assert call.double.log.count("^mutation") == 2


def test_every_operation_is_one_of_githubs(judge: openapi.Judge) -> None:
    """The double answers nothing that GitHub's description does not have."""
    unknown = [
        one.operation for one in ROUTES if openapi.problems(one.operation, 404, {"message": ""})
    ]
    assert unknown == []
    assert len(ROUTES) >= 60
