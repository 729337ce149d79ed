"""Pull requests as GraphQL reads them: branches, checks, reviews, whether they can be merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import bare, merging
from .graphql_ask import Ask, Fields, Reader, always, person, plain, time, when
from .graphql_errors import nobody
from .graphql_issues import COMMON, TALK, page_of, repo_of, sorted_by
from .merging import pull_of
from .records import CheckRun, Issue, Repo, Review, ReviewComment, Status

_BAD = ("failure", "timed_out", "cancelled", "action_required", "startup_failure", "stale")


def pull_in(ask: Ask, repo: Repo, number: int) -> Issue:
    merging.catch_up(ask.store, repo)
    found = repo.issues.get(number)
    if found is None or not found.pull:
        raise nobody("PullRequest", "number of", number)
    return found


def pulls_of(ask: Ask, repo: Repo, args: Mapping[str, Any]) -> dict[str, Any]:
    """A connection of the repository's pull requests."""
    merging.catch_up(ask.store, repo)
    found = [one for one in repo.issues.values() if one.pull]
    if states := args.get("states"):
        found = [one for one in found if _state(ask, one, {}) in states]
    if (head := args.get("headRefName")) is not None:
        found = [one for one in found if pull_of(one).head == head]
    if (base := args.get("baseRefName")) is not None:
        found = [one for one in found if pull_of(one).base == base]
    if labels := {one.lower() for one in args.get("labels") or ()}:
        found = [one for one in found if labels & {name.lower() for name in one.labels}]
    found = sorted_by(found, args.get("orderBy"), repo)
    return page_of(ask, found, args, f"{repo.node} pullRequests")


def _of(name: str) -> Reader:
    """A field of the pull request that is not its issue's."""
    return lambda ask, it, args: getattr(pull_of(it), name)


def _state(ask: Ask, it: Issue, args: Mapping[str, Any]) -> str:
    return "MERGED" if pull_of(it).merged else it.state.upper()


def _mergeable(ask: Ask, it: Issue, args: Mapping[str, Any]) -> str:
    if it.state == "closed":
        return "UNKNOWN"
    words = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}
    return words[merging.mergeable(ask.store, it)]


def _merge_state(ask: Ask, it: Issue, args: Mapping[str, Any]) -> str:
    mergeable = _mergeable(ask, it, args)
    if mergeable == "UNKNOWN":
        return "UNKNOWN"
    if mergeable == "CONFLICTING":
        return "DIRTY"
    if pull_of(it).draft:
        return "DRAFT"
    if merging.blockers(ask.store, it):
        return "BLOCKED"
    state = rollup_state(repo_of(ask, it), pull_of(it).head_sha)
    return "CLEAN" if state in (None, "SUCCESS") else "UNSTABLE"


def _decision(ask: Ask, it: Issue, args: Mapping[str, Any]) -> str | None:
    """Null where nothing asks for a review and nobody gave one."""
    repo = repo_of(ask, it)
    verdicts = list(merging.verdicts(ask.store, repo, pull_of(it)).values())
    if "CHANGES_REQUESTED" in verdicts:
        return "CHANGES_REQUESTED"
    rules = repo.protection.get(pull_of(it).base)
    if rules is None or not rules.approvals:
        return None
    enough = verdicts.count("APPROVED") >= rules.approvals
    return "APPROVED" if enough else "REVIEW_REQUIRED"


def commit(repo: Repo, sha: str) -> dict[str, Any]:
    return {
        "__typename": "Commit",
        "id": f"C_{repo.node}_{sha}",
        "oid": sha,
        "abbreviatedOid": sha[:7],
        "repository": repo,
        "statusCheckRollup": rollup(repo, sha),
    }


def ref(repo: Repo, name: str) -> dict[str, Any] | None:
    """A branch; None where it has gone."""
    sha = bare.commit(repo.path, f"refs/heads/{name}")
    if sha is None:
        return None
    return {
        "__typename": "Ref",
        "id": f"REF_{repo.node}_{name}",
        "name": name,
        "prefix": "refs/heads/",
        "repository": repo,
        "target": commit(repo, sha),
    }


def _contexts(repo: Repo, sha: str) -> list[Status | CheckRun]:
    """The newest word of each status and check run of a commit."""
    statuses = {one.context: one for one in repo.statuses if one.sha == sha}
    runs = {one.name: one for one in repo.checks.values() if one.sha == sha}
    return [*runs.values(), *statuses.values()]


def _colour(one: Status | CheckRun) -> str:
    if isinstance(one, Status):
        return one.state.upper()
    if one.status != "completed":
        return "PENDING"
    return "FAILURE" if one.conclusion in _BAD else "SUCCESS"


def rollup_state(repo: Repo, sha: str) -> str | None:
    """All checks in one word; None where there are none."""
    colours = {_colour(one) for one in _contexts(repo, sha)}
    return next((one for one in ("FAILURE", "ERROR", "PENDING", "SUCCESS") if one in colours), None)


def rollup(repo: Repo, sha: str) -> dict[str, Any] | None:
    state = rollup_state(repo, sha)
    if state is None:
        return None
    return {"id": f"SCR_{sha}", "state": state, "at": (repo, sha)}


def _rollup_page(ask: Ask, it: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    repo, sha = it["at"]
    return page_of(ask, _contexts(repo, sha), args, f"{sha} contexts")


def _commits(ask: Ask, it: Issue, args: Mapping[str, Any]) -> dict[str, Any]:
    repo, pull = repo_of(ask, it), pull_of(it)
    span = f"{pull.base_sha}..{pull.head_sha}"
    listed = bare.git(repo.path, "rev-list", "--reverse", span) if repo.path else pull.head_sha
    shas = listed.split() or [pull.head_sha]
    found = [{"id": f"PURC_{sha}", "commit": commit(repo, sha), "pullRequest": it} for sha in shas]
    return ask.page(found, args, f"{it.node} commits", shas)


def _reviews(ask: Ask, it: Issue, args: Mapping[str, Any]) -> dict[str, Any]:
    found = pull_of(it).reviews
    if states := args.get("states"):
        found = [one for one in found if one.state in states]
    if author := args.get("author"):
        found = [one for one in found if one.author == author]
    return page_of(ask, found, args, f"{it.node} reviews")


def _threads(ask: Ask, it: Issue, args: Mapping[str, Any]) -> dict[str, Any]:
    found = [thread(it, one) for one in pull_of(it).comments if one.reply_to is None]
    return ask.page(found, args, f"{it.node} threads", [one["id"] for one in found])


def thread(it: Issue, first: ReviewComment) -> dict[str, Any]:
    """The conversation that a comment on a line began."""
    return {
        "__typename": "PullRequestReviewThread",
        "id": first.thread,
        "first": first,
        "pullRequest": it,
        "path": first.path,
        "line": first.line,
        "isResolved": first.resolved,
        "isCollapsed": first.resolved,
        "isOutdated": first.commit != pull_of(it).head_sha,
    }


def _talk(ask: Ask, it: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    every = pull_of(it["pullRequest"]).comments
    found = [one for one in every if one.thread == it["id"]]
    return page_of(ask, found, args, f"{it['id']} comments")


def _home(ask: Ask, it: Review | ReviewComment) -> Issue:
    """The pull request that a review or a comment on a line belongs to."""
    for issue in ask.store.ids.values():
        if issue.pull and (it in issue.pull.reviews or it in issue.pull.comments):
            return issue
    raise LookupError(f"{it.node} belongs to no pull request")


def _review_of(ask: Ask, it: ReviewComment, args: Mapping[str, Any]) -> Review | None:
    reviews = pull_of(_home(ask, it)).reviews
    return next((one for one in reviews if one.id == it.review), None)


def _pushes(ask: Ask, it: Review, args: Mapping[str, Any]) -> bool:
    return ask.store.may(repo_of(ask, _home(ask, it)), it.author, "write")


def _associated(ask: Ask, it: Review | ReviewComment, args: Mapping[str, Any]) -> str:
    return ask.store.association(repo_of(ask, _home(ask, it)), it.author)


def _annotations(ask: Ask, it: CheckRun, args: Mapping[str, Any]) -> dict[str, Any]:
    """From REST's shape of them."""
    found = [
        {
            "path": one.get("path", ""),
            "message": one.get("message", ""),
            "title": one.get("title"),
            "annotationLevel": str(one.get("annotation_level", "failure")).upper(),
            "location": {
                "start": {"line": one.get("start_line", 1), "column": one.get("start_column")},
                "end": {"line": one.get("end_line", 1), "column": one.get("end_column")},
            },
        }
        for one in it.annotations
    ]
    return ask.page(found, args, f"{it.node} annotations")


def _page_url(ask: Ask, it: Issue, part: str) -> str:
    return ask.url(repo_of(ask, it).full_name, "pull", it.number, part)


FIELDS: Fields = {
    "PullRequest": {
        **COMMON,
        "state": _state,
        "isDraft": _of("draft"),
        "merged": _of("merged"),
        "mergedAt": lambda ask, it, args: when(pull_of(it).merged_at),
        "mergedBy": lambda ask, it, args: ask.user(pull_of(it).merged_by),
        "mergeCommit": lambda ask, it, args: (
            commit(repo_of(ask, it), sha) if (sha := pull_of(it).merge_sha) else None
        ),
        "headRefName": _of("head"),
        "headRefOid": _of("head_sha"),
        "baseRefName": _of("base"),
        "baseRefOid": _of("base_sha"),
        "headRef": lambda ask, it, args: ref(repo_of(ask, it), pull_of(it).head),
        "baseRef": lambda ask, it, args: ref(repo_of(ask, it), pull_of(it).base),
        "headRepository": lambda ask, it, args: repo_of(ask, it),
        "headRepositoryOwner": lambda ask, it, args: ask.user(repo_of(ask, it).owner),
        "baseRepository": lambda ask, it, args: repo_of(ask, it),
        "isCrossRepository": lambda ask, it, args: bool(pull_of(it).fork),
        "maintainerCanModify": always(False),
        "autoMergeRequest": always(None),
        "mergeable": _mergeable,
        "mergeStateStatus": _merge_state,
        "reviewDecision": _decision,
        "statusCheckRollup": lambda ask, it, args: rollup(repo_of(ask, it), pull_of(it).head_sha),
        "commits": _commits,
        "reviews": _reviews,
        "reviewThreads": _threads,
        "checksUrl": lambda ask, it, args: _page_url(ask, it, "checks"),
    },
    "StatusCheckRollup": {"contexts": _rollup_page},
    "StatusContext": {
        "id": plain("node"),
        "context": plain("context"),
        "state": lambda ask, it, args: it.state.upper(),
        "description": plain("description"),
        "targetUrl": plain("target_url"),
        "creator": person("creator"),
        "createdAt": time("at"),
    },
    "CheckRun": {
        "id": plain("node"),
        "databaseId": plain("id"),
        "name": plain("name"),
        "status": lambda ask, it, args: it.status.upper(),
        "conclusion": lambda ask, it, args: it.conclusion.upper() if it.conclusion else None,
        "detailsUrl": plain("details_url"),
        "externalId": plain("external_id"),
        "title": plain("title"),
        "summary": plain("summary"),
        "text": plain("text"),
        "startedAt": time("started_at"),
        "completedAt": time("completed_at"),
        "annotations": _annotations,
    },
    "PullRequestReview": {
        "id": plain("node"),
        "databaseId": plain("id"),
        "author": person("author"),
        "authorAssociation": _associated,
        "authorCanPushToRepository": _pushes,
        "state": plain("state"),
        "body": plain("body"),
        "createdAt": time("at"),
        "updatedAt": time("at"),
        "submittedAt": time("at"),
        "pullRequest": lambda ask, it, args: _home(ask, it),
        "commit": lambda ask, it, args: commit(repo_of(ask, _home(ask, it)), it.commit),
        "comments": lambda ask, it, args: page_of(
            ask,
            [one for one in pull_of(_home(ask, it)).comments if one.review == it.id],
            args,
            f"{it.node} comments",
        ),
    },
    "PullRequestReviewThread": {
        "comments": _talk,
        "resolvedBy": lambda ask, it, args: ask.user(it["first"].resolved_by),
        "repository": lambda ask, it, args: repo_of(ask, it["pullRequest"]),
    },
    "PullRequestReviewComment": {
        **TALK,
        "path": plain("path"),
        "line": plain("line"),
        "authorAssociation": _associated,
        "pullRequest": lambda ask, it, args: _home(ask, it),
        "pullRequestReview": _review_of,
        "outdated": lambda ask, it, args: it.commit != pull_of(_home(ask, it)).head_sha,
        "commit": lambda ask, it, args: commit(repo_of(ask, _home(ask, it)), it.commit),
    },
}
