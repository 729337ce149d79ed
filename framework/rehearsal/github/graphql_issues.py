"""Issues, their comments and their timeline as GraphQL reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from . import relations
from .graphql_ask import Ask, Fields, Reader, always, moment, person, plain, time, when
from .graphql_errors import nobody, unknown
from .graphql_reach import items_of
from .records import Comment, Event, Issue, Repo


def issue_in(ask: Ask, repo: Repo, number: int, kind: str) -> Issue:
    """By number. A pull request is no `Issue`."""
    found = repo.issues.get(number)
    if found is None or (kind == "Issue" and found.pull):
        raise nobody(kind, "number of", number)
    return found


def issues_of(ask: Ask, repo: Repo, args: Mapping[str, Any]) -> dict[str, Any]:
    """A connection of the repository's issues, without its pull requests."""
    wanted = args.get("filterBy") or {}
    for name in ("mentioned", "milestone", "viewerSubscribed"):
        if wanted.get(name):
            raise unknown("IssueFilters", name)
    found = [one for one in repo.issues.values() if not one.pull]
    for keep in _filters(repo, {**args, **wanted}):
        found = [one for one in found if keep(one)]
    found = sorted_by(found, args.get("orderBy"), repo)
    return page_of(ask, found, args, f"{repo.node} issues")


def page_of(ask: Ask, found: Sequence[Any], args: Mapping[str, Any], of: str) -> dict[str, Any]:
    """A connection of records that have a node id."""
    return ask.page(found, args, of, [one.node for one in found])


def _filters(repo: Repo, wanted: Mapping[str, Any]) -> list[Callable[[Issue], bool]]:
    keep: list[Callable[[Issue], bool]] = []
    if states := {one.lower() for one in wanted.get("states") or ()}:
        keep.append(lambda it: it.state in states)
    # Any of the labels: GraphQL's filter is an "or", where REST's is an "and".
    if labels := {one.lower() for one in wanted.get("labels") or ()}:
        keep.append(lambda it: any(one.lower() in labels for one in it.labels))
    if text := wanted.get("since"):
        since = moment(text)
        keep.append(lambda it: it.updated_at >= since)
    if author := wanted.get("createdBy"):
        keep.append(lambda it: it.author.lower() == author.lower())
    if assignee := wanted.get("assignee"):
        keep.append(lambda it: _assigned(it, assignee))
    if number := wanted.get("milestoneNumber"):
        keep.append(
            lambda it: str(it.milestone) == number or (number == "*" and bool(it.milestone))
        )
    return keep


def _assigned(it: Issue, assignee: str) -> bool:
    if assignee == "*":
        return bool(it.assignees)
    return any(one.lower() == assignee.lower() for one in it.assignees)


def sorted_by(found: list[Issue], order: Mapping[str, str] | None, repo: Repo) -> list[Issue]:
    """In IssueOrder; without one the oldest first."""
    field = order["field"] if order else "CREATED_AT"
    key: Callable[[Issue], Any]
    match field:
        case "UPDATED_AT":
            key = _updated
        case "COMMENTS":
            key = _talk(repo)
        case _:
            key = _created
    return sorted(found, key=key, reverse=bool(order and order["direction"] == "DESC"))


def _created(it: Issue) -> Any:
    return it.created_at, it.number


def _updated(it: Issue) -> Any:
    return it.updated_at, it.number


def _talk(repo: Repo) -> Callable[[Issue], Any]:
    said = Counter(one.issue for one in repo.comments.values())
    return lambda it: (said[it.number], it.number)


def repo_of(ask: Ask, it: Issue) -> Repo:
    return ask.store.repo_of(it)


def _url(ask: Ask, it: Issue, args: Mapping[str, Any]) -> str:
    return ask.url(repo_of(ask, it).full_name, "pull" if it.pull else "issues", it.number)


def _labels(ask: Ask, it: Issue, args: Mapping[str, Any]) -> Any:
    repo = repo_of(ask, it)
    found = [repo.labels[name.lower()] for name in it.labels if name.lower() in repo.labels]
    return page_of(ask, found, args, f"{it.node} labels")


def _assignees(ask: Ask, it: Issue, args: Mapping[str, Any]) -> Any:
    found = [user for login in it.assignees if (user := ask.user(login))]
    return page_of(ask, found, args, f"{it.node} assignees")


def _comments(ask: Ask, it: Issue, args: Mapping[str, Any]) -> Any:
    found = [one for one in repo_of(ask, it).comments.values() if one.issue == it.number]
    order = args.get("orderBy")
    if order and order["direction"] == "DESC":
        found.reverse()
    return page_of(ask, found, args, f"{it.node} comments")


def _milestone(ask: Ask, it: Issue, args: Mapping[str, Any]) -> Any:
    return repo_of(ask, it).milestones.get(it.milestone) if it.milestone else None


def _around(name: str, find: Callable[[Ask, Issue], list[Issue]]) -> Reader:
    """A connection of other issues."""
    return lambda ask, it, args: page_of(ask, find(ask, it), args, f"{it.node} {name}")


def _blockers(ask: Ask, it: Issue) -> list[Issue]:
    return [ask.store.ids[one] for one in it.blocked_by if one in ask.store.ids]


def _dependencies(ask: Ask, it: Issue, args: Mapping[str, Any]) -> dict[str, int]:
    before, after = _blockers(ask, it), relations.blocking(ask.store, it)
    return {
        "blockedBy": sum(one.state == "open" for one in before),
        "blocking": sum(one.state == "open" for one in after),
        "totalBlockedBy": len(before),
        "totalBlocking": len(after),
    }


def _children(ask: Ask, it: Issue, args: Mapping[str, Any]) -> dict[str, int]:
    found = relations.children(ask.store, it)
    done = sum(one.state == "closed" for one in found)
    return {
        "total": len(found),
        "completed": done,
        "percentCompleted": done * 100 // len(found) if found else 0,
    }


def _word(event: Event) -> str:
    """REST's word for an event as GraphQL's type."""
    if event.kind == "renamed":
        return "RenamedTitleEvent"
    return "".join(part.title() for part in event.kind.split("-")).replace("_", "") + "Event"


def _enum(type_: str) -> str:
    return "".join(f"_{c}" if c.isupper() else c.upper() for c in type_).lstrip("_")


def _timeline(ask: Ask, it: Issue, args: Mapping[str, Any]) -> Any:
    """Comments and events in their order; `itemTypes` and `since` narrow it."""
    said = [one for one in repo_of(ask, it).comments.values() if one.issue == it.number]
    lines: list[tuple[datetime, int, str, Any]] = [
        (one.created_at, one.id, "IssueComment", one) for one in said
    ]
    lines += [(one.at, one.id, _word(one), _seen(ask, it, one)) for one in it.events]
    if kinds := args.get("itemTypes"):
        lines = [one for one in lines if _enum(one[2]) in kinds]
    if since := args.get("since"):
        lines = [one for one in lines if one[0] >= moment(since)]
    lines.sort(key=lambda line: line[:2])
    lines = lines[args.get("skip") or 0 :]
    found = [one[3] for one in lines]
    keys = [str(one[1]) for one in lines]
    page = ask.page(found, args, f"{it.node} timeline {args.get('itemTypes')}", keys)
    return {**page, "filteredCount": len(found), "pageCount": len(page["nodes"])}


def _seen(ask: Ask, it: Issue, event: Event) -> dict[str, Any]:
    """An event as the object that GraphQL makes of it."""
    repo, details = repo_of(ask, it), event.details
    label = details.get("label", {}).get("name", "")
    rename = details.get("rename", {})
    return {
        "__typename": _word(event),
        "id": event.node,
        "actor": ask.user(event.actor),
        "createdAt": when(event.at),
        "label": repo.labels.get(label.lower()),
        "labelable": it,
        "closable": it,
        "assignable": it,
        "subject": it,
        "assignee": ask.user(details.get("assignee")),
        "user": ask.user(details.get("assignee")),
        "stateReason": reason(details.get("state_reason")),
        "previousTitle": rename.get("from"),
        "currentTitle": rename.get("to"),
        "milestoneTitle": details.get("milestone", {}).get("title", ""),
    }


def reason(word: str | None) -> str | None:
    return word.upper() if word else None


TALK: Mapping[str, Reader] = {
    "id": plain("node"),
    "databaseId": plain("id"),
    "fullDatabaseId": lambda ask, it, args: str(it.id),
    "body": lambda ask, it, args: it.body or "",
    "bodyText": lambda ask, it, args: it.body or "",
    "author": person("author"),
    "createdAt": time("created_at"),
    "updatedAt": time("updated_at"),
    "publishedAt": time("created_at"),
    "reactionGroups": always([]),
    "viewerDidAuthor": lambda ask, it, args: it.author == ask.login,
}
"""What everything that somebody wrote has."""

COMMON: Mapping[str, Reader] = {
    **TALK,
    "number": plain("number"),
    "title": plain("title"),
    "url": _url,
    "resourcePath": lambda ask, it, args: _url(ask, it, args).removeprefix(ask.base),
    "closed": lambda ask, it, args: it.state == "closed",
    "closedAt": time("closed_at"),
    "lastEditedAt": time("edited_at"),
    "editor": person("editor"),
    "includesCreatedEdit": lambda ask, it, args: it.edited_at is not None,
    "authorAssociation": lambda ask, it, args: ask.store.association(repo_of(ask, it), it.author),
    "locked": plain("locked"),
    "activeLockReason": lambda ask, it, args: reason(it.lock_reason),
    "labels": _labels,
    "assignees": _assignees,
    "milestone": _milestone,
    "comments": _comments,
    "repository": lambda ask, it, args: repo_of(ask, it),
    "projectItems": items_of,
    "timelineItems": _timeline,
    "viewerCanUpdate": lambda ask, it, args: (
        it.author == ask.login or ask.may(repo_of(ask, it), "triage")
    ),
}
"""What an issue and a pull request both have."""

FIELDS: Fields = {
    "Issue": {
        **COMMON,
        "state": lambda ask, it, args: it.state.upper(),
        "stateReason": lambda ask, it, args: reason(it.state_reason),
        "parent": lambda ask, it, args: ask.store.ids.get(it.parent),
        "subIssues": _around("subIssues", lambda ask, it: relations.children(ask.store, it)),
        "subIssuesSummary": _children,
        "blockedBy": _around("blockedBy", _blockers),
        "blocking": _around("blocking", lambda ask, it: relations.blocking(ask.store, it)),
        "issueDependenciesSummary": _dependencies,
        "issueType": lambda ask, it, args: repo_of(ask, it).types.get(it.type),
        "viewerCanDelete": lambda ask, it, args: ask.may(repo_of(ask, it), "admin"),
    },
    "IssueType": {
        "id": plain("node"),
        "name": plain("name"),
        "color": lambda ask, it, args: it.color.upper(),
        "description": plain("description"),
        "isEnabled": plain("enabled"),
    },
    "IssueComment": {
        **TALK,
        "issue": lambda ask, it, args: _issue_of(ask, it)[1],
        "repository": lambda ask, it, args: _issue_of(ask, it)[0],
        "authorAssociation": lambda ask, it, args: ask.store.association(
            _issue_of(ask, it)[0], it.author
        ),
        "url": lambda ask, it, args: f"{_url(ask, _issue_of(ask, it)[1], {})}#issuecomment-{it.id}",
    },
}


def _issue_of(ask: Ask, comment: Comment) -> tuple[Repo, Issue]:
    every = ask.store.repos.values()
    repo = next(one for one in every if one.comments.get(comment.id) is comment)
    return repo, repo.issues[comment.issue]
