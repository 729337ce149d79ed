"""The bundled remedies: a session in poor health is followed by another way, and that lands."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from framework import bootstrap, box
from framework.config import settings as config
from framework.domain.event import AttemptEnded, AttemptStarted, SessionScored, WorkRescued
from framework.rehearsal import scenario, server, stage
from framework.rehearsal.server import Exchange
from framework.runner.run import run

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")


@dataclass(frozen=True, kw_only=True)
class Night:
    """What the journal says of an issue, by its title, and what its sessions asked the model."""

    events: list[Any]
    asked: list[Exchange]
    logs: Path

    def attempts(self, title: str) -> list[AttemptStarted]:
        every = (one for one in self.events if isinstance(one, AttemptStarted))
        return [one for one in every if one.title == title]

    def of(self, kind: type, title: str) -> list[Any]:
        (issue,) = {one.issue for one in self.attempts(title)}
        return [one for one in self.events if isinstance(one, kind) and one.issue == issue]

    def opening(self, session: str) -> str:
        """The session's first prompt."""
        return next(one.prompts[0] for one in self.asked if one.session == session)

    def model(self, session: str) -> str:
        """That the CLI says it has worked with."""
        (log,) = self.logs.glob(f"*{session}.jsonl")
        rows = [json.loads(row) for row in log.read_text().splitlines()]
        return str(next(one["data"]["model"] for one in rows if one.get("subtype") == "init"))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """One run: the real CLI in its box, real git, real checks."""
    root = tmp_path_factory.mktemp("remedies")
    return anyio.run(_play, root)


async def _play(root: Path) -> Night:
    script = scenario.load(scenario.find("remedies"))
    project = stage.set_up(script, root / "stages")
    async with server.serve(script, now=time.time) as endpoint:
        variables = {
            "XDG_STATE_HOME": str(root / "state"),
            "PATH": os.environ["PATH"],
            "ANTHROPIC_BASE_URL": endpoint.url,
            "CLAUDE_CODE_OAUTH_TOKEN": "scripted",
            "NIGHTSHIFT_MODEL": "opus",
            "NIGHTSHIFT_SECOND_MODEL": "haiku",
        }
        settings = config.load(project=project, slots=2, variables=variables)
        async with bootstrap.open_parts(settings) as parts:
            policy = replace(parts.policy, first_backoff=timedelta(milliseconds=1), poll=0.02)
            ended = await run(replace(parts, policy=policy))
            events = [one.event for one in parts.journal.since()]
            assert (ended.code, endpoint.faults) == (0, [])
            return Night(events=events, asked=endpoint.log, logs=parts.logs)


def test_a_fresh_context_lands(night: Night) -> None:
    """Going round in circles is found, the next session is told what failed and not given the
    work that was kept, and its own lands."""
    title = "Greet by name"
    first, second = night.attempts(title)
    assert [one.outcome for one in night.of(AttemptEnded, title)] == ["Unfinished", "Landed"]
    poor, good = night.of(SessionScored, title)
    assert poor.score < 40 <= good.score
    assert " repeats: " in poor.reasons[0]
    (kept,) = night.of(WorkRescued, title)
    assert "Earlier attempts" in night.opening(second.session)
    assert kept.commit not in night.opening(second.session)
    assert night.model(first.session) == night.model(second.session)


def test_a_second_model_lands(night: Night) -> None:
    """After a fresh context has not helped either, the third session has the other model."""
    title = "Count the letters"
    outcomes = [one.outcome for one in night.of(AttemptEnded, title)]
    assert outcomes == ["Unfinished", "Unfinished", "Landed"]
    scores = [one.score for one in night.of(SessionScored, title)]
    assert max(scores[:2]) < 40 <= scores[2]
    models = [night.model(one.session) for one in night.attempts(title)]
    assert [one.split("-")[1] for one in models] == ["opus", "opus", "haiku"]
