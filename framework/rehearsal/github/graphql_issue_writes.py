"""The mutations of issues: the same deeds as REST's, with GraphQL's rules and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import deeds, relations
from .graphql_ask import Ask, Deed
from .graphql_errors import Refused, forbidden, unknown, unprocessable
from .records import Issue, IssueType, Label, Milestone, Repo, User

LONGEST_TITLE, LONGEST_BODY, LONGEST_LABEL = 256, 65_536, 50

Given = Mapping[str, Any]


def checked(title: str | None, body: str | None) -> None:
    """Refuse words that GitHub does not take."""
    if title is not None and not title.strip():
        raise unprocessable("Title can't be blank")
    if title is not None and len(title) > LONGEST_TITLE:
        raise unprocessable(f"Title is too long (maximum is {LONGEST_TITLE} characters)")
    if body is not None and len(body) > LONGEST_BODY:
        raise unprocessable(f"Body is too long (maximum is {LONGEST_BODY} characters)")


def logins(ask: Ask, ids: Iterable[str] | None) -> list[str]:
    return [ask.node(one, User).login for one in ids or ()]


def _names(ask: Ask, ids: Iterable[str] | None) -> list[str]:
    return [ask.node(one, Label).name for one in ids or ()]


def _number(ask: Ask, id_: str | None) -> int | None:
    return ask.node(id_, Milestone).number if id_ else None


def _create(ask: Ask, given: Given) -> dict[str, Any]:
    """Labels, people and the milestone of somebody who may not push are dropped, silently."""
    repo: Repo = ask.node(given["repositoryId"], Repo)
    ask.need(repo, "read")
    if not repo.has_issues:
        raise unprocessable("Issues are disabled for this repo")
    if given.get("projectIds") or given.get("issueTemplate"):
        raise unknown("CreateIssueInput", "projectIds, issueTemplate")
    checked(given["title"], given.get("body"))
    labels, people = _names(ask, given.get("labelIds")), logins(ask, given.get("assigneeIds"))
    milestone = _number(ask, given.get("milestoneId"))
    kind = ask.node(given["issueTypeId"], IssueType) if given.get("issueTypeId") else None
    parent = ask.issue(given["parentIssueId"]) if given.get("parentIssueId") else None
    issue = ask.store.add_issue(repo, ask.login, given["title"].strip(), given.get("body"))
    if ask.may(repo, "triage"):
        deeds.label(ask.store, issue, labels, ask.login)
        deeds.assign(ask.store, issue, people, ask.login)
        deeds.plan(ask.store, issue, milestone, ask.login)
        issue.type = kind.name if kind else None
    if parent:
        _related(lambda: relations.adopt(ask.store, parent, issue, ask.login))
    return {"issue": issue}


def _own_or(ask: Ask, issue: Issue) -> Repo:
    """The issue's repository, where the author may do what others need a role for."""
    repo = ask.store.repo_of(issue)
    ask.need(repo, "read" if issue.author == ask.login else "triage")
    return repo


def _update(ask: Ask, given: Given) -> dict[str, Any]:
    """`labelIds` and `assigneeIds` replace the whole list; what is not named stays."""
    issue = ask.issue(given["id"])
    repo = _own_or(ask, issue)
    checked(given.get("title"), given.get("body"))
    labels, people = _names(ask, given.get("labelIds")), logins(ask, given.get("assigneeIds"))
    milestone = _number(ask, given.get("milestoneId"))
    store, login = ask.store, ask.login
    if given.get("title") is not None:
        deeds.retitle(store, issue, given["title"].strip(), login)
    if given.get("body") is not None:
        deeds.rewrite(store, issue, given["body"], login)
    if ask.may(repo, "triage"):
        if given.get("labelIds") is not None:
            deeds.unlabel(store, issue, set(issue.labels) - set(labels), login)
            deeds.label(store, issue, labels, login)
        if given.get("assigneeIds") is not None:
            deeds.unassign(store, issue, set(issue.assignees) - set(people), login)
            deeds.assign(store, issue, people, login)
        if "milestoneId" in given:
            deeds.plan(store, issue, milestone, login)
    if given.get("state") == "CLOSED":
        deeds.close(store, issue, login)
    elif given.get("state") == "OPEN":
        deeds.reopen(store, issue, login)
    return {"issue": issue, "actor": ask.user(login)}


def _close(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["issueId"])
    _own_or(ask, issue)
    if given.get("duplicateIssueId"):
        ask.issue(given["duplicateIssueId"])
    reason = (given.get("stateReason") or "COMPLETED").lower()
    deeds.close(ask.store, issue, ask.login, reason)
    return {"issue": issue}


def _reopen(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["issueId"])
    _own_or(ask, issue)
    deeds.reopen(ask.store, issue, ask.login)
    return {"issue": issue}


def _delete(ask: Ask, given: Given) -> dict[str, Any]:
    """For ever: its number is not used again, and its cards go from all boards."""
    issue = ask.issue(given["issueId"])
    repo = ask.store.repo_of(issue)
    ask.need(repo, "read")
    if not ask.may(repo, "admin"):
        raise forbidden(ask.login, ask.deed)
    relations.delete(ask.store, issue, ask.login)
    for board in ask.store.projects.values():
        board["items"] = [one for one in board["items"] if one["content"] != issue.node]
    return {"repository": repo}


def _comment(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["subjectId"])
    repo = ask.store.repo_of(issue)
    ask.need(repo, "read")
    if issue.locked and not ask.may(repo, "write"):
        raise forbidden(ask.login, ask.deed)
    checked(None, given["body"])
    if not given["body"].strip():
        raise unprocessable("Body can't be blank")
    comment = deeds.say(ask.store, issue, ask.login, given["body"])
    edge = {"node": comment, "cursor": str(comment.id)}
    return {"commentEdge": edge, "subject": issue, "timelineEdge": edge}


def _label(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["labelableId"])
    ask.need(ask.store.repo_of(issue), "triage")
    deeds.label(ask.store, issue, _names(ask, given["labelIds"]), ask.login)
    return {"labelable": issue}


def _unlabel(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["labelableId"])
    ask.need(ask.store.repo_of(issue), "triage")
    deeds.unlabel(ask.store, issue, _names(ask, given["labelIds"]), ask.login)
    return {"labelable": issue}


def _make_label(ask: Ask, given: Given) -> dict[str, Any]:
    """One that is there in any case is UNPROCESSABLE."""
    repo: Repo = ask.node(given["repositoryId"], Repo)
    ask.need(repo, "write")
    name = given["name"].strip()
    if not name or len(name) > LONGEST_LABEL:
        raise unprocessable("Name can't be blank or longer than 50 characters")
    if name.lower() in repo.labels:
        raise unprocessable("Name has already been taken")
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", given["color"]):
        raise unprocessable("Color must be a 6 character hex code")
    label = ask.store.add_label(repo, name, given["color"].lower(), given.get("description"))
    ask.store.tell(repo, "label", "created", ask.login, label={"name": name})
    return {"label": label}


def _assign(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["assignableId"])
    ask.need(ask.store.repo_of(issue), "triage")
    deeds.assign(ask.store, issue, logins(ask, given["assigneeIds"]), ask.login)
    return {"assignable": issue}


def _unassign(ask: Ask, given: Given) -> dict[str, Any]:
    issue = ask.issue(given["assignableId"])
    ask.need(ask.store.repo_of(issue), "triage")
    deeds.unassign(ask.store, issue, logins(ask, given["assigneeIds"]), ask.login)
    return {"assignable": issue}


def _pair(ask: Ask, given: Given, other: str) -> tuple[Issue, Issue]:
    issue, second = ask.issue(given["issueId"]), ask.issue(given[other])
    ask.need(ask.store.repo_of(issue), "triage")
    if issue.pull or second.pull:
        raise unprocessable("Only issues can depend on each other")
    return issue, second


def _related(do: Callable[[], None]) -> None:
    try:
        do()
    except relations.Impossible as impossible:
        raise unprocessable(str(impossible)) from None


def _block(ask: Ask, given: Given) -> dict[str, Any]:
    issue, blocker = _pair(ask, given, "blockingIssueId")
    _related(lambda: relations.block(ask.store, issue, blocker, ask.login))
    return {"issue": issue, "blockingIssue": blocker}


def _unblock(ask: Ask, given: Given) -> dict[str, Any]:
    issue, blocker = _pair(ask, given, "blockingIssueId")
    _related(lambda: relations.unblock(ask.store, issue, blocker, ask.login))
    return {"issue": issue, "blockingIssue": blocker}


def _add_child(ask: Ask, given: Given) -> dict[str, Any]:
    if not given.get("subIssueId"):
        raise Refused("NOT_IMPLEMENTED", "The double finds sub-issues by subIssueId only")
    parent, child = _pair(ask, given, "subIssueId")
    replace = bool(given.get("replaceParent"))
    _related(lambda: relations.adopt(ask.store, parent, child, ask.login, replace=replace))
    return {"issue": parent, "subIssue": child}


def _remove_child(ask: Ask, given: Given) -> dict[str, Any]:
    parent, child = _pair(ask, given, "subIssueId")
    _related(lambda: relations.orphan(ask.store, parent, child, ask.login))
    return {"issue": parent, "subIssue": child}


DEEDS: Mapping[str, Deed] = {
    "createIssue": _create,
    "updateIssue": _update,
    "closeIssue": _close,
    "reopenIssue": _reopen,
    "deleteIssue": _delete,
    "addComment": _comment,
    "createLabel": _make_label,
    "addLabelsToLabelable": _label,
    "removeLabelsFromLabelable": _unlabel,
    "addAssigneesToAssignable": _assign,
    "removeAssigneesFromAssignable": _unassign,
    "addBlockedBy": _block,
    "removeBlockedBy": _unblock,
    "addSubIssue": _add_child,
    "removeSubIssue": _remove_child,
}
