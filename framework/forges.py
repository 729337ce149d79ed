"""The forge that a run's issues, or its pull requests, are on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext

from .attach import OnForge, of_forge
from .config.choice import choose, openable
from .config.settings import Settings
from .forge.access import check
from .forge.github import GitHub
from .pulls.github import GitHubPullRequests
from .runner.parts import Forge
from .trackers.base import Tracker
from .workspaces.base import Proposer

_FORGE = "github"


def require(settings: Settings) -> tuple[str, ...]:
    """What people should know of the forge that the issues are on; nothing for a local board.

    Raises the UsageError of one that does not let this run work there: a token that is wrong or
    may too little, a repository that is archived or gone. TrackerUnavailable where the forge
    cannot be asked.
    """
    given = _forge_of(settings)
    if given is None:
        return ()
    by_pull = settings.run.land == "pr"
    with closing(given.client()) as api:
        access = check(api, given.owner, given.repo, pulls=by_pull)
    said = []
    if access.renamed_to:
        said.append(f"The repository is called {access.renamed_to} now; its old name still works.")
    if access.protected and not by_pull:
        said.append(
            f"{access.default_branch} is protected on GitHub: where it refuses pushes, land with "
            "--land pr."
        )
    return tuple(said)


def _forge_of(settings: Settings) -> OnForge | None:
    """The repository that the issues or the pull requests are on; None for neither."""
    chosen = openable(choose(settings.project, settings.stores.tracker))
    if chosen.type == _FORGE:
        return of_forge(chosen, settings.project)
    if settings.run.land == "pr":
        return of_forge(choose(settings.project, _FORGE), settings.project)
    return None


@contextmanager
def reviews(settings: Settings, proposer: Proposer, tracker: Tracker) -> Iterator[Forge | None]:
    """Where work waits for people, if it is to land by pull requests; asked through the client of
    the run's tracker, where that is on the same forge."""
    given = _forge_of(settings) if settings.run.land == "pr" else None
    if given is None:
        yield None
        return
    with _client(given, tracker) as api:
        pulls = GitHubPullRequests(api, owner=given.owner, repo=given.repo)
        yield Forge(pulls=pulls, proposer=proposer)


def _client(given: OnForge, tracker: Tracker) -> AbstractContextManager[GitHub]:
    from .trackers.github import GitHubTracker  # much to import for a local board

    if isinstance(tracker, GitHubTracker):
        return nullcontext(tracker.api)
    return closing(given.client())
