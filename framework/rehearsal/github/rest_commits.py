"""REST: commits, their statuses and check runs."""

from __future__ import annotations

from typing import Any

from . import bare, checks, ci
from .call import Call, Refusal, Reply, invalid, missing
from .pages import listed, paged
from .pull_shapes import check_shape, status_shape
from .records import CheckRun
from .routes import route
from .shapes import repo_shape, repo_url

_REPO = "/repos/{owner}/{repo}"
_RUN = _REPO + "/check-runs/{check_run_id}"
_STATES = ("error", "failure", "pending", "success")
_CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped")


def _sha(call: Call, name: str = "ref") -> str:
    """The commit that the path names by hash, branch or tag; 422 as GitHub says it."""
    word = call.params[name]
    sha = bare.commit(call.repo.path, word.removeprefix("heads/"))
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {word}", page="commits/commits")
    return sha


@route("GET", _REPO + "/commits/{ref*}/status", area="statuses")
def _combined(call: Call) -> Reply:
    sha = _sha(call)
    state, newest = ci.combined([one for one in call.repo.statuses if one.sha == sha])
    items, headers = paged(call, newest)
    url = f"{repo_url(call.repo, call.base)}/commits/{sha}"
    shapes = [status_shape(call.store, call.repo, one, call.base) for one in items]
    for shape in shapes:
        del shape["creator"]
    body = {
        "state": state,
        "statuses": shapes,
        "sha": sha,
        "total_count": len(newest),
        "repository": repo_shape(call.store, call.repo, call.login, call.base),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Reply(body=body, headers=headers)


@route("GET", _REPO + "/commits/{ref*}/statuses", area="statuses")
def _statuses(call: Call) -> Reply:
    sha = _sha(call)
    said = [one for one in reversed(call.repo.statuses) if one.sha == sha]
    return listed(call, said, lambda one: status_shape(call.store, call.repo, one, call.base))


@route("POST", _REPO + "/statuses/{sha}", least="write", area="statuses")
def _add_status(call: Call) -> Reply:
    checks.required(call, "state")
    checks.choice(call, "state", _STATES)
    fields = call.fields
    made = ci.add_status(
        call.store,
        call.repo,
        _sha(call, "sha"),
        fields["state"],
        fields.get("context") or "default",
        creator=call.login,
        description=fields.get("description"),
        target_url=fields.get("target_url"),
    )
    return Reply(status=201, body=status_shape(call.store, call.repo, made, call.base))


@route("GET", _REPO + "/commits/{ref*}/check-runs", area="checks")
def _runs(call: Call) -> Reply:
    """`filter=latest` is the default: the newest run of each name."""
    sha, query = _sha(call), call.query
    runs = [one for one in call.repo.checks.values() if one.sha == sha]
    if query.get("filter", "latest") == "latest":
        runs = list({one.name: one for one in runs}.values())
    runs = [
        one
        for one in runs
        if query.get("check_name", one.name) == one.name
        and query.get("status", one.status) == one.status
    ]
    items, headers = paged(call, runs)
    shapes = [check_shape(call.repo, one, call.base) for one in items]
    return Reply(body={"total_count": len(runs), "check_runs": shapes}, headers=headers)


def _run_of(call: Call) -> CheckRun:
    value = call.params["check_run_id"]
    run = call.repo.checks.get(int(value) if value.isdecimal() else 0)
    if run is None:
        raise missing("checks/runs#get-a-check-run")
    return run


@route("GET", _RUN, area="checks")
def _run(call: Call) -> Reply:
    return Reply(body=check_shape(call.repo, _run_of(call), call.base))


@route("GET", _RUN + "/annotations", area="checks")
def _annotations(call: Call) -> Reply:
    return listed(call, _run_of(call).annotations, _annotation)


def _annotation(one: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
    line = one.get("start_line", 1)
    return {"start_line": line, "end_line": line, "blob_href": "", **empty, **one}


def _app_only(call: Call) -> None:
    """People's tokens may read check runs; only Apps write them."""
    user = call.store.user(call.login)
    if user is None or user.kind != "Bot":
        raise Refusal(403, "You must authenticate via a GitHub App.", page="checks/runs")


@route("POST", _REPO + "/check-runs", least="write", area="checks")
def _add_run(call: Call) -> Reply:
    _app_only(call)
    checks.required(call, "name", "head_sha")
    checks.choice(call, "conclusion", (*_CONCLUSIONS, "timed_out", None))
    fields, output = call.fields, call.fields.get("output") or {}
    if bare.commit(call.repo.path, str(fields["head_sha"])) is None:
        raise invalid("CheckRun", "head_sha", "invalid", page="checks/runs")
    made = ci.add_check(
        call.store,
        call.repo,
        fields["head_sha"],
        fields["name"],
        fields.get("status", "queued"),
        fields.get("conclusion"),
        details_url=fields.get("details_url"),
        external_id=fields.get("external_id", ""),
        title=output.get("title"),
        summary=output.get("summary"),
        text=output.get("text"),
        annotations=output.get("annotations") or [],
    )
    return Reply(status=201, body=check_shape(call.repo, made, call.base))


@route("PATCH", _RUN, least="write", area="checks")
def _change_run(call: Call) -> Reply:
    _app_only(call)
    checks.choice(call, "conclusion", (*_CONCLUSIONS, "timed_out"))
    run = _run_of(call)
    run.status = call.fields.get("status", run.status)
    if "conclusion" in call.fields:
        ci.conclude(call.store, call.repo, run, call.fields["conclusion"])
    return Reply(body=check_shape(call.repo, run, call.base))
