"""What every agent promises, on the scripted one and on the real CLI against a scripted model."""

from __future__ import annotations

import gc
import json
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
import yaml

from framework import box
from framework.agents.base import Agent, Conversation, HostTool, ToolReply
from framework.agents.claude import ClaudeAgent, Token
from framework.agents.scripted import ScriptedAgent, call
from framework.box import Network
from framework.domain.redaction import Redactor
from framework.domain.session import (
    CapReached,
    Completed,
    Limits,
    SessionEnd,
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Troubled,
    Used,
    Waiting,
)
from framework.domain.trouble import Kind
from framework.rehearsal import scenario, server
from tests.theatre import wait_for

pytestmark = [
    pytest.mark.anyio,
    # Where the CLI has ended with an error, the SDK leaves its pipes to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*(Transport.__del__|FileIO)"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]
SECRET = "sk-canary-5d1f"
TITLE = "Try it"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _pipes_are_collected_here() -> Iterator[None]:
    """And not in somebody else's test, where the filter above does not hold."""
    yield
    gc.collect()


@dataclass
class Stage:
    """A clone-like directory, a home, and what the agent said through its tools."""

    root: Path
    events: list[SessionEvent] = field(default_factory=list)
    calls: list[Mapping[str, Any]] = field(default_factory=list)

    def conversation(self, **changes: Any) -> Conversation:
        async def handle(arguments: Mapping[str, Any]) -> ToolReply:
            self.calls.append(arguments)
            return ToolReply(text="Noted.")

        for name in ("clone", "home"):
            (self.root / name).mkdir(exist_ok=True)
        schema = {
            "type": "object",
            "required": ["text"],
            "properties": {"text": {"type": "string"}},
        }
        usual = Conversation(
            session=str(uuid.uuid4()),
            prompt=f"# Issue 1: {TITLE}\n\nDo it.",
            system="You are brief.",
            directory=self.root / "clone",
            home=self.root / "home",
            log=self.root / "logs" / "session.jsonl",
            tools=(HostTool(name="progress", description="x", schema=schema, handle=handle),),
            limits=Limits(seconds=60),
        )
        return replace(usual, **changes)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(root=tmp_path)


@asynccontextmanager
async def claude(
    root: Path,
    turns: str,
    *,
    boxed: bool,
    now: Callable[[], float] = time.time,
    network: Network = Network.OPEN,
    clean: Callable[[Any], Any] = lambda value: value,
) -> AsyncIterator[Agent]:
    """The real CLI; `turns` is the scenario's script for its only issue."""
    folder = root / "scenario"
    folder.mkdir()
    (folder / "app_spec.txt").write_text("x")
    session = {"issue": TITLE, "turns": yaml.safe_load(turns)}
    text = {"name": "t", "description": "t", "spec": "app_spec.txt", "sessions": [session]}
    (folder / "scenario.yaml").write_text(yaml.safe_dump(text))
    programs = box.programs(os.environ["PATH"])
    cell: box.Box = box.Unboxed(programs)
    if boxed:
        cell = box.Bubblewrap(root / "accounts", programs)
    async with server.serve(scenario.load(folder / "scenario.yaml"), now=now) as endpoint:
        yield ClaudeAgent(
            box=cell,
            tokens={"": Token(value=SECRET, oauth=True)},
            model="sonnet",
            network=network,
            clean=clean,
            endpoint=endpoint.url,
        )


needs_box = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")
KINDS = [pytest.param(False, id="unboxed"), pytest.param(True, id="boxed", marks=needs_box)]


async def _write_and_note(conversation: Conversation, report: Any) -> SessionEnd:
    report(ToolCalled(call="1", tool="Write", summary="a.txt"))
    (conversation.directory / "a.txt").write_text("hello")
    report(ToolEnded(call="1", failed=False))
    await call(conversation, "progress", text="half way")
    return Completed(spending=Spending(turns=2))


@asynccontextmanager
async def any_agent(kind: str, root: Path) -> AsyncIterator[Agent]:
    if kind == "scripted":
        yield ScriptedAgent(_write_and_note)
        return
    turns = """
    - write: {path: a.txt, text: hello}
    - progress: half way
    - say: done
    """
    async with claude(root, turns, boxed=kind == "boxed") as agent:
        yield agent


@pytest.mark.parametrize("kind", ["scripted", "unboxed", pytest.param("boxed", marks=needs_box)])
async def test_a_conversation_works_reports_and_ends(stage: Stage, kind: str) -> None:
    """Files are written, host tools are heard, events come in order, the end is Completed."""
    async with any_agent(kind, stage.root) as agent:
        end = await agent.converse(stage.conversation(), stage.events.append)
    assert isinstance(end, Completed)
    assert (stage.root / "clone" / "a.txt").read_text() == "hello"
    assert stage.calls == [{"text": "half way"}]
    assert isinstance(stage.events[0], Started)
    begun = [one.call for one in stage.events if isinstance(one, ToolCalled)]
    ended = [one.call for one in stage.events if isinstance(one, ToolEnded)]
    assert begun
    assert begun == ended


async def _sleep(conversation: Conversation, report: Any) -> SessionEnd:
    await anyio.sleep(60)
    raise AssertionError("unreachable")


@asynccontextmanager
async def slow_agent(kind: str, root: Path) -> AsyncIterator[Agent]:
    if kind == "scripted":
        yield ScriptedAgent(_sleep)
        return
    turns = "[{bash: 'setsid sleep 61 & sleep 62'}, {say: done}]"
    async with claude(root, turns, boxed=kind == "boxed") as agent:
        yield agent


@pytest.mark.parametrize("kind", ["scripted", "unboxed", pytest.param("boxed", marks=needs_box)])
async def test_the_time_limit_ends_it_as_a_cap(stage: Stage, kind: str) -> None:
    limits = Limits(seconds=0.2 if kind == "scripted" else 4)
    async with slow_agent(kind, stage.root) as agent:
        end = await agent.converse(stage.conversation(limits=limits), stage.events.append)
    assert isinstance(end, CapReached)
    assert end.what == "seconds"


@needs_box
async def test_a_cancelled_boxed_session_leaves_no_process(stage: Stage) -> None:
    """The CLI, its tool and the tool's daemon are gone when the cancelled call returns."""
    async with slow_agent("boxed", stage.root) as agent:
        with anyio.move_on_after(60) as scope:

            def report(event: SessionEvent) -> None:
                if isinstance(event, ToolCalled):
                    scope.deadline = anyio.current_time() + 0.5

            await agent.converse(stage.conversation(), report)
        assert scope.cancelled_caught
    # The kernel takes the box down after its first process.
    wait_for(lambda: not _processes_of(stage.root), "all are gone", seconds=2)


def _processes_of(root: Path) -> list[object]:
    """The live processes that were started for something below `root`."""
    every = psutil.process_iter(["cmdline", "status"])
    live = (one.info for one in every if one.info["status"] != psutil.STATUS_ZOMBIE)
    return [info for info in live if str(root) in str(info["cmdline"])]


@pytest.mark.parametrize("boxed", KINDS)
async def test_the_token_is_in_no_environment_and_no_file(stage: Stage, boxed: bool) -> None:
    """What the agent's own shell can see of every process it can look into, and of its home."""
    turns = """
    - bash: "cat /proc/*/environ 2>/dev/null | tr '\\\\0' '\\\\n' > seen.txt; env >> seen.txt; true"
    - say: done
    """
    async with claude(stage.root, turns, boxed=boxed) as agent:
        await agent.converse(stage.conversation(), stage.events.append)
    seen = (stage.root / "clone" / "seen.txt").read_text(errors="replace")
    assert "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR" in seen
    if boxed:  # unboxed, the environment of our own tests is readable as well
        assert SECRET not in seen
    files = [path for path in (stage.root / "home").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("boxed", KINDS)
async def test_our_environment_does_not_reach_the_agent(
    stage: Stage, boxed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "forge-canary")
    async with claude(stage.root, "[{bash: env > seen.txt}, {say: x}]", boxed=boxed) as agent:
        await agent.converse(stage.conversation(), stage.events.append)
    seen = (stage.root / "clone" / "seen.txt").read_text()
    assert "PATH=" in seen
    assert "forge-canary" not in seen
    assert SECRET not in seen


ENDS: list[tuple[str, Kind]] = [
    ("{limit: {resets_in: 600}}", Kind.USAGE_LIMIT),
    # It asks once more by itself, as a token may have been renewed.
    (", ".join(["{status: 401, error: authentication_error}"] * 2), Kind.AUTHENTICATION),
    ("{status: 403, error: permission_error}", Kind.AUTHENTICATION),
    ("{status: 429, error: rate_limit_error}", Kind.RATE_LIMIT),
    ("{status: 500, error: api_error}", Kind.SERVER),
    ("{status: 529, error: overloaded_error}", Kind.OVERLOADED),
    ("{status: 413, error: request_too_large}", Kind.INVALID_REQUEST),
    ("{bash: kill -9 $PPID}", Kind.CRASHED),
]


@pytest.mark.parametrize(("turn", "kind"), ENDS, ids=[turn for turn, _ in ENDS])
async def test_each_trouble_has_its_kind(stage: Stage, turn: str, kind: Kind) -> None:
    """By typed facts of the SDK, at the first answer: but for a 401, the program itself
    tries nothing again."""
    async with claude(stage.root, f"[{turn}]", boxed=box.is_available()) as agent:
        end = await agent.converse(stage.conversation(), stage.events.append)
    assert isinstance(end, Troubled)
    assert end.trouble.kind is kind
    assert (end.trouble.until is not None) == (kind is Kind.USAGE_LIMIT)
    if kind is not Kind.AUTHENTICATION:
        assert not [one for one in stage.events if isinstance(one, Waiting)]


async def test_a_limited_conversation_goes_on_where_it_stopped(stage: Stage) -> None:
    """The same session id, the same home, a new process: the history is there."""
    turns = "[{write: {path: a.txt, text: x}}, {limit: {resets_in: 600}}, {say: done}]"
    clock = [time.time()]
    boxed = box.is_available()
    async with claude(stage.root, turns, boxed=boxed, now=lambda: clock[0]) as agent:
        first = stage.conversation()
        limited = await agent.converse(first, stage.events.append)
        assert isinstance(limited, Troubled)
        clock[0] += 601
        again = replace(first, resume=True, prompt="# Continue\n\nGo on.")
        end = await agent.converse(again, stage.events.append)
    assert isinstance(end, Completed)
    rows = [json.loads(line) for line in first.log.read_text().splitlines()]
    assert {row["session_id"] for row in rows if row["kind"] == "ResultMessage"} == {first.session}


async def test_the_turn_limit_is_a_cap(stage: Stage) -> None:
    turns = "[{bash: 'true'}, {bash: 'true'}, {bash: 'true'}, {say: x}]"
    async with claude(stage.root, turns, boxed=False) as agent:
        conversation = stage.conversation(limits=Limits(turns=1, seconds=60))
        end = await agent.converse(conversation, stage.events.append)
    assert isinstance(end, CapReached)
    assert end.what == "turns"


async def test_a_call_that_does_not_fit_the_schema_never_reaches_us(stage: Stage) -> None:
    turns = """
    - blocks: [{type: tool_use, name: mcp__nightshift__progress, input: {wrong: 1}}]
    - say: done
    """
    async with claude(stage.root, turns, boxed=False) as agent:
        await agent.converse(stage.conversation(), stage.events.append)
    assert stage.calls == []
    assert [one.failed for one in stage.events if isinstance(one, ToolEnded)] == [True]


async def test_the_repository_cannot_configure_the_session(stage: Stage) -> None:
    """Its settings, hooks and CLAUDE.md are not read by the CLI."""
    conversation = stage.conversation()
    settings = conversation.directory / ".claude"
    settings.mkdir()
    hook = {"matcher": "", "hooks": [{"type": "command", "command": "touch hooked"}]}
    (settings / "settings.json").write_text(json.dumps({"hooks": {"PreToolUse": [hook]}}))
    (conversation.directory / "CLAUDE.md").write_text("CANARY-IN-CLAUDE-MD")
    async with claude(stage.root, "[{bash: 'true'}, {say: x}]", boxed=False) as agent:
        await agent.converse(conversation, stage.events.append)
    assert not (conversation.directory / "hooked").exists()
    assert "CANARY-IN-CLAUDE-MD" not in conversation.log.read_text()


async def test_what_a_session_uses_is_told_while_it_works_and_agrees_with_its_end(
    stage: Stage,
) -> None:
    """A report for every answer, growing; at the end the program's own figures, and a turn that
    goes on with the session adds to them."""
    turns = "[{bash: 'true'}, {bash: 'true'}, {say: x}, {say: y}]"
    async with claude(stage.root, turns, boxed=False) as agent:
        first = stage.conversation()
        end = await agent.converse(first, stage.events.append)
        again = replace(first, resume=True, prompt="# Continue\n\nGo on.", spent=end.spending)
        last = await agent.converse(again, stage.events.append)
    used = [one for one in stage.events if isinstance(one, Used)]
    assert [one.spending.turns for one in used] == [1, 2, 3, 3, 4, 4], "and at each turn's end"
    assert used[3].window > used[3].context > 0
    told = [one.spending for one in (*used[:3], used[4])]
    assert [one.usd for one in told[:3]] == sorted(one.usd for one in told[:3])
    assert (end.spending.turns, end.spending.tools) == (3, 2)
    assert last.spending.turns == 4
    assert last.spending.usd > end.spending.usd
    # The first turn has taught the price, so that the second's estimate is near.
    assert told[3].usd == pytest.approx(last.spending.usd, rel=0.25)
    assert last.spending.output_tokens > end.spending.output_tokens


async def test_a_hint_reaches_the_model_with_the_next_tool(stage: Stage) -> None:
    """Once, in the request that carries the tool's result; no turn of its own is begun."""
    hints = ["Most of the money is used."]
    turns = "[{bash: 'true'}, {bash: 'true'}, {say: x}]"
    async with claude(stage.root, turns, boxed=False) as agent:
        conversation = stage.conversation(hint=lambda: hints.pop() if hints else None)
        end = await agent.converse(conversation, stage.events.append)
    assert isinstance(end, Completed)
    assert end.spending.turns == 3
    (kept,) = (stage.root / "home").rglob("projects/**/*.jsonl")  # the CLI's own transcript
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    sent = [json.dumps(row["message"]) for row in rows if row["type"] == "api-request-blob"]
    assert sum("Most of the money is used." in one for one in sent) == 1


@needs_box
async def test_behind_a_door_the_session_works_and_the_box_holds_no_token(stage: Stage) -> None:
    """With a network of the model only: what it sends carries the token all the same."""
    look = "env > seen.txt; cat <&9 >> seen.txt 2>/dev/null; curl -sm 2 http://1.1.1.1 && echo out"
    turns = f"[{{bash: '{look}'}}, {{write: {{path: a.txt, text: x}}}}, {{say: done}}]"
    async with claude(stage.root, turns, boxed=True, network=Network.MODEL_ONLY) as agent:
        end = await agent.converse(stage.conversation(), stage.events.append)
    assert isinstance(end, Completed)
    assert (stage.root / "clone" / "a.txt").read_text() == "x"
    assert SECRET not in (stage.root / "clone" / "seen.txt").read_text()
    assert end.spending.turns == 3


async def test_the_guard_refuses_and_says_what_to_do_instead(stage: Stage) -> None:
    """A push does not run, the agent is told why, and it counts as refused, not as failed."""
    turns = "[{bash: 'git push origin main; touch ran.txt'}, {bash: 'touch fine.txt'}, {say: x}]"
    async with claude(stage.root, turns, boxed=False) as agent:
        conversation = stage.conversation(issue="7", branch="agent/7-e1")
        end = await agent.converse(conversation, stage.events.append)
    assert isinstance(end, Completed)
    assert not (stage.root / "clone" / "ran.txt").exists()
    assert (stage.root / "clone" / "fine.txt").exists()
    ended = [one for one in stage.events if isinstance(one, ToolEnded)]
    assert [one.refused for one in ended] == [True, False]
    assert "push" in conversation.log.read_text()


async def test_no_secret_is_in_the_transcript(stage: Stage) -> None:
    """Also when the agent prints one that it was not given by us."""
    redactor = Redactor(["forge-canary-4711-abcdef"])
    turns = "[{bash: 'echo forge-canary-4711-abcdef'}, {say: 'it is forge-canary-4711-abcdef'}]"
    async with claude(stage.root, turns, boxed=False, clean=redactor.clean_all) as agent:
        conversation = stage.conversation()
        await agent.converse(conversation, stage.events.append)
    log = conversation.log.read_text()
    assert "AssistantMessage" in log
    assert "canary-4711" not in log
