"""Opening a pull request: what both APIs refuse, and what git has to say. `store.lock` is held."""

from __future__ import annotations

from . import bare, merging
from .call import Refusal, invalid
from .records import Issue, Pull, Repo
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
    merging.catch_up(store, repo)
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
