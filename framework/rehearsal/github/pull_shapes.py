"""REST's JSON of pull requests, reviews and statuses."""

from __future__ import annotations

from typing import Any

from . import merging
from .records import Issue, Repo, Review, Status
from .shapes import issue_shape, label_shape, repo_shape, repo_url, stamp, user_shape
from .store import Store
from .tally import Tally


def _side(
    store: Store, repo: Repo, branch: str, sha: str, viewer: str, base: str
) -> dict[str, Any]:
    return {
        "label": f"{repo.owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user_shape(store, repo.owner, base),
        "repo": repo_shape(store, repo, viewer, base),
    }


_SHARED = (
    "number",
    "title",
    "user",
    "state",
    "locked",
    "assignee",
    "assignees",
    "milestone",
    "created_at",
    "updated_at",
    "closed_at",
    "author_association",
    "active_lock_reason",
)


def pull_shape(store: Store, issue: Issue, viewer: str, base: str, tally: Tally) -> dict[str, Any]:
    """A pull request as a list shows it."""
    repo, pull = store.repo_of(issue), merging.pull_of(issue)
    url, page = f"{repo_url(repo, base)}/pulls/{issue.number}", f"{base}/{repo.full_name}/pull"
    shown = issue_shape(store, issue, base, tally)
    links = _links(url, shown["url"], f"{repo_url(repo, base)}/statuses/{pull.head_sha}")
    return {
        "url": url,
        "id": pull.id,
        "node_id": issue.node,
        "html_url": f"{page}/{issue.number}",
        "diff_url": f"{page}/{issue.number}.diff",
        "patch_url": f"{page}/{issue.number}.patch",
        "issue_url": shown["url"],
        **{name: shown[name] for name in _SHARED},
        **{f"{name}_url": link for name, link in links.items()},
        "_links": _hypertext(url, f"{page}/{issue.number}", shown["url"], links),
        "body": issue.body,
        "labels": [
            label_shape(repo, repo.labels[name.lower()], base)
            for name in issue.labels
            if name.lower() in repo.labels
        ],
        "draft": pull.draft,
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(store, repo, pull.head, pull.head_sha, viewer, base),
        "base": _side(store, repo, pull.base, pull.base_sha, viewer, base),
        "auto_merge": None,
    }


def _links(url: str, issue: str, statuses: str) -> dict[str, str]:
    return {
        "commits": f"{url}/commits",
        "review_comments": f"{url}/comments",
        "review_comment": f"{url.rsplit('/', 1)[0]}/comments{{/number}}",
        "comments": f"{issue}/comments",
        "statuses": statuses,
    }


def _hypertext(url: str, page: str, issue: str, links: dict[str, str]) -> dict[str, Any]:
    all_links = {"self": url, "html": page, "issue": issue, **links}
    return {name: {"href": link} for name, link in all_links.items()}


def full_pull_shape(
    store: Store,
    issue: Issue,
    viewer: str,
    base: str,
    tally: Tally,
    size: tuple[int, int, int, int],
) -> dict[str, Any]:
    """A pull request by itself. `size` is commits, additions, deletions, changed files. Asking for
    `mergeable` begins its computation: the first answer after a push is null."""
    repo, pull = store.repo_of(issue), merging.pull_of(issue)
    clean = merging.mergeable(store, issue) if issue.state == "open" else None
    commits, added, removed, files = size
    return {
        **pull_shape(store, issue, viewer, base, tally),
        "merged": pull.merged,
        "mergeable": clean,
        "rebaseable": clean,
        "mergeable_state": mergeable_state(store, issue, clean),
        "merged_by": user_shape(store, pull.merged_by, base) if pull.merged_by else None,
        "comments": tally.comments[repo.id, issue.number],
        "review_comments": len(pull.comments),
        "maintainer_can_modify": False,
        "commits": commits,
        "additions": added,
        "deletions": removed,
        "changed_files": files,
    }


def mergeable_state(store: Store, issue: Issue, clean: bool | None) -> str:
    """GitHub's word: unknown, dirty, draft, blocked, unstable or clean."""
    repo, pull = store.repo_of(issue), merging.pull_of(issue)
    if clean is None:
        return "unknown"
    if not clean:
        return "dirty"
    if pull.draft:
        return "draft"
    if merging.blockers(store, issue):
        return "blocked"
    passed = merging.passed_contexts(repo, pull.head_sha).values()
    return "clean" if all(passed) else "unstable"


def review_shape(store: Store, issue: Issue, review: Review, base: str) -> dict[str, Any]:
    repo = store.repo_of(issue)
    url = f"{repo_url(repo, base)}/pulls/{issue.number}"
    page = f"{base}/{repo.full_name}/pull/{issue.number}#pullrequestreview-{review.id}"
    return {
        "id": review.id,
        "node_id": review.node,
        "user": user_shape(store, review.author, base),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": stamp(review.at),
        "commit_id": review.commit,
        "author_association": store.association(repo, review.author),
    }


def status_shape(store: Store, repo: Repo, one: Status, base: str) -> dict[str, Any]:
    creator = user_shape(store, one.creator, base)
    return {
        "url": f"{repo_url(repo, base)}/statuses/{one.sha}",
        "avatar_url": creator["avatar_url"],
        "id": one.id,
        "node_id": one.node,
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": stamp(one.at),
        "updated_at": stamp(one.at),
        "creator": creator,
    }
