"""A CI that is content with everything: it takes a second for each head of a pull request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .ci import add_check, conclude
from .merging import catch_up, pull_of
from .records import Repo
from .store import Store

_SECONDS = 1.0
NAME = "build"


@contextmanager
def at_work(store: Store, repo: Repo) -> Iterator[None]:
    """While the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(store, repo, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _work(store: Store, repo: Repo, stop: threading.Event) -> None:
    while not stop.wait(_SECONDS):
        with store.lock:
            look(store, repo)


def look(store: Store, repo: Repo) -> None:
    """Conclude what was begun before, and begin what is new."""
    catch_up(store, repo)
    for run in [one for one in repo.checks.values() if one.conclusion is None]:
        conclude(store, repo, run, "success")
    known = {one.sha for one in repo.checks.values()}
    heads = {pull_of(one).head_sha for one in repo.issues.values() if one.pull}
    for sha in sorted(heads - known):
        add_check(store, repo, sha, NAME, "in_progress")
