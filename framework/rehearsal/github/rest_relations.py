"""REST: sub-issues and dependencies, by database id. Older servers have neither."""

from __future__ import annotations

from collections.abc import Callable

from . import checks, relations
from .call import Call, Refusal, Reply, invalid, missing
from .pages import listed
from .records import Issue
from .rest_issues import shown
from .routes import route

_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
_BEFORE = _ISSUE + "/dependencies/blocked_by"


def _issue_of(call: Call) -> Issue:
    if call.store.profile == "ghes":
        raise missing()
    return checks.issue_of(call)


def _other(call: Call, value: object) -> Issue:
    """The issue of a database id; a number of the repository is not one, and is 404."""
    number = int(value) if isinstance(value, int) or str(value).isdecimal() else 0  # type: ignore[call-overload]
    other = call.store.ids.get(number)
    if other is None or not call.store.may(call.store.repo_of(other), call.login, "read"):
        raise missing("issues")
    return other


def _try(deed: Callable[[], None]) -> None:
    try:
        deed()
    except relations.Impossible as why:
        error = {"resource": "Issue", "code": "custom", "message": str(why)}
        raise Refusal(422, f"Validation Failed: {why}", errors=[error]) from None


@route("GET", _ISSUE + "/sub_issues", area="issues")
def _list_sub_issues(call: Call) -> Reply:
    found = relations.children(call.store, _issue_of(call))
    return listed(call, found, lambda one: shown(call, one))


@route("POST", _ISSUE + "/sub_issues", least="triage", area="issues", content=True)
def _add_sub_issue(call: Call) -> Reply:
    parent = _issue_of(call)
    checks.required(call, "sub_issue_id")
    child = _other(call, call.fields["sub_issue_id"])
    if call.store.repo_of(child).owner != call.repo.owner:
        why = "Sub issue must have the same owner"
        raise invalid("Issue", "sub_issue_id", "custom", message=why)
    replace = bool(call.fields.get("replace_parent"))
    _try(lambda: relations.adopt(call.store, parent, child, call.login, replace=replace))
    return Reply(status=201, body=shown(call, parent))


@route("DELETE", _ISSUE + "/sub_issue", least="triage", area="issues")
def _remove_sub_issue(call: Call) -> Reply:
    parent = _issue_of(call)
    checks.required(call, "sub_issue_id")
    child = _other(call, call.fields["sub_issue_id"])
    _try(lambda: relations.orphan(call.store, parent, child, call.login))
    return Reply(body=shown(call, parent))


@route("GET", _ISSUE + "/parent", area="issues")
def _get_parent(call: Call) -> Reply:
    parent = call.store.ids.get(_issue_of(call).parent or 0)
    if parent is None:
        raise missing("issues/sub-issues#get-parent-issue")
    return Reply(body=shown(call, parent))


@route("GET", _BEFORE, area="issues")
def _list_blockers(call: Call) -> Reply:
    found = [call.store.ids[one] for one in _issue_of(call).blocked_by if one in call.store.ids]
    return listed(call, found, lambda one: shown(call, one))


@route("GET", _ISSUE + "/dependencies/blocking", area="issues")
def _list_blocked(call: Call) -> Reply:
    found = relations.blocking(call.store, _issue_of(call))
    return listed(call, found, lambda one: shown(call, one))


@route("POST", _BEFORE, least="triage", area="issues", content=True)
def _add_blocker(call: Call) -> Reply:
    issue = _issue_of(call)
    checks.required(call, "issue_id")
    blocker = _other(call, call.fields["issue_id"])
    _try(lambda: relations.block(call.store, issue, blocker, call.login))
    return Reply(status=201, body=shown(call, blocker))


@route("DELETE", _BEFORE + "/{issue_id}", least="triage", area="issues")
def _remove_blocker(call: Call) -> Reply:
    issue, blocker = _issue_of(call), _other(call, call.params["issue_id"])
    _try(lambda: relations.unblock(call.store, issue, blocker, call.login))
    return Reply(body=shown(call, blocker))
