"""People, organisations and repositories as GraphQL reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .graphql_ask import Ask, Fields, Reader, always, person, plain, time, when
from .graphql_errors import nobody
from .graphql_issues import issue_in, issues_of, page_of
from .graphql_pulls import pull_in, pulls_of, ref
from .graphql_reach import boards_of_owner, boards_of_repo, owned_board, repo_board
from .records import Label, Milestone, Repo

_ACCOUNT: Mapping[str, Reader] = {
    "id": plain("node"),
    "databaseId": plain("id"),
    "login": plain("login"),
    "url": lambda ask, it, args: ask.url(it.login),
    "resourcePath": lambda ask, it, args: f"/{it.login}",
    "avatarUrl": lambda ask, it, args: ask.url(f"{it.login}.png"),
}
_OWNER: Mapping[str, Reader] = {
    **_ACCOUNT,
    "name": plain("login"),
    "projectsV2": boards_of_owner,
    "projectV2": owned_board,
    "repository": lambda ask, it, args: repository(ask, {"owner": it.login, **args}),
    "viewerCanCreateProjects": lambda ask, it, args: it.login == ask.login,
}


def repository(ask: Ask, args: Mapping[str, Any]) -> Repo:
    """By owner and name, its former name too."""
    owner, name = args["owner"], args["name"]
    found = ask.store.repo(owner, name)
    if found is None and args.get("followRenames", True):
        found = ask.store.renamed(owner, name)
    if found is None or not ask.sees(found):
        raise nobody("Repository", "name", f"{owner}/{name}")
    return found


def _labels(ask: Ask, it: Repo, args: Mapping[str, Any]) -> Any:
    query = (args.get("query") or "").lower()
    found = [one for one in it.labels.values() if query in one.name.lower()]
    return ask.page(found, args, f"{it.node} labels", [one.node for one in found])


def _milestones(ask: Ask, it: Repo, args: Mapping[str, Any]) -> Any:
    states = {state.lower() for state in args.get("states") or ("OPEN", "CLOSED")}
    found = [one for one in it.milestones.values() if one.state in states]
    return ask.page(found, args, f"{it.node} milestones", [one.node for one in found])


def _assignable(ask: Ask, it: Repo, args: Mapping[str, Any]) -> Any:
    users = [one for one in ask.store.users.values() if one.kind == "User"]
    found = [one for one in users if ask.store.may(it, one.login, "triage")]
    return ask.page(found, args, f"{it.node} assignable", [one.node for one in found])


def _ref(ask: Ask, it: Repo, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """By its full name (refs/heads/main) or a branch's name."""
    return ref(it, args["qualifiedName"].removeprefix("refs/heads/"))


def _organisation(ask: Ask, it: Repo, args: Mapping[str, Any]) -> bool:
    owner = ask.user(it.owner)
    return owner is not None and owner.kind == "Organization"


def _permission(ask: Ask, it: Repo, args: Mapping[str, Any]) -> str | None:
    found = ask.store.permission(it, ask.login)
    return None if found == "none" else found.upper()


_REPOSITORY: Mapping[str, Reader] = {
    "id": plain("node"),
    "databaseId": plain("id"),
    "name": plain("name"),
    "nameWithOwner": plain("full_name"),
    "owner": person("owner"),
    "description": plain("description"),
    "url": lambda ask, it, args: ask.url(it.full_name),
    "resourcePath": lambda ask, it, args: f"/{it.full_name}",
    "sshUrl": lambda ask, it, args: f"git@github.com:{it.full_name}.git",
    "createdAt": time("created_at"),
    "updatedAt": time("updated_at"),
    "pushedAt": time("updated_at"),
    "isArchived": plain("archived"),
    "isPrivate": plain("private"),
    "isFork": always(False),
    "isEmpty": always(False),
    "isTemplate": always(False),
    "isDisabled": always(False),
    "parent": always(None),
    "visibility": lambda ask, it, args: "PRIVATE" if it.private else "PUBLIC",
    "isInOrganization": _organisation,
    "hasIssuesEnabled": plain("has_issues"),
    "hasProjectsEnabled": always(True),
    "hasWikiEnabled": always(False),
    "hasDiscussionsEnabled": always(False),
    "viewerPermission": _permission,
    "viewerCanAdminister": lambda ask, it, args: ask.may(it, "admin"),
    "viewerDefaultMergeMethod": always("MERGE"),
    "mergeCommitAllowed": lambda ask, it, args: "merge" in it.methods,
    "squashMergeAllowed": lambda ask, it, args: "squash" in it.methods,
    "rebaseMergeAllowed": lambda ask, it, args: "rebase" in it.methods,
    "autoMergeAllowed": always(False),
    "deleteBranchOnMerge": always(False),
    "defaultBranchRef": lambda ask, it, args: ref(it, it.default_branch),
    "ref": _ref,
    "assignableUsers": _assignable,
    "issue": lambda ask, it, args: issue_in(ask, it, args["number"], "Issue"),
    "pullRequest": lambda ask, it, args: pull_in(ask, it, args["number"]),
    "issueOrPullRequest": lambda ask, it, args: issue_in(
        ask, it, args["number"], "issue or pull request"
    ),
    "issues": lambda ask, it, args: issues_of(ask, it, args),
    "pullRequests": lambda ask, it, args: pulls_of(ask, it, args),
    "label": lambda ask, it, args: it.labels.get(args["name"].lower()),
    "labels": _labels,
    "issueTypes": lambda ask, it, args: (
        page_of(ask, list(it.types.values()), args, f"{it.node} issueTypes") if it.types else None
    ),
    "milestone": lambda ask, it, args: it.milestones.get(args["number"]),
    "milestones": _milestones,
    "projectsV2": boards_of_repo,
    "projectV2": repo_board,
}


def _home(ask: Ask, thing: Label | Milestone) -> Repo:
    """The repository that a label or a milestone belongs to."""
    every: Sequence[Repo] = list(ask.store.repos.values())
    return next(
        repo for repo in every if thing in repo.labels.values() or thing in repo.milestones.values()
    )


FIELDS: Fields = {
    "User": {
        **_OWNER,
        "isViewer": lambda ask, it, args: it.login == ask.login,
        "email": always(""),
    },
    "Organization": {**_OWNER, "viewerIsAMember": always(True)},
    "Bot": _ACCOUNT,
    "Repository": _REPOSITORY,
    "Label": {
        "id": plain("node"),
        "name": plain("name"),
        "color": plain("color"),
        "description": plain("description"),
        "isDefault": always(False),
        "url": lambda ask, it, args: ask.url(_home(ask, it).full_name, "labels", it.name),
        "repository": lambda ask, it, args: _home(ask, it),
    },
    "Milestone": {
        "id": plain("node"),
        "number": plain("number"),
        "title": plain("title"),
        "description": plain("description"),
        "state": lambda ask, it, args: it.state.upper(),
        "closed": lambda ask, it, args: it.state == "closed",
        "closedAt": time("closed_at"),
        "createdAt": time("created_at"),
        "updatedAt": time("updated_at"),
        "dueOn": lambda ask, it, args: when(it.due_on),
        "creator": person("creator"),
        "url": lambda ask, it, args: ask.url(_home(ask, it).full_name, "milestone", it.number),
        "repository": lambda ask, it, args: _home(ask, it),
    },
}
