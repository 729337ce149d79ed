"""REST: reviews of pull requests, and comments on lines."""

from __future__ import annotations

from typing import Any

from . import checks, merging, reviewing
from .call import Call, Refusal, Reply, invalid, missing
from .pages import listed, moment
from .pull_shapes import line_shape, review_shape
from .records import Issue, Review, ReviewComment
from .rest_pulls import pull_issue
from .routes import route

_PULLS = "/repos/{owner}/{repo}/pulls"
_PULL = _PULLS + "/{pull_number}"
_REVIEW = _PULL + "/reviews/{review_id}"
_AREA = "pull_requests"
_EVENTS = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
    None: "PENDING",
}


def _seen(call: Call, issue: Issue, one: Review) -> dict[str, Any]:
    return review_shape(call.store, issue, one, call.base)


def _review_of(call: Call, issue: Issue) -> Review:
    for one in merging.pull_of(issue).reviews:
        if str(one.id) == call.params["review_id"]:
            return one
    raise missing("pulls/reviews#get-a-review-for-a-pull-request")


@route("GET", _PULL + "/reviews", area=_AREA)
def _list_reviews(call: Call) -> Reply:
    issue = pull_issue(call)
    return listed(call, merging.pull_of(issue).reviews, lambda one: _seen(call, issue, one))


@route("GET", _REVIEW, area=_AREA)
def _get_review(call: Call) -> Reply:
    issue = pull_issue(call)
    return Reply(body=_seen(call, issue, _review_of(call, issue)))


@route("POST", _PULL + "/reviews", area=_AREA, content=True)
def _create_review(call: Call) -> Reply:
    """One's own pull request cannot be approved, nor can changes be asked of oneself."""
    issue, fields = pull_issue(call), call.fields
    checks.choice(call, "event", _EVENTS)
    event = fields.get("event")
    own = issue.author.lower() == call.login.lower()
    if own and event in ("APPROVE", "REQUEST_CHANGES"):
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(422, "Unprocessable Entity", errors=[f"Can not {verb} your own pull request"])
    body = checks.text(call, "body", resource="PullRequestReview", longest=65_536) or ""
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not fields.get("comments"):
        raise Refusal(422, "Unprocessable Entity", errors=["Body can't be blank"])
    made = reviewing.review(call.store, issue, call.login, _EVENTS[event], body)
    for one in fields.get("comments") or []:
        _remark(call, issue, one, review=made.id)
    return Reply(body=_seen(call, issue, made))


def _remark(call: Call, issue: Issue, sent: dict[str, Any], review: int | None) -> ReviewComment:
    if not sent.get("body") or not sent.get("path"):
        raise invalid("PullRequestReviewComment", "body", "missing_field", page="pulls/comments")
    return reviewing.remark(
        call.store,
        issue,
        call.login,
        sent["body"],
        path=sent["path"],
        line=sent.get("line"),
        review=review,
    )


@route("PUT", _REVIEW + "/dismissals", least="write", area=_AREA)
def _dismiss(call: Call) -> Reply:
    issue = pull_issue(call)
    checks.required(call, "message")
    review = _review_of(call, issue)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        why = f"Can not dismiss a {review.state.lower()} pull request review"
        raise Refusal(422, "Unprocessable Entity", errors=[why])
    review.state = "DISMISSED"
    call.store.touch(issue)
    return Reply(body=_seen(call, issue, review))


@route("GET", _PULL + "/comments", area=_AREA)
def _list_remarks(call: Call) -> Reply:
    issue, since = pull_issue(call), moment(call, "since")
    said = merging.pull_of(issue).comments
    chosen = [one for one in said if since is None or one.updated_at >= since]
    return listed(call, chosen, lambda one: line_shape(call.store, issue, one, call.base))


@route("POST", _PULL + "/comments", area=_AREA, content=True)
def _create_remark(call: Call) -> Reply:
    issue = pull_issue(call)
    checks.required(call, "body", "commit_id", "path")
    made = _remark(call, issue, dict(call.fields), None)
    return Reply(status=201, body=line_shape(call.store, issue, made, call.base))


@route("POST", _PULL + "/comments/{comment_id}/replies", area=_AREA, content=True)
def _reply(call: Call) -> Reply:
    issue = pull_issue(call)
    checks.required(call, "body")
    for one in merging.pull_of(issue).comments:
        if str(one.id) == call.params["comment_id"]:
            body = str(call.fields["body"])
            made = reviewing.remark(
                call.store, issue, call.login, body, path=one.path, line=one.line, reply_to=one
            )
            return Reply(status=201, body=line_shape(call.store, issue, made, call.base))
    raise missing("pulls/comments#create-a-reply-for-a-review-comment")
