"""REST: labels, milestones and assignees of a repository."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from . import checks, deeds
from .call import Call, Reply, invalid, missing
from .pages import listed
from .records import Label, Milestone
from .routes import route
from .shapes import label_shape, milestone_shape, user_shape

_REPO = "/repos/{owner}/{repo}"
_LABEL, _MILESTONE = _REPO + "/labels/{name*}", _REPO + "/milestones/{milestone_number}"


def _label_of(call: Call) -> Label:
    label = call.repo.labels.get(call.params["name"].lower())
    if label is None:
        raise missing("issues/labels#get-a-label")
    return label


def _shape(call: Call, label: Label) -> dict[str, Any]:
    return label_shape(call.repo, label, call.base)


@route("GET", _REPO + "/labels", area="issues")
def _list_labels(call: Call) -> Reply:
    return listed(call, list(call.repo.labels.values()), lambda one: _shape(call, one))


@route("POST", _REPO + "/labels", least="write", area="issues", content=True)
def _create_label(call: Call) -> Reply:
    """A name that is there in any case is 422 already_exists."""
    checks.required(call, "name")
    name = _name(call, "name")
    if name.lower() in call.repo.labels:
        raise invalid("Label", "name", "already_exists", page="issues/labels#create-a-label")
    color, words = _color(call, "ededed"), call.fields.get("description")
    label = call.store.add_label(call.repo, name, color, words)
    call.store.tell(call.repo, "label", "created", call.login, label=_shape(call, label))
    return Reply(status=201, body=_shape(call, label))


def _name(call: Call, field: str) -> str:
    value = checks.text(call, field, resource="Label", longest=50, blank=False)
    if value is None:
        raise invalid("Label", "name", "missing_field", page="issues/labels")
    return value.strip()


def _color(call: Call, otherwise: str) -> str:
    color = call.fields.get("color", otherwise)
    if not isinstance(color, str) or not re.fullmatch(r"[0-9A-Fa-f]{6}", color):
        raise invalid("Label", "color", "invalid", page="issues/labels")
    words = call.fields.get("description") or ""
    if len(words) > 100:
        why = "description is too long (maximum is 100 characters)"
        raise invalid("Label", "description", "custom", message=why, page="issues/labels")
    return color.lower()


@route("PATCH", _LABEL, least="write", area="issues")
def _change_label(call: Call) -> Reply:
    """Renaming renames it on every issue."""
    label, fields = _label_of(call), call.fields
    name = _name(call, "new_name") if "new_name" in fields else label.name
    if name.lower() != label.name.lower() and name.lower() in call.repo.labels:
        raise invalid("Label", "name", "already_exists", page="issues/labels#update-a-label")
    label.color = _color(call, label.color)
    label.description = fields.get("description", label.description)
    _rename(call, label, name)
    call.store.tell(call.repo, "label", "edited", call.login, label=_shape(call, label))
    return Reply(body=_shape(call, label))


def _rename(call: Call, label: Label, name: str) -> None:
    old, label.name = label.name, name
    del call.repo.labels[old.lower()]
    call.repo.labels[name.lower()] = label
    for issue in call.repo.issues.values():
        issue.labels = [name if one == old else one for one in issue.labels]


@route("DELETE", _LABEL, least="write", area="issues")
def _delete_label(call: Call) -> Reply:
    label = _label_of(call)
    call.store.tell(call.repo, "label", "deleted", call.login, label=_shape(call, label))
    del call.repo.labels[label.name.lower()]
    for issue in call.repo.issues.values():
        issue.labels = [one for one in issue.labels if one != label.name]
    return Reply(status=204)


@route("POST", _REPO + "/issues/{issue_number}/labels", least="triage", area="issues")
def _add_labels(call: Call) -> Reply:
    """To those that the issue has; unknown ones are made. The answer is all of them."""
    issue, body = checks.issue_of(call), call.body
    sent = body.get("labels", []) if isinstance(body, dict) else body
    deeds.label(call.store, issue, checks.names(sent or []), call.login)
    held = [call.repo.labels[name.lower()] for name in issue.labels]
    return listed(call, held, lambda one: _shape(call, one))


@route("GET", _REPO + "/assignees", area="issues")
def _list_assignees(call: Call) -> Reply:
    logins = dict.fromkeys([call.repo.owner, *call.repo.permissions])
    known = [login for login in logins if call.store.user(login)]
    return listed(call, known, lambda one: user_shape(call.store, one, call.base))


# Milestones.


def _milestone_of(call: Call) -> Milestone:
    value = call.params["milestone_number"]
    milestone = call.repo.milestones.get(int(value) if value.isdecimal() else 0)
    if milestone is None:
        raise missing("issues/milestones#get-a-milestone")
    return milestone


def _goal(call: Call, milestone: Milestone) -> dict[str, Any]:
    return milestone_shape(call.store, call.repo, milestone, call.base, call.tally)


@route("GET", _REPO + "/milestones", area="issues")
def _list_milestones(call: Call) -> Reply:
    state = call.query.get("state", "open")
    chosen = [one for one in call.repo.milestones.values() if state in ("all", one.state)]
    return listed(call, chosen, lambda one: _goal(call, one))


@route("POST", _REPO + "/milestones", least="write", area="issues", content=True)
def _create_milestone(call: Call) -> Reply:
    checks.required(call, "title")
    title = checks.text(call, "title", resource="Milestone", longest=255, blank=False)
    if title is None or title in {one.title for one in call.repo.milestones.values()}:
        raise invalid("Milestone", "title", "already_exists", page="issues/milestones")
    milestone = call.store.add_milestone(call.repo, title, call.login)
    _fill(call, milestone)
    goal = _goal(call, milestone)
    call.store.tell(call.repo, "milestone", "created", call.login, milestone=goal)
    return Reply(status=201, body=goal)


def _fill(call: Call, milestone: Milestone) -> None:
    fields = call.fields
    checks.choice(call, "state", ("open", "closed"))
    if "due_on" in fields:
        milestone.due_on = _day(fields["due_on"])
    milestone.description = fields.get("description", milestone.description)
    if fields.get("state", milestone.state) != milestone.state:
        milestone.state = fields["state"]
        closed = milestone.state == "closed"
        milestone.closed_at = call.store.clock.second() if closed else None
    milestone.updated_at = call.store.clock.second()


def _day(value: Any) -> datetime | None:
    """GitHub keeps a due date as a day; it comes back as that day's start."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise invalid("Milestone", "due_on", "invalid", value=value) from None
    return at.astimezone(UTC).replace(microsecond=0)


@route("PATCH", _MILESTONE, least="write", area="issues")
def _change_milestone(call: Call) -> Reply:
    milestone = _milestone_of(call)
    title = checks.text(call, "title", resource="Milestone", longest=255, blank=False)
    if title in {one.title for one in call.repo.milestones.values() if one is not milestone}:
        raise invalid("Milestone", "title", "already_exists", page="issues/milestones")
    milestone.title = title or milestone.title
    _fill(call, milestone)
    return Reply(body=_goal(call, milestone))


@route("DELETE", _MILESTONE, least="write", area="issues")
def _delete_milestone(call: Call) -> Reply:
    milestone = _milestone_of(call)
    del call.repo.milestones[milestone.number]
    for issue in call.repo.issues.values():
        if issue.milestone == milestone.number:
            deeds.plan(call.store, issue, None, call.login)
    return Reply(status=204)
