"""The composition root: from Settings to the opened doors. Everything concrete is named here."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
)
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
from anyio import to_thread

from . import box, forges, journals
from .agents.base import Agent
from .agents.tokens import TokenPool
from .attach import load, open_leases, open_tracker, outbox_file
from .clock import utcnow
from .config.choice import choose
from .config.environment import for_remotes, secrets_around
from .config.place import store_id
from .config.settings import Settings
from .config.token import token_of
from .domain.account import fingerprint
from .domain.errors import NoBox, TrackerError, UsageError
from .domain.event import Warned, WorkRescued
from .domain.identifier import slug
from .domain.lease import Process
from .domain.policy import Policy
from .domain.redaction import Redactor
from .journals.base import Journal
from .journals.redacted import RedactedJournal
from .leases.base import LeaseStore
from .leases.process import is_alive, this_process
from .rehearsal.outage import Outage, disturbed
from .runner.footprint import keep_small
from .runner.keeper import Keeper
from .runner.parts import Parts
from .runner.purse import Purse
from .runner.service import Service
from .runner.turns import Turns
from .runner.weather import Weather
from .trackers.base import BacksUp, Tracker
from .trackers.outbox import Outbox
from .webhooks.bell import WAKE_FILE, Bell
from .workspaces._git import check_version
from .workspaces.base import Rescue
from .workspaces.clone import CloneWorkspaces
from .workspaces.hub import Hub
from .workspaces.landing import HubLander

_POLL_SECONDS = {"sqlite": 0.25, "memory": 0.05}
_REVIEW_POLL = 15.0
_REHEARSED_POLL = 2.0
_REHEARSED_PAUSE = timedelta(seconds=2)


def state_of(settings: Settings) -> Path:
    """This project's directory outside the project: short, and its own even if names repeat."""
    digest = hashlib.sha256(os.fsencode(settings.project)).hexdigest()[:8]
    return settings.state / f"{slug(settings.project.name)[:24]}-{digest}"


def make_box(settings: Settings) -> box.Box:
    """The box that sessions and checks run in, on macOS its weaker stand-in. Raises NoBox where it
    is wanted and missing, except for a rehearsal, whose agent does only what is scripted."""
    programs = (*box.programs(settings.box.path), *settings.box.readable)
    if settings.box.wanted and box.is_available():
        return box.Bubblewrap(settings.state / "accounts", programs)
    if settings.box.wanted and box.has_seatbelt():
        ours = (settings.project / ".env", settings.directory, settings.state)
        return box.Seatbelt(programs, (*ours, *box.private_places()))
    if settings.box.wanted and not settings.policy.rehearsed:
        raise NoBox(
            "Sessions run inside bubblewrap, which is not installed: install the package "
            "`bubblewrap`, or pass --no-box to let agents reach whatever your user can."
        )
    return box.Unboxed(programs)


def refuse_openings(settings: Settings, cell: box.Box) -> None:
    """Raises NoBox where a boxed program can get out, which names each way. It takes a moment."""
    if not cell.confines:
        if settings.box.network != box.Network.OPEN.value:
            raise NoBox(
                "NIGHTSHIFT_NETWORK=model-only needs bubblewrap: set it to open, or leave out "
                "--no-box."
            )
        if isinstance(cell, box.Seatbelt):
            _refuse_loose(settings, cell)
        return
    from .box.probe import probe

    found = probe(
        cell,
        settings.state / "probe",
        private=(settings.project / ".env",),
        network=settings.box.network == box.Network.OPEN.value,
    )
    if found:
        ways = "\n".join(f"- {one}" for one in found)
        raise NoBox(f"The box of this machine is not tight, so no run is started:\n{ways}")


def _refuse_loose(settings: Settings, cell: box.Seatbelt) -> None:
    """Raises NoBox where a session's command can get out of the CLI's own sandbox, or a check out
    of ours. It takes some seconds."""
    from .agents import trial
    from .rehearsal import escape

    place = settings.state / "probe" / "session"
    found = box.loose(cell, settings.state / "probe" / "check")
    found += anyio.run(escape.tried, place, partial(trial.speak, cell, escape.PROMPT))
    if found:
        ways = "\n".join(f"- One can {one}." for one in found)
        raise NoBox(f"The sandbox of this machine is not tight, so no run is started:\n{ways}")


def require(settings: Settings) -> None:
    """Raise the UsageError of whatever a real run lacks on this machine."""
    check_version()
    settings.agent.require_token()
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{settings.state} cannot be made ({error.strerror}). Set XDG_STATE_HOME to a "
            "directory of yours."
        ) from error
    refuse_openings(settings, make_box(settings))


@asynccontextmanager
async def open_parts(settings: Settings, agent: Agent | None = None) -> AsyncIterator[Parts]:
    """Open everything a run needs, and put it away again. `agent` replaces Claude in tests."""
    keep_small()
    cell = make_box(settings)
    redactor = Redactor(_secrets(settings))
    agent = agent or _claude(settings, cell, redactor)
    here, state = settings.directory, state_of(settings)
    hub = await to_thread.run_sync(
        lambda: Hub(project=settings.project, path=here / "hub.git", target=None)
    )
    async with AsyncExitStack() as stack:
        process = this_process()
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
        journal = stack.enter_context(closing(_journal(settings, name, redactor)))
        tracker = stack.enter_context(closing(_tracker(settings, process, redactor, journal)))
        stack.enter_context(_backed_up(tracker.behind, journal))
        store = stack.enter_context(closing(_leases(settings, hub)))
        ttl = settings.policy.ttl
        keeper = stack.enter_context(Keeper(store, ttl))
        group = await stack.enter_async_context(anyio.create_task_group())
        stack.callback(group.cancel_scope.cancel)
        turns = Turns(
            store=store, ttl=ttl, keeper=keeper, process=process, journal=journal, group=group
        )
        stack.callback(turns.close)
        workspaces = CloneWorkspaces(
            hub=hub, root=state, box=cell, on_rescue=lambda one: _note_rescue(journal, one)
        )
        lander = _lander(settings, hub, cell, turns, redactor.clean)
        forge = stack.enter_context(forges.reviews(settings, lander, tracker.behind))
        yield Parts(
            project=settings.project,
            scratch=state,
            logs=here / "logs",
            conversations=here / "conversations",
            tracker=tracker,
            outgoing=tracker,
            leases=store,
            keeper=keeper,
            workspaces=workspaces,
            lander=lander,
            forge=forge,
            agent=agent,
            journal=journal,
            process=process,
            target=hub.target,
            checks=settings.run.checks,
            policy=_policy(settings, tracker=tracker.name, boxed=cell.confines),
            service=Service(
                pool=_pool(settings, process),
                weather=_weather(settings.policy),
                journal=journal,
            ),
            purse=Purse(journal=journal, run=name, caps=settings.run.caps),
            alone=turns.alone,
            clean=redactor.clean,
            news=Bell(here / WAKE_FILE).last,
        )


def _lander(
    settings: Settings, hub: Hub, cell: box.Box, turns: Turns, clean: Callable[[str], str]
) -> HubLander:
    run = settings.run
    return HubLander(
        hub=hub,
        project=settings.project,
        root=state_of(settings),
        logs=settings.directory / "logs",
        box=cell,
        checks=run.checks,
        check_seconds=run.check_seconds,
        clean=clean,
        check_network=settings.box.check_network == box.Network.OPEN.value,
        push=run.push,
        propose=store_id(settings.project) if run.land == "pr" else None,
        environment=for_remotes(),
        serialise=lambda: turns.alone(f"land:{hub.target}"),
        deliver_alone=lambda: turns.alone(f"deliver:{hub.target}"),
    )


def _policy(settings: Settings, *, tracker: str, boxed: bool) -> Policy:
    usual = settings.policy
    return replace(
        usual,
        poll=_POLL_SECONDS.get(tracker, _REHEARSED_POLL if usual.rehearsed else 30.0),
        review_poll=_REHEARSED_POLL if usual.rehearsed else _REVIEW_POLL,
        boxed=boxed,
    )


def _claude(settings: Settings, cell: box.Box, redactor: Redactor) -> Agent:
    settings.agent.require_token()
    from .agents.claude import ClaudeAgent, Token

    return ClaudeAgent(
        box=cell,
        tokens={
            one.name: Token(value=one.value.reveal(), oauth=one.oauth)
            for one in settings.agent.tokens
        },
        model=settings.agent.model,
        network=box.Network(settings.box.network),
        clean=redactor.clean_all,
        endpoint=settings.agent.endpoint,
        environment=settings.agent.environment,
    )


def _pool(settings: Settings, process: Process) -> TokenPool:
    """The tokens of the run; an agent that has none works as if it had one."""
    tokens = {one.name: fingerprint(one.value.reveal()) for one in settings.agent.tokens}
    directory = settings.directory if settings.policy.rehearsed else settings.state
    return TokenPool(
        directory / "tokens.json",
        tokens=tokens or {"": fingerprint("")},
        reserve=frozenset(one.name for one in settings.agent.tokens if not one.oauth),
        me=process,
        is_alive=is_alive,
        clock=utcnow,
    )


def _weather(policy: Policy) -> Weather:
    return Weather(longest=_REHEARSED_PAUSE if policy.rehearsed else timedelta.max)


@contextmanager
def _backed_up(tracker: Tracker, journal: Journal) -> Iterator[None]:
    """At the beginning and at the end of a run, as far as the tracker does it."""
    _back_up(tracker, journal)
    yield
    _back_up(tracker, journal)


def _back_up(tracker: Tracker, journal: Journal) -> None:
    try:
        if isinstance(tracker, BacksUp):
            tracker.back_up()
    except TrackerError as error:  # a run needs no backup, and people should know
        journal.append(Warned(text=f"The board was not backed up: {error}"))


def _leases(settings: Settings, hub: Hub) -> LeaseStore:
    return open_leases(settings.project, settings.stores.tracker, floor=hub.epoch, create=True)


def _tracker(settings: Settings, process: Process, redactor: Redactor, journal: Journal) -> Outbox:
    """The project's tracker, with what it is to be told kept while it is away, and what it says
    to people in the journal."""

    def say(text: str) -> None:
        journal.append(Warned(text=text))

    tracker = open_tracker(
        settings.project, settings.stores.tracker, create=True, furnish=True, say=say
    )
    if away := settings.run.outage:
        tracker = disturbed(tracker, Outage(after=away.after, seconds=away.seconds))
    path = outbox_file(settings.project, settings.stores.tracker)
    return Outbox(tracker, path, process=process, is_alive=is_alive, clean=redactor.clean)


def _secrets(settings: Settings) -> list[str]:
    """What must not be in anything that we write or tell: the model's tokens, and whatever the
    environment calls a token, a key or a password, and the tracker's token wherever it is from."""
    chosen = choose(settings.project, settings.stores.tracker)
    forge = [] if chosen.path else [token_of(chosen, settings.project).reveal()]
    return [*(one.value.reveal() for one in settings.agent.tokens), *secrets_around(), *forge]


def _journal(settings: Settings, name: str, redactor: Redactor) -> Journal:
    journal: Journal = load(journals.BACKENDS, settings.stores.journal, "journal")(
        settings.directory / "journal.db", run=name
    )
    return RedactedJournal(journal, redactor.clean)


def _note_rescue(journal: Journal, rescue: Rescue) -> None:
    journal.append(
        WorkRescued(issue=rescue.issue, epoch=rescue.epoch, ref=rescue.ref, commit=rescue.commit)
    )
