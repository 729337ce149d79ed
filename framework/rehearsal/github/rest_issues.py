"""REST: issues."""

from __future__ import annotations

from collections.abc import Callable

from . import checks, deeds
from .call import Call, Refusal, Reply, invalid
from .pages import listed, moment
from .records import Issue
from .routes import route
from .shapes import issue_shape

_ISSUES = "/repos/{owner}/{repo}/issues"
_ISSUE = _ISSUES + "/{issue_number}"
_REASONS = ("completed", "not_planned", "duplicate", "reopened", None)
_LOCKS = ("off-topic", "too heated", "resolved", "spam")


def shown(call: Call, issue: Issue) -> dict[str, object]:
    return issue_shape(call.store, issue, call.base, call.tally)


@route("GET", _ISSUES, area="issues")
def _list_issues(call: Call) -> Reply:
    """Pull requests are among them, as at GitHub."""
    checks.enabled(call)
    since = moment(call, "since")
    tests = [*_filters(call)]
    chosen = [
        issue
        for issue in call.repo.issues.values()
        if (since is None or issue.updated_at >= since) and all(test(issue) for test in tests)
    ]
    chosen.sort(key=lambda issue: _rank(call, issue))
    if call.query.get("direction", "desc") == "desc":
        chosen.reverse()
    return listed(call, chosen, lambda issue: shown(call, issue))


def _rank(call: Call, issue: Issue) -> tuple[object, int]:
    match call.query.get("sort", "created"):
        case "updated":
            return issue.updated_at, issue.number
        case "comments":
            return call.tally.comments[issue.repo, issue.number], issue.number
        case _:
            return issue.created_at, issue.number


def _filters(call: Call) -> list[Callable[[Issue], bool]]:
    query, tests = call.query, list[Callable[[Issue], bool]]()
    state = query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "state", "invalid", value=state)
    if state != "all":
        tests.append(lambda issue: issue.state == state)
    wanted = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    if wanted:
        tests.append(lambda issue: wanted <= {name.lower() for name in issue.labels})
    if "creator" in query:
        creator = query["creator"].lower()
        tests.append(lambda issue: issue.author.lower() == creator)
    if "assignee" in query:
        tests.append(_assigned(query["assignee"]))
    if "milestone" in query:
        tests.append(_planned(query["milestone"]))
    return tests


def _assigned(login: str) -> Callable[[Issue], bool]:
    if login == "*":
        return lambda issue: bool(issue.assignees)
    if login == "none":
        return lambda issue: not issue.assignees
    return lambda issue: login.lower() in [one.lower() for one in issue.assignees]


def _planned(value: str) -> Callable[[Issue], bool]:
    if value == "*":
        return lambda issue: issue.milestone is not None
    if value == "none":
        return lambda issue: issue.milestone is None
    if not value.isdecimal():
        raise invalid("Issue", "milestone", "invalid", value=value)
    return lambda issue: issue.milestone == int(value)


@route("POST", _ISSUES, area="issues", content=True)
def _create_issue(call: Call) -> Reply:
    """Labels, people and the milestone of somebody who may not push are dropped, silently."""
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
    """What to do with labels, people and milestone: all of it checked before any of it is done."""
    if not call.store.may(call.repo, call.login, "triage"):
        return lambda issue: None
    fields = call.fields
    labels = checks.names(fields["labels"]) if fields.get("labels") is not None else None
    logins = checks.people(call) if {"assignees", "assignee"} & set(fields) else None
    number = checks.milestone(call)

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


@route("PUT", _ISSUE + "/lock", least="write", area="issues")
def _lock_issue(call: Call) -> Reply:
    issue = checks.issue_of(call)
    checks.choice(call, "lock_reason", (*_LOCKS, None))
    issue.locked, issue.lock_reason = True, call.fields.get("lock_reason")
    deeds.happened(call.store, issue, "locked", call.login, lock_reason=issue.lock_reason)
    return Reply(status=204)


@route("DELETE", _ISSUE + "/lock", least="write", area="issues")
def _unlock_issue(call: Call) -> Reply:
    issue = checks.issue_of(call)
    issue.locked, issue.lock_reason = False, None
    deeds.happened(call.store, issue, "unlocked", call.login)
    return Reply(status=204)
