"""REST: comments, events and the timeline of issues."""

from __future__ import annotations

from typing import Any

from . import checks, deeds
from .call import Call, Refusal, Reply, invalid, missing
from .pages import listed, moment
from .records import Comment, Event, Issue
from .routes import route
from .shapes import comment_shape, event_shape

_ISSUES = "/repos/{owner}/{repo}/issues"
_ISSUE = _ISSUES + "/{issue_number}"
_COMMENT = _ISSUES + "/comments/{comment_id}"


def _shape(call: Call, comment: Comment) -> dict[str, Any]:
    return comment_shape(call.store, call.repo, comment, call.base)


def _comment_of(call: Call) -> Comment:
    value = call.params["comment_id"]
    comment = call.repo.comments.get(int(value) if value.isdecimal() else 0)
    if comment is None:
        raise missing("issues/comments#get-an-issue-comment")
    return comment


def _listed(call: Call, comments: list[Comment]) -> Reply:
    since = moment(call, "since")
    chosen = [one for one in comments if since is None or one.updated_at >= since]
    return listed(call, chosen, lambda one: _shape(call, one))


@route("GET", _ISSUES + "/comments", area="issues")
def _list_all_comments(call: Call) -> Reply:
    """Of the whole repository, by id; `sort` and `direction` as GitHub has them."""
    comments = list(call.repo.comments.values())
    if call.query.get("sort") == "updated":
        comments.sort(key=lambda one: (one.updated_at, one.id))
    if "sort" in call.query and call.query.get("direction", "desc") == "desc":
        comments.reverse()
    return _listed(call, comments)


@route("GET", _COMMENT, area="issues")
def _get_comment(call: Call) -> Reply:
    return Reply(body=_shape(call, _comment_of(call)))


@route("GET", _ISSUE + "/comments", area="issues")
def _list_comments(call: Call) -> Reply:
    number = checks.issue_of(call).number
    return _listed(call, [one for one in call.repo.comments.values() if one.issue == number])


@route("POST", _ISSUE + "/comments", area="issues", content=True)
def _create_comment(call: Call) -> Reply:
    issue = checks.issue_of(call)
    if issue.locked and not call.store.may(call.repo, call.login, "write"):
        raise Refusal(403, "Unable to create comment because issue is locked.")
    body = _body(call)
    return Reply(status=201, body=_shape(call, deeds.say(call.store, issue, call.login, body)))


def _body(call: Call) -> str:
    checks.required(call, "body")
    body = checks.text(call, "body", resource="IssueComment", longest=65_536)
    if not body or not body.strip():
        why = "Body cannot be blank"
        raise invalid("IssueComment", "data", "unprocessable", message=why, page="issues/comments")
    return body


@route("PATCH", _COMMENT, area="issues")
def _change_comment(call: Call) -> Reply:
    comment = _own(call)
    comment.body, comment.updated_at = _body(call), call.store.clock.second()
    issue = call.repo.issues[comment.issue]
    call.store.touch(issue)
    call.store.tell(call.repo, "issue_comment", "edited", call.login, issue)
    return Reply(body=_shape(call, comment))


@route("DELETE", _COMMENT, area="issues")
def _delete_comment(call: Call) -> Reply:
    comment = _own(call)
    del call.repo.comments[comment.id]
    call.store.touch(call.repo.issues[comment.issue])
    return Reply(status=204)


def _own(call: Call) -> Comment:
    comment = _comment_of(call)
    own = comment.author.lower() == call.login.lower()
    if not own and not call.store.may(call.repo, call.login, "write"):
        raise Refusal(403, "Must have admin rights to Repository.", page="issues/comments")
    return comment


@route("GET", _ISSUE + "/events", area="issues")
def _list_events(call: Call) -> Reply:
    issue = checks.issue_of(call)
    return listed(call, issue.events, lambda one: event_shape(call.store, issue, one, call.base))


@route("GET", _ISSUE + "/timeline", area="issues")
def _list_timeline(call: Call) -> Reply:
    """Events and comments together, in the order in which they came."""
    issue = checks.issue_of(call)
    said = [one for one in call.repo.comments.values() if one.issue == issue.number]
    both: list[Event | Comment] = [*issue.events, *said]
    both.sort(key=lambda one: one.id)
    return listed(call, both, lambda one: _line(call, issue, one))


def _line(call: Call, issue: Issue, one: Event | Comment) -> dict[str, Any]:
    if isinstance(one, Event):
        return event_shape(call.store, issue, one, call.base)
    shape = _shape(call, one)
    return {**shape, "event": "commented", "actor": shape["user"]}
