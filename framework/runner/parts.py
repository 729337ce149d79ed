"""What a run works with: the doors, already opened by `bootstrap`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ..agents.base import Agent
from ..domain.lease import TTL, Process
from ..domain.plan import Bounds
from ..domain.retry import MAX_FAILURES
from ..domain.session import Limits
from ..journals.base import Journal
from ..leases.base import LeaseStore
from ..pulls.base import PullRequests
from ..trackers.base import Tracker
from ..workspaces.base import Lander, Proposer, Workspaces
from .clock import Clock, utcnow
from .keeper import Keeper
from .postman import Outgoing
from .purse import Purse
from .service import Service


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The numbers of a run. Times in seconds unless they are timedeltas. With `merge` of `auto`
    pull requests are merged without a person, and no issue is begun anew while there are `reviews`
    of them."""

    slots: int = 3
    attempts: int | None = None
    limits: Limits = field(default_factory=Limits)
    bounds: Bounds | None = None
    ttl: timedelta = TTL
    max_failures: int = MAX_FAILURES
    first_backoff: timedelta = timedelta(seconds=10)
    second_model: str = ""
    poll: float = 1.0
    rehearsed: bool = False
    boxed: bool = True
    merge: str = "human"
    reviews: int = 10
    review_poll: float = 15.0


@dataclass(frozen=True, kw_only=True)
class Forge:
    """Where landings wait in pull requests."""

    pulls: PullRequests
    proposer: Proposer


Alone = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits for, holds and gives back the project's lease of that name: one run at a time."""

News = Callable[[], str]
"""A text that changes when somebody outside has said that there is something to look at."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    project: Path
    scratch: Path
    logs: Path
    conversations: Path
    tracker: Tracker
    outgoing: Outgoing
    leases: LeaseStore
    keeper: Keeper
    workspaces: Workspaces
    lander: Lander
    agent: Agent
    journal: Journal
    process: Process
    target: str
    checks: tuple[str, ...] | None
    policy: Policy
    service: Service
    purse: Purse
    alone: Alone
    news: News = lambda: ""
    clean: Callable[[str], str] = str
    clock: Clock = utcnow
    forge: Forge | None = None
