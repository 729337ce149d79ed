"""REST: pull requests, their merging in a real repository, and reviews of them."""

from __future__ import annotations

from typing import Any

from . import bare, checks, deeds, merging, pull_deeds
from .call import Call, Refusal, Reply, invalid, missing
from .pages import listed
from .pull_shapes import full_pull_shape, pull_shape, review_shape
from .records import Issue, Review
from .routes import route

_PULLS = "/repos/{owner}/{repo}/pulls"
_PULL = _PULLS + "/{pull_number}"
_AREA = "pull_requests"
_EVENTS = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
    None: "PENDING",
}


def _pull_issue(call: Call) -> Issue:
    """The pull request that the path names, with every push noticed; 404 for an issue."""
    merging.catch_up(call.store, call.repo)
    value = call.params["pull_number"]
    issue = call.repo.issues.get(int(value) if value.isdecimal() else 0)
    if issue is None or issue.pull is None:
        raise missing("pulls/pulls#get-a-pull-request")
    return issue


def _full(call: Call, issue: Issue) -> dict[str, Any]:
    return full_pull_shape(call.store, issue, call.login, call.base, call.tally, _size(call, issue))


def _size(call: Call, issue: Issue) -> tuple[int, int, int, int]:
    pull, path = merging.pull_of(issue), call.repo.path
    if path is None or bare.commit(path, pull.head_sha) is None:
        return 0, 0, 0, 0
    span = (pull.base_sha, pull.head_sha)
    commits = int(bare.git(path, "rev-list", "--count", "..".join(span)))
    changes = bare.git(path, "diff", "--numstat", "...".join(span)).splitlines()
    lines = [line.split("\t") for line in changes]
    added = sum(int(line[0]) for line in lines if line[0].isdecimal())
    removed = sum(int(line[1]) for line in lines if line[1].isdecimal())
    return commits, added, removed, len(lines)


@route("GET", _PULLS, area=_AREA)
def _list(call: Call) -> Reply:
    """The newest first. A filter that is not played here is refused."""
    merging.catch_up(call.store, call.repo)
    for name in sorted(call.query.keys() - {"state", "page", "per_page"}):
        raise Refusal(422, f"The double does not know the parameter {name}.")
    state = call.query.get("state", "open")
    issues = reversed(call.repo.issues.values())
    chosen = [one for one in issues if one.pull and state in ("all", one.state)]

    def shown(issue: Issue) -> dict[str, Any]:
        return pull_shape(call.store, issue, call.login, call.base, call.tally)

    return listed(call, chosen, shown)


@route("GET", _PULL, area=_AREA)
def _get(call: Call) -> Reply:
    return Reply(body=_full(call, _pull_issue(call)))


@route("POST", _PULLS, least="write", area=_AREA, content=True)
def _create(call: Call) -> Reply:
    checks.required(call, "head", "base")
    title = checks.text(call, "title", resource="PullRequest", longest=256, blank=False)
    body = checks.text(call, "body", resource="PullRequest", longest=65_536)
    if title is None:
        raise invalid("PullRequest", "title", "missing_field", page="pulls/pulls")
    issue = pull_deeds.open_pull(
        call.store,
        call.repo,
        call.login,
        title=title.strip(),
        body=body,
        head=str(call.fields["head"]),
        base=str(call.fields["base"]),
        draft=bool(call.fields.get("draft")),
    )
    return Reply(status=201, body=_full(call, issue))


@route("PATCH", _PULL, area=_AREA)
def _change(call: Call) -> Reply:
    issue, fields = _pull_issue(call), call.fields
    own = issue.author.lower() == call.login.lower()
    if not own and not call.store.may(call.repo, call.login, "write"):
        raise Refusal(403, "Must have admin rights to Repository.", page="pulls/pulls")
    checks.choice(call, "state", ("open", "closed", None))
    title = checks.text(call, "title", resource="PullRequest", longest=256, blank=False)
    body = checks.text(call, "body", resource="PullRequest", longest=65_536)
    if title is not None:
        deeds.retitle(call.store, issue, title.strip(), call.login)
    if "body" in fields:
        deeds.rewrite(call.store, issue, body, call.login)
    _rebase(call, issue)
    _open_or_close(call, issue)
    return Reply(body=_full(call, issue))


def _rebase(call: Call, issue: Issue) -> None:
    base = call.fields.get("base")
    if base is None:
        return
    tips = bare.branches(call.repo.path)
    if base not in tips:
        raise invalid("PullRequest", "base", "invalid", page="pulls/pulls")
    pull = merging.pull_of(issue)
    pull.base, pull.base_sha = base, tips[base]
    call.store.touch(issue)


def _open_or_close(call: Call, issue: Issue) -> None:
    match call.fields.get("state"):
        case "closed":
            deeds.close(call.store, issue, call.login)
        case "open" if issue.state == "closed":
            pull = merging.pull_of(issue)
            if pull.merged or pull.head not in bare.branches(call.repo.path):
                why = "state cannot be changed. The pull request cannot be reopened."
                raise invalid("PullRequest", "state", "custom", message=why, page="pulls/pulls")
            deeds.reopen(call.store, issue, call.login)
        case _:
            return


@route("PUT", _PULL + "/merge", least="write", area="contents", content=True)
def _merge(call: Call) -> Reply:
    """In the repository itself: real merges, squashes and rebases."""
    issue, fields = _pull_issue(call), call.fields
    checks.choice(call, "merge_method", ("merge", "squash", "rebase"))
    try:
        sha = merging.merge(
            call.store,
            issue,
            call.login,
            sha=fields.get("sha"),
            method=fields.get("merge_method", "merge"),
            title=fields.get("commit_title") or "",
            message=fields.get("commit_message") or "",
        )
    except merging.NotMergeable as why:
        page = "pulls/pulls#merge-a-pull-request"
        raise Refusal(why.status, str(why), page=page) from None
    return Reply(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


# Reviews.


@route("POST", _PULL + "/reviews", area=_AREA, content=True)
def _create_review(call: Call) -> Reply:
    """One's own pull request cannot be approved, nor can changes be asked of oneself."""
    issue, fields = _pull_issue(call), call.fields
    checks.choice(call, "event", _EVENTS)
    event = fields.get("event")
    own = issue.author.lower() == call.login.lower()
    if own and event in ("APPROVE", "REQUEST_CHANGES"):
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(422, "Unprocessable Entity", errors=[f"Can not {verb} your own pull request"])
    body = checks.text(call, "body", resource="PullRequestReview", longest=65_536) or ""
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not fields.get("comments"):
        raise Refusal(422, "Unprocessable Entity", errors=["Body can't be blank"])
    made = pull_deeds.review(call.store, issue, call.login, _EVENTS[event], body)
    for one in fields.get("comments") or []:
        _remark(call, issue, one, made)
    return Reply(body=review_shape(call.store, issue, made, call.base))


def _remark(call: Call, issue: Issue, sent: dict[str, Any], review: Review) -> None:
    body, path = sent.get("body"), sent.get("path")
    if not body or not path:
        raise invalid("PullRequestReviewComment", "body", "missing_field", page="pulls/comments")
    pull_deeds.remark(call.store, issue, review, body, path=path, line=sent.get("line"))
