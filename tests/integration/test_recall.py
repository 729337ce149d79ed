"""A pull request's reviews go back into the conversation that wrote it, where that can go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from framework.agents.base import Conversation
from framework.agents.scripted import ScriptedAgent
from framework.domain.errors import AgentError
from framework.domain.event import Warned
from framework.domain.issue import State
from framework.domain.lease import Failure
from framework.domain.session import SessionEnd, Spending
from framework.domain.trouble import Kind
from framework.effect import arm
from framework.runner.parts import Parts
from framework.runner.run import run
from tests.integration.test_pulls_run import CHANGES, Place, merging
from tests.integration.test_runner import add, events, states, troubled

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Mindful(ScriptedAgent):
    """A scripted agent whose conversations are one line in its home."""

    full = False

    def remember(self, session: str, *, directory: Path, home: Path) -> bytes:
        if self.full:
            raise AgentError("it has more than 16 MB")
        return f"what {session} said".encode()

    def recall(self, session: str, kept: bytes, *, directory: Path, home: Path) -> None:
        (home / session).write_bytes(kept)

    def forget(self, *, directory: Path, home: Path) -> None:
        for path in home.iterdir():
            path.unlink()


class Reviewed(Place):
    """A place whose agent remembers; what its later attempts found in their homes is `found`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.found: list[dict[str, str]] = []
        self.agent = Mindful(self.stage.play)
        self.stage.plays = {(1, number): self.answer for number in (2, 3)}

    async def answer(self, conversation: Conversation) -> SessionEnd:
        self.found.append({one.name: one.read_text() for one in conversation.home.iterdir()})
        return await merging(conversation)

    @property
    def kept(self) -> list[str]:
        return sorted(one.name for one in (self.project / ".nightshift/conversations").iterdir())

    @property
    def sessions(self) -> list[str]:
        return self.stage.seen[1]

    async def once(self, *, new: bool = False, failure: Failure | None = None) -> Parts:
        """One run; `new` makes the issue first, `failure` is what came between."""
        async with self.parts() as parts:
            parts = replace(parts, agent=self.agent)
            if new:
                add(parts, "one")
            if failure is not None:
                _fail(parts, failure)
            await run(parts)
            self.warned = [one.text for one in events(parts, Warned)]
            assert states(parts) == [State.NEEDS_REVIEW], self.warned
            return parts

    async def reviewed(self) -> None:
        """Put up, and changes are asked for."""
        await self.once(new=True)
        self.pulls.change(1, reviews=(CHANGES,))


def _fail(parts: Parts, failure: Failure) -> None:
    lease = parts.leases.acquire("1", "somebody", parts.policy.ttl, process=parts.process)
    assert lease is not None
    parts.leases.release(lease, failure=replace(failure, epoch=lease.epoch))


@pytest.fixture
def place(tmp_path: Path) -> Reviewed:
    return Reviewed(tmp_path)


async def test_a_review_is_the_next_turn_of_the_same_conversation(place: Reviewed) -> None:
    """In another clone and another home, under an id of its own; then that one is kept instead."""
    await place.reviewed()
    (folder,) = (place.project / ".nightshift" / "conversations").iterdir()
    (file,) = folder.iterdir()
    assert folder.name.startswith("1-e")
    assert file.name == f"{place.sessions[0]}.jsonl"
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    await place.once()
    first, then = place.stage.turns
    assert then.earlier == first.session != then.session
    assert then.directory != first.directory
    assert not then.resume
    assert "NO-TABS" in then.prompt
    assert "in this conversation" in then.prompt
    assert place.found == [{first.session: f"what {first.session} said"}]
    assert len(place.kept) == 1
    assert place.kept != [folder.name]


@pytest.mark.parametrize(("way", "goes_on"), [("fresh", 0), ("model", 0), ("same", 1)])
async def test_a_fresh_start_goes_on_from_nothing(place: Reviewed, way: str, goes_on: bool) -> None:
    """What failed after the pull request was opened decides."""
    await place.reviewed()
    async with place.parts() as parts:
        at = parts.clock()
    await place.once(failure=Failure(at=at, epoch=0, reason="bad", way=way))
    assert bool(place.stage.turns[-1].earlier) == goes_on
    assert bool(place.found[0]) == goes_on


async def test_a_fresh_start_before_the_pull_request_is_over(place: Reviewed) -> None:
    """It has led to the conversation that is kept, so that one goes on."""
    async with place.parts() as parts:
        at = parts.clock()
    await place.once(new=True, failure=Failure(at=at, epoch=0, reason="bad", way="fresh"))
    place.pulls.change(1, reviews=(CHANGES,))
    await place.once()
    assert place.stage.turns[-1].earlier == place.sessions[0]


async def test_what_is_gone_is_replaced_by_a_new_conversation(place: Reviewed) -> None:
    """It is told the same, and people are told why."""
    await place.reviewed()
    for file in (place.project / ".nightshift" / "conversations").rglob("*.jsonl"):
        file.unlink()
    await place.once()
    then = place.stage.turns[-1]
    assert then.earlier == ""
    assert "NO-TABS" in then.prompt
    assert "How to work" in then.prompt
    assert any("cannot go on (it was not kept)" in text for text in place.warned)


@pytest.mark.parametrize("kind", [Kind.CRASHED, Kind.CONTEXT_TOO_LONG, Kind.INVALID_REQUEST])
async def test_what_is_refused_is_replaced_in_the_same_attempt(place: Reviewed, kind: Kind) -> None:
    """With a home as if nothing had been recalled, and nothing counts as a failure."""
    await place.reviewed()

    async def refuse(conversation: Conversation) -> SessionEnd:
        if conversation.earlier:
            return troubled(kind, why="NO-SUCH-CONVERSATION")
        return await place.answer(conversation)

    place.stage.plays = {(1, 2): refuse}
    parts = await place.once()
    assert [bool(one.earlier) for one in place.stage.turns] == [False, True, False]
    assert place.stage.turns[2].session == place.stage.turns[1].session
    assert place.found == [{}]
    assert any("NO-SUCH-CONVERSATION" in text for text in place.warned)
    record = parts.leases.record("1")
    assert record is not None
    assert record.failures == ()


async def test_what_breaks_off_later_is_an_ending_like_any(place: Reviewed) -> None:
    """Once the model has answered, its work counts, and nothing is begun anew."""
    await place.reviewed()
    seen: list[Conversation] = []

    async def crash(conversation: Conversation) -> SessionEnd:
        seen.append(conversation)
        return replace(troubled(Kind.CRASHED), spending=Spending(turns=1))

    place.stage.plays = {(1, 2): crash, (1, 3): place.answer}
    await place.once()
    assert len(seen) == 1
    assert len(place.sessions) == 3


async def test_what_cannot_be_kept_is_said(place: Reviewed) -> None:
    """The pull request is opened all the same, and nothing older is gone on with later."""
    await place.reviewed()
    place.agent.full = True
    await place.once()
    assert place.kept == []
    assert any("is not kept: it has more than 16 MB" in text for text in place.warned)


async def test_an_agent_that_cannot_remember_begins_anew(place: Reviewed) -> None:
    """And nobody is told of what is no trouble."""
    place.agent = ScriptedAgent(place.stage.play)  # type: ignore[assignment]
    await place.reviewed()
    await place.once()
    assert place.stage.turns[-1].earlier == ""
    assert not any("conversation" in text for text in place.warned)


async def test_a_merged_one_is_deleted(place: Reviewed) -> None:
    """Of this issue only."""
    await place.reviewed()
    other = place.project / ".nightshift" / "conversations" / "1-e1-e1"
    other.mkdir()
    place.pulls.accept(1)
    async with place.parts() as parts:
        await run(parts)
        assert states(parts) == [State.CLOSED]
    assert place.kept == [other.name]


@pytest.mark.parametrize("point", ["keep:before", "keep:after"])
async def test_a_kill_around_it_costs_the_conversation_at_most(point: str, tmp_path: Path) -> None:
    """The pull request is opened by the next run without a session; a review is answered in the
    conversation if it was kept, else in a new one."""
    await to_thread.run_sync(_die, tmp_path, point)
    place = Reviewed(tmp_path)
    place.stage.plays = {(1, 1): place.answer}
    await place.once()
    assert place.stage.turns == []
    place.pulls.change(1, reviews=(CHANGES,))
    await place.once()
    (then,) = place.stage.turns
    assert bool(then.earlier) == (point == "keep:after")
    assert len(place.kept) == 1


def _die(root: Path, point: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.test_recall", str(root), point],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


async def _put_up(root: Path) -> None:
    await Reviewed(root).once(new=True)


if __name__ == "__main__":
    arm(sys.argv[2])
    anyio.run(_put_up, Path(sys.argv[1]))
