"""The project that chaos is brought upon, and one worker on it: a real runner whose agent is a
script. Everything else is what people use: stores, hub, clones, landing."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import anyio
from anyio import to_thread

from benchmarks.world import commit, number_of
from framework import attach, bootstrap
from framework.agents.base import Conversation, Report
from framework.agents.scripted import ScriptedAgent, call
from framework.config import settings as config
from framework.config.settings import Settings
from framework.domain.brief import Brief, render
from framework.domain.issue import DONE, Draft, State
from framework.domain.query import Query
from framework.domain.session import Completed, SessionEnd, Spending
from framework.runner.run import Ending, run

UNSETTLED = frozenset(State) - DONE


@dataclass(frozen=True, kw_only=True)
class World:
    """One project under `root`. `ttl` in seconds is how long its leases last."""

    root: Path
    ttl: float = 1800.0
    slots: int = 1

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def hub(self) -> Path:
        return self.project / ".nightshift" / "hub.git"

    @property
    def commits(self) -> Path:
        """Where agents note what they have committed, one commit a line: none may be lost."""
        return self.root / "commits"

    @property
    def settings(self) -> Settings:
        variables: Mapping[str, str] = {
            "XDG_STATE_HOME": str(self.root / "state"),
            "PATH": os.environ["PATH"],
        }
        loaded = config.load(
            project=self.project, slots=self.slots, boxed=False, checks=(), variables=variables
        )
        return replace(loaded, policy=replace(loaded.policy, ttl=timedelta(seconds=self.ttl)))

    @property
    def places(self) -> Path:
        return bootstrap.state_of(self.settings)

    def make(self, issues: int, leases: str = "file") -> None:
        """The project with its issues; `leases` names the kind of store."""
        own = self.project / ".nightshift"
        own.mkdir(parents=True)
        (own / "config.json").write_text(json.dumps({"leases": leases}))
        with closing(attach.open_tracker(self.project, create=True)) as tracker:
            for number in range(1, issues + 1):
                body = render(Brief(description=f"Number {number}."))
                tracker.create(Draft(title=f"Issue {number}", body=body, key=f"chaos/{number}"))

    def left(self) -> int:
        """How many issues are not settled."""
        with closing(attach.open_tracker(self.project)) as tracker:
            return tracker.count(Query(states=UNSETTLED))

    def work(self, most_seconds: float = 0.0, then: Callable[[], None] = lambda: None) -> Ending:
        """One run to its end, its sessions taking up to `most_seconds`. `then` is what an agent
        does when its work is committed."""
        return anyio.run(self._work, most_seconds, then)

    async def _work(self, most_seconds: float, then: Callable[[], None]) -> Ending:
        async def play(conversation: Conversation, report: Report) -> SessionEnd:
            await anyio.sleep(random.uniform(0, most_seconds))
            name = f"{number_of(conversation)}.txt"
            await commit(conversation.directory, conversation.environment, name)
            await to_thread.run_sync(self._note, conversation.directory)
            then()
            await call(conversation, "finished", summary="done", evidence="none")
            return Completed(spending=Spending(turns=1))

        async with bootstrap.open_parts(self.settings, agent=ScriptedAgent(play)) as parts:
            quick = {"first_backoff": timedelta(milliseconds=50), "poll": 0.1}
            return await run(replace(parts, policy=replace(parts.policy, **quick)))

    def _note(self, clone: Path) -> None:
        told = subprocess.run(
            ("git", "rev-parse", "HEAD"), cwd=clone, capture_output=True, check=True
        )
        with self.commits.open("ab", buffering=0) as file:
            file.write(told.stdout)  # one write: lines of several workers do not mix
