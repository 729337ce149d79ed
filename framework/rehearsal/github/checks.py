"""What GitHub refuses in the fields of an issue, a comment or a label, in its own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .call import Call, Refusal, invalid, missing
from .records import Issue

LONGEST_TITLE, LONGEST_BODY, LONGEST_LABEL = 256, 65_536, 50
_PAGE = "issues/issues"


def issue_of(call: Call) -> Issue:
    """The issue (or pull request) that the path names; 404, or 410 where it was deleted."""
    value = call.params["issue_number"]
    number = int(value) if value.isdecimal() else 0
    if number in call.repo.deleted:
        raise Refusal(410, "This issue was deleted", page=f"{_PAGE}#get-an-issue")
    issue = call.repo.issues.get(number)
    if issue is None:
        raise missing(f"{_PAGE}#get-an-issue")
    if not issue.pull:
        enabled(call)
    return issue


def enabled(call: Call) -> None:
    """410 where the repository has no issues."""
    if not call.repo.has_issues:
        raise Refusal(410, "Issues are disabled for this repo", page=_PAGE)


def text(call: Call, name: str, *, resource: str, longest: int, blank: bool = True) -> str | None:
    """A text field that may be missing or null; 422 where it is no text, too long or blank."""
    value = call.fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal(422, f'Invalid request.\n\nFor "{name}", {value!r} is not a string.')
    if len(value) > longest:
        why = f"{name} is too long (maximum is {longest} characters)"
        raise invalid(resource, name, "custom", message=why, page=_PAGE)
    if not blank and not value.strip():
        raise invalid(resource, name, "missing_field", page=_PAGE)
    return value


def required(call: Call, *names: str) -> None:
    """422 where one of the fields was not sent at all."""
    absent = [name for name in names if name not in call.fields]
    if absent:
        words = "\n".join(f'"{name}" wasn\'t supplied.' for name in absent)
        raise Refusal(422, f"Invalid request.\n\n{words}", page=_PAGE)


def choice(call: Call, name: str, allowed: Iterable[str | None]) -> None:
    """422 where a field that was sent is none of `allowed`."""
    known = list(allowed)
    if name in call.fields and call.fields[name] not in known:
        words = ", ".join(str(one) for one in known if one)
        said = call.fields[name]
        raise Refusal(422, f'Invalid request.\n\nFor "{name}", {said!r} is not one of: {words}.')


def names(value: Any) -> list[str]:
    """Labels as GitHub takes them: names, or objects with a name."""
    items = value if isinstance(value, list) else [value]
    found = [one.get("name") if isinstance(one, dict) else one for one in items]
    for one in found:
        if not isinstance(one, str) or not one.strip():
            raise invalid("Issue", "labels", "invalid", value=one, page=_PAGE)
        if len(one) > LONGEST_LABEL:
            why = f"name is too long (maximum is {LONGEST_LABEL} characters)"
            raise invalid("Label", "name", "custom", message=why, page=_PAGE)
    return [str(one) for one in found]


def _is_assignable(call: Call, login: str) -> bool:
    """Whether GitHub would take this person as an assignee: who has a role in the repository."""
    known = {name.lower() for name in call.repo.permissions} | {call.repo.owner.lower()}
    return call.store.user(login) is not None and login.lower() in known


def people(call: Call) -> list[str]:
    """The assignees that were sent; 422 for somebody who cannot be one."""
    sent = call.fields.get("assignees") or []
    single = call.fields.get("assignee")
    logins = [*([sent] if isinstance(sent, str) else sent), *([single] if single else [])]
    for login in logins:
        if not isinstance(login, str) or not _is_assignable(call, login):
            raise invalid("Issue", "assignees", "invalid", value=login, page=_PAGE)
    return logins


def milestone(call: Call) -> int | None:
    """The milestone that was sent, None for null; 422 for one that is not there."""
    value = call.fields.get("milestone")
    if value is None:
        return None
    number = int(value) if str(value).isdecimal() else 0
    if number not in call.repo.milestones:
        raise invalid("Issue", "milestone", "invalid", value=value, page=_PAGE)
    return number


def issue_type(call: Call) -> str | None:
    """The name of the issue type that was sent, None for null; 422 for one that is not there."""
    value = call.fields.get("type")
    if value is not None and value not in call.repo.types:
        raise invalid("Issue", "type", "invalid", value=value, page=_PAGE)
    return value
