"""What a run works with: the doors, already opened by `bootstrap`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from ..agents.base import Agent
from ..clock import Clock, utcnow
from ..domain.lease import Process
from ..domain.policy import Policy
from ..journals.base import Journal
from ..leases.base import LeaseStore
from ..pulls.base import PullRequests
from ..trackers.base import Tracker
from ..workspaces.base import Lander, Proposer, Workspaces
from .keeper import Keeper
from .postman import Outgoing
from .purse import Purse
from .service import Service


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
