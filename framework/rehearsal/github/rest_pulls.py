"""REST: pull requests and their merging, in a real repository."""

from __future__ import annotations

from typing import Any

from . import bare, checks, deeds, merging
from .call import Call, Refusal, Reply, invalid, missing
from .opening import open_pull
from .pages import listed
from .pull_shapes import full_pull_shape, pull_shape
from .records import Issue
from .routes import route
from .shapes import user_shape

_PULLS = "/repos/{owner}/{repo}/pulls"
_PULL = _PULLS + "/{pull_number}"
_AREA = "pull_requests"


def pull_issue(call: Call) -> Issue:
    """The pull request that the path names, with every push noticed; 404 for an issue."""
    merging.catch_up(call.store, call.repo)
    value = call.params["pull_number"]
    issue = call.repo.issues.get(int(value) if value.isdecimal() else 0)
    if issue is None or issue.pull is None:
        raise missing("pulls/pulls#get-a-pull-request")
    return issue


def _full(call: Call, issue: Issue) -> dict[str, Any]:
    return full_pull_shape(call.store, issue, call.login, call.base, call.tally, _size(call, issue))


def _short(call: Call, issue: Issue) -> dict[str, Any]:
    return pull_shape(call.store, issue, call.login, call.base, call.tally)


def _size(call: Call, issue: Issue) -> tuple[int, int, int, int]:
    pull, path = merging.pull_of(issue), call.repo.path
    if path is None or bare.commit(path, pull.head_sha) is None:
        return 0, 0, 0, 0
    span = (pull.base_sha, pull.head_sha)
    commits = int(bare.git(path, "rev-list", "--count", "..".join(span)))
    lines = [line.split("\t") for line in _numbers(call, span)]
    added = sum(int(line[0]) for line in lines if line[0].isdecimal())
    removed = sum(int(line[1]) for line in lines if line[1].isdecimal())
    return commits, added, removed, len(lines)


def _numbers(call: Call, span: tuple[str, str]) -> list[str]:
    assert call.repo.path is not None, "only pull requests have changes, and they are in git"
    return bare.git(call.repo.path, "diff", "--numstat", "...".join(span)).splitlines()


@route("GET", _PULLS, area=_AREA)
def _list(call: Call) -> Reply:
    merging.catch_up(call.store, call.repo)
    query, state = call.query, call.query.get("state", "open")
    head = query.get("head", "").rpartition(":")[2] if ":" in query.get("head", "") else ""
    chosen = [
        issue
        for issue in call.repo.issues.values()
        if issue.pull
        and state in ("all", issue.state)
        and query.get("base", issue.pull.base) == issue.pull.base
        and (not head or issue.pull.head == head)
    ]
    by_update = query.get("sort") == "updated"
    chosen.sort(key=lambda one: (one.updated_at if by_update else one.created_at, one.number))
    if query.get("direction", "asc" if query.get("sort") else "desc") == "desc":
        chosen.reverse()
    return listed(call, chosen, lambda one: _short(call, one))


@route("GET", _PULL, area=_AREA)
def _get(call: Call) -> Reply:
    return Reply(body=_full(call, pull_issue(call)))


@route("POST", _PULLS, least="write", area=_AREA, content=True)
def _create(call: Call) -> Reply:
    checks.required(call, "head", "base")
    title = checks.text(call, "title", resource="PullRequest", longest=256, blank=False)
    body = checks.text(call, "body", resource="PullRequest", longest=65_536)
    if title is None:
        raise invalid("PullRequest", "title", "missing_field", page="pulls/pulls")
    issue = open_pull(
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
    issue, fields = pull_issue(call), call.fields
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


@route("GET", _PULL + "/merge", area=_AREA)
def _is_merged(call: Call) -> Reply:
    if not merging.pull_of(pull_issue(call)).merged:
        raise missing("pulls/pulls#check-if-a-pull-request-has-been-merged")
    return Reply(status=204)


@route("PUT", _PULL + "/merge", least="write", area="contents", content=True)
def _merge(call: Call) -> Reply:
    """Rebasing is switched off in this repository; merge and squash are real."""
    issue, fields = pull_issue(call), call.fields
    checks.choice(call, "merge_method", ("merge", "squash", "rebase"))
    if fields.get("merge_method") == "rebase":
        raise Refusal(405, "Rebase merges are not allowed on this repository.", page="pulls/pulls")
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


@route("GET", _PULL + "/files", area=_AREA)
def _files(call: Call) -> Reply:
    pull = merging.pull_of(pull_issue(call))
    return listed(
        call, _numbers(call, (pull.base_sha, pull.head_sha)), lambda one: _file(call, one)
    )


def _file(call: Call, line: str) -> dict[str, Any]:
    added, removed, name = line.split("\t", 2)
    counts = [int(one) if one.isdecimal() else 0 for one in (added, removed)]
    url = f"{call.base}/{call.repo.full_name}/blob/{name}"
    return {
        "sha": None,
        "filename": name,
        "status": "modified",
        "additions": counts[0],
        "deletions": counts[1],
        "changes": sum(counts),
        "blob_url": url,
        "raw_url": url,
        "contents_url": url,
    }


# Who is asked to review.


def _logins(call: Call) -> list[str]:
    logins = call.fields.get("reviewers") or []
    for login in logins:
        if not checks.assignable(call, call.repo, login):
            why = "Reviews may only be requested from collaborators. One or more of the users or "
            raise Refusal(422, why + "teams you specified is not a collaborator of the repository.")
    return [str(login) for login in logins]


@route("GET", _PULL + "/requested_reviewers", area=_AREA)
def _requested(call: Call) -> Reply:
    pull = merging.pull_of(pull_issue(call))
    people = [user_shape(call.store, login, call.base) for login in pull.requested]
    return Reply(body={"users": people, "teams": []})


@route("POST", _PULL + "/requested_reviewers", least="write", area=_AREA, content=True)
def _request(call: Call) -> Reply:
    issue, logins = pull_issue(call), _logins(call)
    pull = merging.pull_of(issue)
    if issue.author.lower() in [login.lower() for login in logins]:
        raise Refusal(422, "Review cannot be requested from pull request author.")
    for login in logins:
        if login not in pull.requested:
            pull.requested.append(login)
            deeds.happened(call.store, issue, "review_requested", call.login)
    return Reply(status=201, body=_short(call, issue))


@route("DELETE", _PULL + "/requested_reviewers", least="write", area=_AREA)
def _unrequest(call: Call) -> Reply:
    issue, logins = pull_issue(call), _logins(call)
    pull = merging.pull_of(issue)
    pull.requested = [login for login in pull.requested if login not in logins]
    return Reply(body=_short(call, issue))
