"""Whole runs with the real CLI: what people say of a pull request is said in the conversation
that wrote it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from framework import box
from framework.agents.claude import ClaudeAgent, Token
from framework.agents.tokens import TokenPool
from framework.clock import utcnow
from framework.domain.event import AttemptStarted, Warned
from framework.domain.issue import State
from framework.leases.process import is_alive
from framework.rehearsal import scenario, server
from framework.runner.run import run
from framework.runner.service import Service
from tests.contracts.test_agents_recalled import Wire, said
from tests.integration.test_pulls_run import CHANGES, Place
from tests.integration.test_runner import add, events, states

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*(Transport.__del__|FileIO)"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]
ENDING = [{"finished": {"summary": "done", "evidence": "it is there"}}, {"say": "SAID-LAST"}]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def play(root: Path, *turns: dict[str, Any]) -> Path:
    root.mkdir()
    (root / "app_spec.txt").write_text("x")
    session = {"issue": "one", "turns": [*turns, *ENDING]}
    text = {"name": "t", "description": "t", "spec": "app_spec.txt", "sessions": [session]}
    (root / "scenario.yaml").write_text(yaml.safe_dump(text))
    return root / "scenario.yaml"


async def one_run(
    place: Place, account: str, script: Path, *, new: bool = False
) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """With that token: the last request's messages, the tokens that came, and what was warned."""
    programs = box.programs(os.environ["PATH"])
    cell: box.Box = box.Unboxed(programs)
    if box.is_available():
        cell = box.Bubblewrap(place.root / "accounts", programs)
    async with (
        server.serve(scenario.load(script)) as endpoint,
        Wire(to=endpoint.url).open() as wire,
        place.parts() as parts,
    ):
        pool = TokenPool(
            place.root / f"pool-{account}.json",
            tokens={account: account},
            me=parts.process,
            is_alive=is_alive,
            clock=utcnow,
        )
        parts = replace(
            parts,
            service=Service(pool=pool, weather=parts.service.weather, journal=parts.journal),
            agent=ClaudeAgent(
                box=cell,
                tokens={account: Token(value=f"token-{account}", oauth=True)},
                model="sonnet",
                endpoint=wire.url,
            ),
        )
        if new:
            add(parts, "one")
        await run(parts)
        assert states(parts) == [State.NEEDS_REVIEW]
        told = [one.text for one in events(parts, Warned)]
        tokens = [one.headers["authorization"] for one in endpoint.log]
        return wire.requests()[-1]["messages"], tokens, told


async def test_the_review_is_said_in_the_conversation_that_wrote_the_work(tmp_path: Path) -> None:
    """By another run, with another token, in another clone: the request holds what was said and
    done before, then the review; what comes of it is pushed to the same pull request."""
    place = Place(tmp_path)
    first = play(
        tmp_path / "first",
        {"write": {"path": "1.txt", "text": "FIRST-TEXT\n"}},
        {"bash": "git add -A && git commit -qm one && pwd"},
    )
    _, tokens, _ = await one_run(place, "a", first, new=True)
    place.pulls.change(1, reviews=(CHANGES,))
    head = place.pulls.get(1).head
    second = play(
        tmp_path / "second",
        {"bash": f"git merge -q --no-edit {head} && pwd"},
        {"bash": "echo more >> 1.txt && git commit -qam more"},
    )
    last, others, warned = await one_run(place, "b", second)
    story = [f"{role}: {text}" for role, text in said(last)]
    at = [
        next(index for index, text in enumerate(story) if part in text)
        for part in ("FIRST-TEXT", "SAID-LAST", "NO-TABS", "git merge -q")
    ]
    assert at == sorted(at), story
    assert story[at[1]].startswith("assistant")
    assert story[at[2]].startswith("user")
    assert set(tokens) == {"Bearer token-a"}
    assert set(others) == {"Bearer token-b"}
    assert not any("conversation" in text for text in warned)
    assert place("show", f"{place.pulls.get(1).head}:1.txt") == "FIRST-TEXT\nmore"
    assert place("merge-base", "--is-ancestor", head, place.pulls.get(1).head) == ""
    async with place.parts() as parts:
        begun = events(parts, AttemptStarted)
    for one in begun:
        assert f"/1-e{one.epoch}/clone" in json.dumps(last)
    assert len({one.session for one in begun}) == 2
