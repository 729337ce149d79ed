"""REST's JSON of people, repositories, issues and what hangs on issues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .records import Comment, Issue, IssueType, Label, Milestone, Permission, Repo, User
from .store import Store
from .tally import Tally


def stamp(at: datetime | None) -> str | None:
    """GitHub's spelling of a time."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def user_shape(store: Store, login: str, base: str) -> dict[str, Any]:
    """A "simple user". A login that nobody has any more is GitHub's ghost."""
    user = store.user(login) or store.add_user("ghost")
    url = f"{base}/api/v3/users/{user.login}"
    links = {
        f"{name}_url": f"{url}/{name}"
        for name in ("followers", "subscriptions", "organizations", "repos", "received_events")
    }
    return {
        "login": user.login,
        "id": user.id,
        "node_id": user.node,
        "avatar_url": f"{base}/avatars/{user.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{user.login}",
        **links,
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "events_url": f"{url}/events{{/privacy}}",
        "type": user.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def person_shape(store: Store, user: User, base: str) -> dict[str, Any]:
    """The one who asks, as GET /user tells it."""
    made = "2020-01-01T00:00:00Z"
    nothing = dict.fromkeys(
        ("name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username")
    )
    none = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    shape = user_shape(store, user.login, base)
    return {**shape, **nothing, **none, "created_at": made, "updated_at": made}


_TEMPLATES = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "{/user}",
    "branches": "{/branch}",
    "collaborators": "{/collaborator}",
    "comments": "{/number}",
    "commits": "{/sha}",
    "compare": "/{base}...{head}",
    "contents": "/{+path}",
    "git_commits": "{/sha}",
    "git_refs": "{/sha}",
    "git_tags": "{/sha}",
    "issue_comment": "{/number}",
    "issue_events": "{/number}",
    "issues": "{/number}",
    "keys": "{/key_id}",
    "labels": "{/name}",
    "milestones": "{/number}",
    "notifications": "{?since,all,participating}",
    "pulls": "{/number}",
    "releases": "{/id}",
    "statuses": "/{sha}",
    "trees": "{/sha}",
}
_PLACES = {"archive": "", "git_commits": "git/commits", "git_refs": "git/refs"} | {
    "git_tags": "git/tags",
    "trees": "git/trees",
    "issue_comment": "issues/comments",
    "issue_events": "issues/events",
}
_PLAIN = (
    "blobs",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "hooks",
    "languages",
    "merges",
    "stargazers",
    "subscribers",
    "subscription",
    "tags",
    "teams",
)


def repo_url(repo: Repo, base: str) -> str:
    return f"{base}/api/v3/repos/{repo.full_name}"


def repo_shape(store: Store, repo: Repo, viewer: str, base: str) -> dict[str, Any]:
    """A repository in full, with what `viewer` may do in it."""
    url, page = repo_url(repo, base), f"{base}/{repo.full_name}"
    made, changed = stamp(repo.created_at), stamp(repo.updated_at)
    opened = sum(1 for issue in repo.issues.values() if issue.state == "open")
    counts = dict.fromkeys(
        (
            "forks",
            "forks_count",
            "stargazers_count",
            "watchers",
            "watchers_count",
            "size",
            "network_count",
            "subscribers_count",
        ),
        0,
    )
    return {
        "id": repo.id,
        "node_id": repo.node,
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user_shape(store, repo.owner, base),
        "html_url": page,
        "description": repo.description,
        "fork": False,
        "url": url,
        **_repo_links(url),
        "git_url": f"git://{page.removeprefix('http://')}.git",
        "ssh_url": f"git@github.test:{repo.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "created_at": made,
        "updated_at": changed,
        "pushed_at": changed,
        **counts,
        "open_issues": opened,
        "open_issues_count": opened,
        "default_branch": repo.default_branch,
        "visibility": "private" if repo.private else "public",
        "archived": repo.archived,
        "disabled": False,
        "is_template": False,
        "topics": [],
        "has_issues": repo.has_issues,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "permissions": _permissions(store, repo, viewer),
        **(_methods(repo) if store.may(repo, viewer, "write") else {}),
    }


def _methods(repo: Repo) -> dict[str, bool]:
    words = {"merge": "merge_commit", "squash": "squash_merge", "rebase": "rebase_merge"}
    return {f"allow_{word}": method in repo.methods for method, word in words.items()}


def _repo_links(url: str) -> dict[str, str]:
    long = {
        f"{name}_url": "/".join(filter(None, (url, _PLACES.get(name, name)))) + ending
        for name, ending in _TEMPLATES.items()
    }
    return long | {f"{name}_url": f"{url}/{name}" for name in _PLAIN}


def _permissions(store: Store, repo: Repo, viewer: str) -> dict[str, bool]:
    ranks: dict[str, Permission] = {
        "admin": "admin",
        "maintain": "maintain",
        "push": "write",
        "triage": "triage",
        "pull": "read",
    }
    return {name: store.may(repo, viewer, rank) for name, rank in ranks.items()}


def label_shape(repo: Repo, label: Label, base: str) -> dict[str, Any]:
    return {
        "id": label.id,
        "node_id": label.node,
        "url": f"{repo_url(repo, base)}/labels/{label.name}",
        "name": label.name,
        "color": label.color,
        "default": False,
        "description": label.description,
    }


def milestone_shape(
    store: Store, repo: Repo, one: Milestone, base: str, tally: Tally
) -> dict[str, Any]:
    url = f"{repo_url(repo, base)}/milestones/{one.number}"
    return {
        "url": url,
        "html_url": f"{base}/{repo.full_name}/milestone/{one.number}",
        "labels_url": f"{url}/labels",
        "id": one.id,
        "node_id": one.node,
        "number": one.number,
        "title": one.title,
        "description": one.description,
        "creator": user_shape(store, one.creator, base),
        "open_issues": tally.planned[repo.id, one.number, "open"],
        "closed_issues": tally.planned[repo.id, one.number, "closed"],
        "state": one.state,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "due_on": stamp(one.due_on),
        "closed_at": stamp(one.closed_at),
    }


_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def _reactions(url: str) -> dict[str, Any]:
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}


def issue_shape(store: Store, issue: Issue, base: str, tally: Tally) -> dict[str, Any]:
    """An issue, or a pull request as the issues API shows it (then with `pull_request`)."""
    repo = store.repo_of(issue)
    url = f"{repo_url(repo, base)}/issues/{issue.number}"
    kind = "pull" if issue.pull else "issues"
    people = [user_shape(store, login, base) for login in issue.assignees]
    labels = [repo.labels[name.lower()] for name in issue.labels if name.lower() in repo.labels]
    milestone = repo.milestones.get(issue.milestone or 0)
    return {
        "url": url,
        "repository_url": repo_url(repo, base),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{base}/{repo.full_name}/{kind}/{issue.number}",
        "id": issue.id,
        "node_id": issue.node,
        "number": issue.number,
        "title": issue.title,
        "user": user_shape(store, issue.author, base),
        "labels": [label_shape(repo, label, base) for label in labels],
        "state": issue.state,
        "locked": issue.locked,
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": milestone_shape(store, repo, milestone, base, tally) if milestone else None,
        "comments": tally.comments[repo.id, issue.number],
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp(issue.closed_at),
        "author_association": store.association(repo, issue.author),
        "type": _type_shape(repo.types.get(issue.type or "")),
        "active_lock_reason": issue.lock_reason,
        "body": issue.body,
        "closed_by": user_shape(store, issue.closed_by, base) if issue.closed_by else None,
        "reactions": _reactions(url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": issue.state_reason,
        **_relations(store, issue, tally),
        **(_pull_links(repo, issue, base) if issue.pull else {}),
    }


def _type_shape(kind: IssueType | None) -> dict[str, Any] | None:
    if kind is None:
        return None
    return {
        "id": kind.id,
        "node_id": kind.node,
        "name": kind.name,
        "description": kind.description,
        "color": kind.color,
        "is_enabled": kind.enabled,
    }


def _relations(store: Store, issue: Issue, tally: Tally) -> dict[str, Any]:
    """The counts of sub-issues and dependencies, which older servers do not tell."""
    if store.profile == "ghes" or issue.pull:
        return {}
    children, after = tally.children[issue.id], tally.waiting[issue.id]
    before = [store.ids[one].state for one in issue.blocked_by if one in store.ids]
    done = children.count("closed")
    return {
        "sub_issues_summary": {
            "total": len(children),
            "completed": done,
            "percent_completed": 100 * done // len(children) if children else 0,
        },
        "issue_dependencies_summary": {
            "blocked_by": before.count("open"),
            "total_blocked_by": len(before),
            "blocking": after.count("open"),
            "total_blocking": len(after),
        },
    }


def _pull_links(repo: Repo, issue: Issue, base: str) -> dict[str, Any]:
    page = f"{base}/{repo.full_name}/pull/{issue.number}"
    merged = issue.pull.merged_at if issue.pull else None
    return {
        "draft": bool(issue.pull and issue.pull.draft),
        "pull_request": {
            "url": f"{repo_url(repo, base)}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp(merged),
        },
    }


def comment_shape(store: Store, repo: Repo, one: Comment, base: str) -> dict[str, Any]:
    url = f"{repo_url(repo, base)}/issues/comments/{one.id}"
    return {
        "url": url,
        "html_url": f"{base}/{repo.full_name}/issues/{one.issue}#issuecomment-{one.id}",
        "issue_url": f"{repo_url(repo, base)}/issues/{one.issue}",
        "id": one.id,
        "node_id": one.node,
        "user": user_shape(store, one.author, base),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "author_association": store.association(repo, one.author),
        "body": one.body,
        "reactions": _reactions(url),
        "performed_via_github_app": None,
    }
