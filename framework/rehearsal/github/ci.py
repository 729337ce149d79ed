"""What a CI says of a commit: statuses and check runs. `store.lock` is held."""

from __future__ import annotations

from typing import Any

from .records import CheckRun, Repo, Status
from .store import Store


def add_status(
    store: Store,
    repo: Repo,
    sha: str,
    state: str,
    context: str,
    *,
    creator: str,
    description: str | None = None,
    target_url: str | None = None,
) -> Status:
    """A status: `state` is error, failure, pending or success; the newest of a context counts."""
    number, node = store.mint("status")
    made = Status(
        id=number,
        node=node,
        sha=sha,
        state=state,
        context=context,
        description=description,
        target_url=target_url,
        creator=creator,
        at=store.clock.second(),
    )
    repo.statuses.append(made)
    store.keep(node, made)
    store.tell(repo, "status", None, creator, sha=sha, state=state, context=context)
    return made


def add_check(
    store: Store,
    repo: Repo,
    sha: str,
    name: str,
    status: str = "queued",
    conclusion: str | None = None,
    **more: Any,
) -> CheckRun:
    """A check run; with a `conclusion` it is completed. `more` are fields of CheckRun."""
    number, node = store.mint("check")
    now = store.clock.second()
    made = CheckRun(
        id=number,
        node=node,
        sha=sha,
        name=name,
        status="completed" if conclusion else status,
        conclusion=conclusion,
        started_at=now,
        completed_at=now if conclusion else None,
        **more,
    )
    repo.checks[number] = made
    store.keep(node, made)
    _tell(store, repo, made, "created")
    return made


def conclude(store: Store, repo: Repo, run: CheckRun, conclusion: str) -> None:
    """The check run is completed."""
    run.status, run.conclusion, run.completed_at = "completed", conclusion, store.clock.second()
    _tell(store, repo, run, "completed")


def _tell(store: Store, repo: Repo, run: CheckRun, action: str) -> None:
    about: dict[str, Any] = {
        "id": run.id,
        "name": run.name,
        "head_sha": run.sha,
        "status": run.status,
    }
    about["conclusion"] = run.conclusion
    store.tell(repo, "check_run", action, repo.owner, check_run=about)
