"""REST: issues and their comments."""

from __future__ import annotations

from collections.abc import Callable

from . import checks, deeds
from .call import Call, Refusal, Reply, invalid
from .pages import listed, since
from .records import Comment, Issue
from .routes import route
from .shapes import comment_shape, issue_shape

_ISSUES = "/repos/{owner}/{repo}/issues"
_ISSUE = _ISSUES + "/{issue_number}"
_REASONS = ("completed", "not_planned", "duplicate", "reopened", None)
_FILTERS = {"state", "since", "sort", "direction", "page", "per_page"}


def shown(call: Call, issue: Issue) -> dict[str, object]:
    return issue_shape(call.store, issue, call.base, call.tally)


@route("GET", _ISSUES, area="issues")
def _list_issues(call: Call) -> Reply:
    """Pull requests are among them, as at GitHub. A filter that is not played here is refused:
    left out silently, it would give a client the wrong issues."""
    checks.enabled(call)
    for name in sorted(call.query.keys() - _FILTERS):
        raise Refusal(422, f"The double does not know the parameter {name}.")
    changed, state = since(call), call.query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state", "invalid", value=state)
    chosen = [
        issue
        for issue in call.repo.issues.values()
        if state in ("all", issue.state) and (changed is None or issue.updated_at >= changed)
    ]
    by_update = call.query.get("sort") == "updated"
    chosen.sort(key=lambda one: (one.updated_at if by_update else one.created_at, one.number))
    if call.query.get("direction", "desc") == "desc":
        chosen.reverse()
    return listed(call, chosen, lambda issue: shown(call, issue))


@route("POST", _ISSUES, area="issues", content=True)
def _create_issue(call: Call) -> Reply:
    """What somebody who may not push says beyond title and body is dropped, silently."""
    checks.enabled(call)
    checks.required(call, "title")
    title = checks.text(call, "title", resource="Issue", longest=256, blank=False)
    body = checks.text(call, "body", resource="Issue", longest=65_536)
    if title is None:
        raise invalid("Issue", "title", "missing_field", page="issues/issues#create-an-issue")
    wanted = _wanted(call)
    issue = call.store.add_issue(call.repo, call.login, title.strip(), body)
    wanted(issue)
    return Reply(status=201, body=shown(call, issue))


def _wanted(call: Call) -> Callable[[Issue], None]:
    """What to do with labels, people, milestone and type: all of it checked before any is done."""
    if not call.store.may(call.repo, call.login, "triage"):
        return lambda issue: None
    fields = call.fields
    labels = checks.names(fields["labels"]) if fields.get("labels") is not None else None
    logins = checks.people(call) if {"assignees", "assignee"} & set(fields) else None
    number = checks.milestone(call)
    kind = checks.issue_type(call)

    def do(issue: Issue) -> None:
        if labels is not None:
            kept = {name.lower() for name in labels}
            gone = [name for name in issue.labels if name.lower() not in kept]
            deeds.unlabel(call.store, issue, gone, call.login)
            deeds.label(call.store, issue, labels, call.login)
        if logins is not None:
            kept = {login.lower() for login in logins}
            gone = [login for login in issue.assignees if login.lower() not in kept]
            deeds.unassign(call.store, issue, gone, call.login)
            deeds.assign(call.store, issue, logins, call.login)
        if "milestone" in fields:
            deeds.plan(call.store, issue, number, call.login)
        if "type" in fields:
            issue.type = kind

    return do


@route("GET", _ISSUE, area="issues")
def _get_issue(call: Call) -> Reply:
    return Reply(body=shown(call, checks.issue_of(call)))


@route("PATCH", _ISSUE, area="issues")
def _change_issue(call: Call) -> Reply:
    """An author may change the own issue; others need the triage role, or write for its words."""
    issue, fields = checks.issue_of(call), call.fields
    _allowed(call, issue)
    checks.choice(call, "state", ("open", "closed", None))
    checks.choice(call, "state_reason", _REASONS)
    title = checks.text(call, "title", resource="Issue", longest=256, blank=False)
    body = checks.text(call, "body", resource="Issue", longest=65_536)
    wanted = _wanted(call)
    if title is not None:
        deeds.retitle(call.store, issue, title.strip(), call.login)
    if "body" in fields:
        deeds.rewrite(call.store, issue, body, call.login)
    wanted(issue)
    _open_or_close(call, issue)
    return Reply(body=shown(call, issue))


def _allowed(call: Call, issue: Issue) -> None:
    own = issue.author.lower() == call.login.lower()
    words = {"title", "body"} & set(call.fields)
    if not own and not call.store.may(call.repo, call.login, "write" if words else "triage"):
        raise Refusal(403, "Must have admin rights to Repository.", page="issues/issues")


def _open_or_close(call: Call, issue: Issue) -> None:
    state, reason = call.fields.get("state"), call.fields.get("state_reason")
    if state == "closed" or (state is None and reason and issue.state == "closed"):
        if reason == "reopened":
            raise invalid("Issue", "state_reason", "invalid", value=reason)
        deeds.close(call.store, issue, call.login, reason or issue.state_reason or "completed")
    elif state == "open":
        if issue.pull and issue.pull.merged:
            raise invalid("Issue", "state", "invalid", value=state)
        deeds.reopen(call.store, issue, call.login)


# Comments.


def _comment(call: Call, comment: Comment) -> dict[str, object]:
    return comment_shape(call.store, call.repo, comment, call.base)


@route("GET", _ISSUE + "/comments", area="issues")
def _list_comments(call: Call) -> Reply:
    number = checks.issue_of(call).number
    said = [one for one in call.repo.comments.values() if one.issue == number]
    return listed(call, said, lambda one: _comment(call, one))


@route("POST", _ISSUE + "/comments", area="issues", content=True)
def _create_comment(call: Call) -> Reply:
    issue = checks.issue_of(call)
    if issue.locked and not call.store.may(call.repo, call.login, "write"):
        raise Refusal(403, "Unable to create comment because issue is locked.")
    body = _body(call)
    return Reply(status=201, body=_comment(call, deeds.say(call.store, issue, call.login, body)))


def _body(call: Call) -> str:
    checks.required(call, "body")
    body = checks.text(call, "body", resource="IssueComment", longest=65_536)
    if not body or not body.strip():
        why = "Body cannot be blank"
        raise invalid("IssueComment", "data", "unprocessable", message=why, page="issues/comments")
    return body
