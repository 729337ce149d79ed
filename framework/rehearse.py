"""The composition root of a rehearsal: a run's settings for a throwaway project, offline."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from anyio import to_thread

from .config.environment import process
from .config.secret import Secret
from .config.settings import OutageSettings, Settings
from .config.stores import StoreSettings, stores_of
from .config.tokens import PoolToken
from .domain.errors import UsageError
from .rehearsal import scenario as scenarios
from .rehearsal import server, stage
from .rehearsal.outage import Outage

_BACKOFF = timedelta(seconds=0.5)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """`told` says, of a run that closed so many issues, what it asked of the forge, which ends
    with the rehearsal; None where there is none."""

    settings: Settings
    told: Callable[[int], str] | None


@asynccontextmanager
async def rehearsed(
    settings: Settings,
    scenario: str,
    *,
    copy_of: Path | None = None,
    tracker: str | None = None,
) -> AsyncIterator[Rehearsal]:
    """The same settings for a throwaway project and a scripted model: only endpoint, token and
    place differ. With the `tracker` github the project is the clone of a repository on a GitHub
    on this machine."""
    script = scenarios.load(scenarios.find(scenario))
    project = await to_thread.run_sync(stage.set_up, script, settings.state / "rehearsals", copy_of)
    limits = settings.policy.limits
    with _forge(tracker, project, settings.directory.name) as told:
        async with server.serve(script) as endpoint:
            played = replace(
                settings,
                project=project,
                stores=stores_of(project, {}) if tracker else StoreSettings(),
                agent=replace(
                    settings.agent,
                    tokens=_tokens(script.tokens),
                    endpoint=endpoint.url,
                    environment={},
                ),
                policy=replace(
                    settings.policy,
                    limits=replace(limits, silence=script.stall or limits.silence),
                    rehearsed=True,
                    first_backoff=_BACKOFF,
                    max_failures=script.max_failures or settings.policy.max_failures,
                ),
                run=replace(settings.run, outage=_outage(script.outage)),
            )
            yield Rehearsal(settings=played, told=told)


@contextmanager
def _forge(
    tracker: str | None, project: Path, directory: str
) -> Iterator[Callable[[int], str] | None]:
    match tracker:
        case None | "local" | "sqlite":
            yield None
        case "github":
            from .rehearsal.forge import github
            from .rehearsal.github.schema import place

            with github(project, directory, place(process())) as told:
                yield told
        case _:
            raise UsageError(
                f"No rehearsal is played on {tracker!r}. Use --tracker github, or leave it out for "
                "a local board."
            )


def _outage(scripted: Outage | None) -> OutageSettings | None:
    if scripted is None:
        return None
    return OutageSettings(after=scripted.after, seconds=scripted.seconds)


def _tokens(count: int) -> tuple[PoolToken, ...]:
    names = [f"REHEARSAL_{number}" for number in range(1, count + 1)]
    return tuple(PoolToken(name=one, value=Secret(one.lower()), oauth=True) for one in names)
