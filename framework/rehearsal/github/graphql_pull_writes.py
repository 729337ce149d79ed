"""The mutations of pull requests. The merge itself is the one that REST does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import merging
from .call import Refusal
from .deeds import happened
from .graphql_ask import Ask, Deed
from .graphql_errors import no_node, unprocessable
from .graphql_issue_writes import checked
from .graphql_pulls import thread
from .merging import pull_of
from .pull_deeds import open_pull
from .records import Issue, Repo, ReviewComment

Given = Mapping[str, Any]
_METHODS: Mapping[str, merging.Method] = {
    "MERGE": "merge",
    "SQUASH": "squash",
    "REBASE": "rebase",
}


def _pull(ask: Ask, given: Given) -> Issue:
    """The pull request that the mutation at hand names, for who may write to its repository."""
    issue = ask.issue(given["pullRequestId"])
    if issue.pull is None:
        raise no_node(given["pullRequestId"])
    repo = ask.store.repo_of(issue)
    ask.need(repo, "write", "pull_requests")
    merging.catch_up(ask.store, repo)
    return issue


def _create(ask: Ask, given: Given) -> dict[str, Any]:
    repo: Repo = ask.node(given["repositoryId"], Repo)
    ask.need(repo, "write", "pull_requests")
    checked(given["title"], given.get("body"))
    try:
        issue = open_pull(
            ask.store,
            repo,
            ask.login,
            title=given["title"],
            body=given.get("body"),
            head=given["headRefName"],
            base=given["baseRefName"],
            draft=bool(given.get("draft")),
        )
    except Refusal as refusal:
        raise unprocessable(_sentence(refusal)) from None
    return {"pullRequest": issue}


def _sentence(refusal: Refusal) -> str:
    """GraphQL's one sentence of REST's list."""
    first = (refusal.reply.body.get("errors") or [{}])[0]
    if isinstance(first, str):
        return first
    words = {"head": "Head ref must be a branch", "base": "Base ref must be a branch"}
    return str(first.get("message") or words.get(first.get("field", ""), str(refusal)))


def _ready(ask: Ask, given: Given) -> dict[str, Any]:
    issue = _pull(ask, given)
    if issue.state == "closed":
        raise unprocessable("Could not mark the pull request as ready for review: it is closed.")
    if pull_of(issue).draft:
        pull_of(issue).draft = False
        happened(ask.store, issue, "ready_for_review", ask.login)
        repo = ask.store.repo_of(issue)
        ask.store.tell(repo, "pull_request", "ready_for_review", ask.login, issue)
    return {"pullRequest": issue}


def _to_draft(ask: Ask, given: Given) -> dict[str, Any]:
    issue = _pull(ask, given)
    if issue.state == "closed":
        raise unprocessable("Could not convert the pull request to a draft: it is closed.")
    if not pull_of(issue).draft:
        pull_of(issue).draft = True
        happened(ask.store, issue, "convert_to_draft", ask.login)
        repo = ask.store.repo_of(issue)
        ask.store.tell(repo, "pull_request", "converted_to_draft", ask.login, issue)
    return {"pullRequest": issue}


def _merge(ask: Ask, given: Given) -> dict[str, Any]:
    issue = _pull(ask, given)
    method = given.get("mergeMethod") or "MERGE"
    try:
        merging.merge(
            ask.store,
            issue,
            ask.login,
            sha=given.get("expectedHeadOid"),
            method=_METHODS[method],
            title=given.get("commitHeadline") or "",
            message=given.get("commitBody") or "",
        )
    except merging.NotMergeable as refused:
        raise unprocessable(str(refused)) from None
    return {"pullRequest": issue, "actor": ask.user(ask.login)}


def _auto_merge(ask: Ask, given: Given) -> dict[str, Any]:
    """Always refused: as in a repository that has not switched it on."""
    _pull(ask, given)
    raise unprocessable("Pull request Auto merge is not allowed for this repository")


def _first(ask: Ask, id_: str) -> tuple[Issue, ReviewComment]:
    """The conversation of that id, by the comment that began it."""
    for issue in ask.store.ids.values():
        for comment in issue.pull.comments if issue.pull else ():
            if comment.thread == id_ and comment.reply_to is None:
                return issue, comment
    raise no_node(id_)


def _resolve(ask: Ask, given: Given) -> dict[str, Any]:
    issue, first = _first(ask, given["threadId"])
    ask.need(ask.store.repo_of(issue), "write", "pull_requests")
    first.resolved, first.resolved_by = True, ask.login
    ask.store.touch(issue)
    return {"thread": thread(issue, first)}


DEEDS: Mapping[str, Deed] = {
    "createPullRequest": _create,
    "markPullRequestReadyForReview": _ready,
    "convertPullRequestToDraft": _to_draft,
    "mergePullRequest": _merge,
    "enablePullRequestAutoMerge": _auto_merge,
    "resolveReviewThread": _resolve,
}
