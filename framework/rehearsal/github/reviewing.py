"""Reviews of pull requests and comments on their lines. `store.lock` is held."""

from __future__ import annotations

from .deeds import happened
from .merging import pull_of
from .records import Issue, Review, ReviewComment
from .store import Store


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
    pull.requested = [one for one in pull.requested if one.lower() != actor.lower()]
    store.keep(node, made)
    happened(store, issue, "reviewed", actor, state=state.lower())
    store.tell(store.repo_of(issue), "pull_request_review", "submitted", actor, issue)
    return made


def remark(
    store: Store,
    issue: Issue,
    actor: str,
    body: str,
    *,
    path: str,
    line: int | None = None,
    review: int | None = None,
    reply_to: ReviewComment | None = None,
) -> ReviewComment:
    """A comment on a line, in a conversation of its own or in that of `reply_to`."""
    pull, now = pull_of(issue), store.clock.second()
    number, node = store.mint("review-comment")
    thread = reply_to.thread if reply_to else store.mint("thread")[1]
    made = ReviewComment(
        id=number,
        node=node,
        review=review,
        thread=thread,
        author=actor,
        body=body,
        path=path,
        line=line,
        commit=pull.head_sha,
        created_at=now,
        updated_at=now,
        reply_to=reply_to.id if reply_to else None,
    )
    pull.comments.append(made)
    store.keep(node, made)
    store.touch(issue)
    store.tell(store.repo_of(issue), "pull_request_review_comment", "created", actor, issue)
    return made
