"""What people do to pull requests, for both APIs: open one, review it, comment on its lines.

As in deeds.py, `store.lock` is held; what only git can judge is refused here.
"""

from __future__ import annotations

from . import bare
from .call import Refusal, invalid
from .deeds import happened
from .merging import catch_up, pull_of
from .records import Issue, Pull, Repo, Review, ReviewComment
from .store import Store

_PAGE = "pulls/pulls#create-a-pull-request"


def open_pull(
    store: Store,
    repo: Repo,
    actor: str,
    *,
    title: str,
    body: str | None,
    head: str,
    base: str,
    draft: bool = False,
) -> Issue:
    """A pull request of branch `head` (or `owner:head`) into `base`. Refusal 422 where a branch is
    not there, nothing is to be merged, or there is an open one already."""
    branch = head.rpartition(":")[2]
    tips = bare.branches(repo.path)
    for name, wanted in (("head", branch), ("base", base)):
        if wanted not in tips:
            raise invalid("PullRequest", name, "invalid", page=_PAGE)
    catch_up(store, repo)
    _check_fresh(repo, branch, base)
    number, node = store.mint("pull-id")
    pull = Pull(
        id=number,
        node=node,
        head=branch,
        head_sha=tips[branch],
        base=base,
        base_sha=tips[base],
        draft=draft,
    )
    return store.add_issue(repo, actor, title, body, pull=pull)


def _check_fresh(repo: Repo, head: str, base: str) -> None:
    why = ""
    if any(_is_open_for(issue, head, base) for issue in repo.issues.values()):
        why = f"A pull request already exists for {repo.owner}:{head}."
    elif repo.path and bare.contains(repo.path, f"refs/heads/{head}", f"refs/heads/{base}"):
        why = f"No commits between {base} and {head}"
    if why:
        error = {"resource": "PullRequest", "code": "custom", "message": why}
        raise Refusal(422, "Validation Failed", errors=[error], page=_PAGE)


def _is_open_for(issue: Issue, head: str, base: str) -> bool:
    pull = issue.pull
    return pull is not None and issue.state == "open" and (pull.head, pull.base) == (head, base)


def review(store: Store, issue: Issue, actor: str, state: str, body: str = "") -> Review:
    """A submitted review: `state` is APPROVED, CHANGES_REQUESTED, COMMENTED or PENDING."""
    pull = pull_of(issue)
    number, node = store.mint("review")
    made = Review(
        id=number,
        node=node,
        author=actor,
        state=state,
        body=body,
        commit=pull.head_sha,
        at=store.clock.second(),
    )
    pull.reviews.append(made)
    store.keep(node, made)
    happened(store, issue, "reviewed", actor, state=state.lower())
    store.tell(store.repo_of(issue), "pull_request_review", "submitted", actor, issue)
    return made


def remark(
    store: Store,
    issue: Issue,
    review: Review,
    body: str,
    *,
    path: str,
    line: int | None = None,
) -> ReviewComment:
    """A comment of `review` on a line, in a conversation of its own."""
    pull, now = pull_of(issue), store.clock.second()
    number, node = store.mint("review-comment")
    made = ReviewComment(
        id=number,
        node=node,
        review=review.id,
        thread=store.mint("thread")[1],
        author=review.author,
        body=body,
        path=path,
        line=line,
        commit=pull.head_sha,
        created_at=now,
        updated_at=now,
    )
    pull.comments.append(made)
    store.keep(node, made)
    store.touch(issue)
    store.tell(store.repo_of(issue), "pull_request_review_comment", "created", review.author, issue)
    return made
