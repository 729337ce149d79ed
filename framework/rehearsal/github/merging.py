"""What happens to pull requests in git: noticing pushes, mergeability, the merge itself.

`store.lock` is held. Every verb may be asked by both APIs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from . import bare, deeds
from .records import Issue, Protection, Pull, Repo
from .store import Store

_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)", re.IGNORECASE)
Method = Literal["merge", "squash", "rebase"]


_NOT_ALLOWED = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}


class NotMergeable(Exception):
    """The merge is refused: `status` 405 or 409, with GitHub's sentence."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def pull_of(issue: Issue) -> Pull:
    assert issue.pull is not None, f"#{issue.number} is no pull request"
    return issue.pull


def catch_up(store: Store, repo: Repo) -> None:
    """Notice what was pushed since the last look: new heads, branches that are gone (GitHub closes
    their pull requests) and heads that are in the base now (it counts them as merged)."""
    every = [one for one in repo.issues.values() if one.pull and one.state == "open"]
    pulls = [one for one in every if not pull_of(one).fork]
    if not pulls or repo.path is None:
        return
    tips = bare.branches(repo.path)
    for issue in pulls:
        _catch_up(store, repo, issue, tips)


def _catch_up(store: Store, repo: Repo, issue: Issue, tips: dict[str, str]) -> None:
    pull = pull_of(issue)
    head, base = tips.get(pull.head), tips.get(pull.base)
    if head is None:
        deeds.close(store, issue, issue.author)
        return
    if head != pull.head_sha:
        pull.head_sha = head
        store.touch(issue)
        store.tell(repo, "pull_request", "synchronize", issue.author, issue)
    if base and repo.path and base != pull.base_sha and bare.contains(repo.path, head, base):
        finish(store, issue, issue.author, base)


def mergeable(store: Store, issue: Issue) -> bool | None:
    """Whether the pull request merges cleanly. None is "not computed yet": that is the answer to
    the first question after either branch moved."""
    repo, pull = store.repo_of(issue), pull_of(issue)
    base = bare.commit(repo.path, pull.base)
    now = (pull.head_sha, base or "")
    if pull.seen != now or repo.undecided:
        pull.seen, pull.mergeable = now, None
        return None
    if pull.mergeable is None and repo.path and base:
        pull.mergeable = bare.merged_tree(repo.path, base, pull.head_sha) is not None
    return pull.mergeable


def blockers(store: Store, issue: Issue) -> list[str]:
    """What the protection of the base still asks for, in GitHub's sentences."""
    repo, pull = store.repo_of(issue), pull_of(issue)
    rules = repo.protection.get(pull.base)
    if rules is None:
        return []
    return [*_contexts(repo, pull, rules), *_approvals(store, repo, pull, rules)]


def _contexts(repo: Repo, pull: Pull, rules: Protection) -> list[str]:
    passed = passed_contexts(repo, pull.head_sha)
    return [
        f'Required status check "{name}" is {"failing" if name in passed else "expected"}.'
        for name in rules.contexts
        if not passed.get(name)
    ]


def passed_contexts(repo: Repo, sha: str) -> dict[str, bool]:
    """The newest word of every status and check run on a commit: whether it passed. One that is
    still running has not."""
    said = {one.context: one.state == "success" for one in repo.statuses if one.sha == sha}
    runs = {
        one.name: one.conclusion in ("success", "neutral", "skipped")
        for one in repo.checks.values()
        if one.sha == sha
    }
    return said | runs


def _approvals(store: Store, repo: Repo, pull: Pull, rules: Protection) -> list[str]:
    latest = verdicts(store, repo, pull)
    if "CHANGES_REQUESTED" in latest.values():
        return ["Changes have been requested."]
    if list(latest.values()).count("APPROVED") < rules.approvals:
        return [
            f"At least {rules.approvals} approving review is required by reviewers with write "
            "access."
        ]
    return []


def verdicts(store: Store, repo: Repo, pull: Pull) -> dict[str, str]:
    """The last approval or request for changes of each person who may write."""
    return {
        review.author: review.state
        for review in pull.reviews
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
        and store.may(repo, review.author, "write")
    }


def merge(
    store: Store,
    issue: Issue,
    actor: str,
    *,
    sha: str | None = None,
    method: Method = "merge",
    title: str = "",
    message: str = "",
) -> str:
    """Merge in the repository, close what the words name, and return the commit on the base.
    NotMergeable says what is in the way; then nothing was done."""
    repo, pull = store.repo_of(issue), pull_of(issue)
    catch_up(store, repo)
    _check(store, issue, sha)
    _check_method(repo, pull, method)
    assert repo.path is not None, "a pull request has a repository"
    base = bare.commit(repo.path, pull.base)
    tree = bare.merged_tree(repo.path, base, pull.head_sha) if base else None
    if base is None or tree is None:
        raise NotMergeable(405, "Pull Request is not mergeable")
    if method == "rebase":
        made = _rebased(store, repo.path, base, pull.head_sha)
    else:
        first = title or _title(issue, repo, method)
        parents = (base,) if method == "squash" else (base, pull.head_sha)
        words = ["commit-tree", tree, *(word for one in parents for word in ("-p", one))]
        text = f"{first}\n\n{message or issue.title}\n"
        made = bare.git(repo.path, *words, at=store.clock.now(), entry=text)
    try:
        bare.move(repo.path, f"refs/heads/{pull.base}", made, base)
    except bare.GitRefused:
        why = "Base branch was modified. Review and try the merge again."
        raise NotMergeable(405, why) from None
    finish(store, issue, actor, made, since=base)
    return made


def _rebased(store: Store, path: Path, base: str, head: str) -> str:
    made = bare.rebased(path, base, head, at=store.clock.now())
    if made is None:
        raise NotMergeable(405, "This branch can't be rebased")
    return made


def _check_method(repo: Repo, pull: Pull, method: Method) -> None:
    """Whether the repository, and the base's protection, let it be merged in this way."""
    if method not in repo.methods:
        why = f"{_NOT_ALLOWED[method]} are not allowed on this repository."
        raise NotMergeable(405, why)
    rules = repo.protection.get(pull.base)
    if rules is not None and rules.queue:
        raise NotMergeable(405, "Changes must be made through the merge queue")
    if rules is not None and rules.linear and method == "merge":
        raise NotMergeable(405, "This branch must not contain merge commits.")


def _check(store: Store, issue: Issue, sha: str | None) -> None:
    pull = pull_of(issue)
    if issue.state == "closed" or pull.merged:
        raise NotMergeable(405, "Pull Request is not mergeable")
    if pull.draft:
        raise NotMergeable(405, "Pull Request is still a draft")
    if sha and sha != pull.head_sha:
        why = "Head branch was modified. Review and try the merge again."
        raise NotMergeable(409, why)
    for why in blockers(store, issue):
        raise NotMergeable(405, why)


def _title(issue: Issue, repo: Repo, method: Method) -> str:
    if method == "squash":
        return f"{issue.title} (#{issue.number})"
    return f"Merge pull request #{issue.number} from {repo.owner}/{pull_of(issue).head}"


def finish(store: Store, issue: Issue, actor: str, made: str, *, since: str = "") -> None:
    """The pull request is merged as commit `made`; closing keywords act on the default branch."""
    repo, pull = store.repo_of(issue), pull_of(issue)
    before = since or pull.base_sha
    now = store.clock.second()
    pull.merged, pull.merged_at, pull.merged_by, pull.merge_sha = True, now, actor, made
    pull.base_sha = before
    deeds.happened(store, issue, "merged", actor, commit_id=made)
    deeds.close(store, issue, actor)
    if pull.base != repo.default_branch:
        return
    for number in _closes(repo, issue, before):
        named = repo.issues.get(number)
        if named and not named.pull:
            deeds.close(store, named, actor)


def _closes(repo: Repo, issue: Issue, before: str) -> list[int]:
    """The issues that the body, or a commit's message, says it closes."""
    span = f"{before}..{pull_of(issue).head_sha}"
    log = bare.git(repo.path, "log", "--format=%B", span) if repo.path else ""
    return [int(number) for number in _CLOSING.findall(f"{issue.body or ''}\n{log}")]
