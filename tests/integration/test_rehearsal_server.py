"""The scripted Messages API, talked to by the real Claude Code CLI."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread
import claude_agent_sdk as sdk
import pytest

from framework.rehearsal.scenario import find, load
from framework.rehearsal.server import Endpoint, serve

pytestmark = pytest.mark.anyio
TOOLS = ["Bash", "Read", "Edit", "Write", "Glob", "Grep"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True, kw_only=True)
class Session:
    """One conversation with the CLI, which keeps its state under `root` from turn to turn."""

    endpoint: Endpoint
    root: Path
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resumed: bool = False

    @property
    def directory(self) -> Path:
        return self.root / "work"

    async def say(self, prompt: str) -> list[Any]:
        """Everything that the CLI reported until the end of its turn, or its death."""
        for name in ("work", "config", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        heard: list[Any] = []
        try:
            async with sdk.ClaudeSDKClient(self._options()) as client:
                await client.query(prompt)
                async for message in client.receive_response():
                    heard.append(message)
        except sdk.ProcessError as death:
            heard.append(death)
        return heard

    def _options(self) -> sdk.ClaudeAgentOptions:
        return sdk.ClaudeAgentOptions(
            cwd=self.directory,
            model="claude-sonnet-4-5",
            system_prompt="You are brief.",
            setting_sources=[],
            session_id=None if self.resumed else self.id,
            resume=self.id if self.resumed else None,
            tools=TOOLS,
            allowed_tools=TOOLS,
            permission_mode="acceptEdits",
            env={
                "ANTHROPIC_BASE_URL": self.endpoint.url,
                "ANTHROPIC_API_KEY": "",
                "ANTHROPIC_AUTH_TOKEN": "",
                "CLAUDE_CODE_OAUTH_TOKEN": "rehearsal",
                "CLAUDE_CONFIG_DIR": str(self.root / "config"),
                "TMPDIR": str(self.root / "tmp"),
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "CLAUDE_CODE_MAX_RETRIES": "2",
            },
        )


@asynccontextmanager
async def rehearsal(folder: Path, sessions: str) -> AsyncIterator[Endpoint]:
    (folder / "spec.txt").write_text("Build it.")
    (folder / "scenario.yaml").write_text(
        f"name: t\ndescription: t\nspec: spec.txt\nsessions:\n{sessions}"
    )
    async with serve(load(find(str(folder)))) as endpoint:
        yield endpoint


def result(heard: list[Any]) -> sdk.ResultMessage:
    assert isinstance(heard[-1], sdk.ResultMessage), heard[-1]
    return heard[-1]


def failures(heard: list[Any]) -> list[str]:
    """What went wrong in the CLI's tools."""
    users = (one for one in heard if isinstance(one, sdk.UserMessage))
    blocks = [block for one in users if isinstance(one.content, list) for block in one.content]
    return [str(block.content) for block in blocks if getattr(block, "is_error", False)]


async def test_turns_become_real_tool_calls_in_the_session_directory(tmp_path: Path) -> None:
    """Relative paths lie in the session's directory, edits read first, calls go in order."""
    script = """
  - issue: One
    turns:
      - say: I start.
        several:
          - write: {path: src/a.txt, text: "one\\n"}
          - edit: {path: src/a.txt, old: one, new: two}
          - bash: cp src/a.txt b.txt
      - bash: echo three >> b.txt
      - several: [{read: b.txt}, {write: {path: b.txt, text: four}}]
      - say: Done.
"""
    async with rehearsal(tmp_path, script) as endpoint:
        session = Session(endpoint=endpoint, root=tmp_path)
        heard = await session.say("# Issue 1: One\nDo it.")
    assert failures(heard) == []
    assert (session.directory / "src/a.txt").read_text() == "two\n"
    assert (session.directory / "b.txt").read_text() == "four"
    assert result(heard).result == "Done."
    assert (result(heard).total_cost_usd or 0) > 0
    assert endpoint.faults == []
    assert {one.session for one in endpoint.log} == {session.id}
    assert [one.place for one in endpoint.log][-1] == "One: attempt 1, turns[3]"
    assert endpoint.log[0].headers["authorization"] == "Bearer rehearsal"
    assert endpoint.log[0].size == int(endpoint.log[0].headers["content-length"])


async def test_sessions_at_once_play_their_own_scripts(tmp_path: Path) -> None:
    """Same address, same token; a second session of an issue is its second attempt."""
    script = """
  - issue: One
    attempts:
      - turns: [{write: {path: who, text: one}, delay: 0.2}, {say: Done.}]
      - turns: [{write: {path: who, text: one again}, delay: 0.2}, {say: Done.}]
  - issue: Two
    turns: [{write: {path: who, text: two}, delay: 0.2}, {say: Done.}]
"""
    async with rehearsal(tmp_path, script) as endpoint:
        first = Session(endpoint=endpoint, root=tmp_path / "1")
        other = Session(endpoint=endpoint, root=tmp_path / "2")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first.say, "# Issue 1: One\nDo it.")
            tasks.start_soon(other.say, "# Issue 2: Two\nDo it.")
        again = Session(endpoint=endpoint, root=tmp_path / "3")
        await again.say("# Issue 1: One\nDo it.")
    said = [(session.directory / "who").read_text() for session in (first, other, again)]
    assert said == ["one", "two", "one again"]


async def test_a_usage_limit_is_one_to_the_cli_and_the_conversation_goes_on(tmp_path: Path) -> None:
    """The reset time arrives, to the second; after it the script goes on where it stood."""
    script = """
  - issue: One
    turns:
      - write: {path: a, text: a}
      - limit: {resets_in: 0.2}
      - write: {path: b, text: b}
      - say: Done.
"""
    async with rehearsal(tmp_path, script) as endpoint:
        session = Session(endpoint=endpoint, root=tmp_path)
        before = time.time()
        heard = await session.say("# Issue 1: One\nDo it.")
        limits = [
            one.rate_limit_info
            for one in heard
            if isinstance(one, sdk.RateLimitEvent) and one.rate_limit_info.status == "rejected"
        ]
        assert [one.rate_limit_type for one in limits] == ["five_hour"]
        reset = limits[0].resets_at or 0
        assert before < reset < time.time() + 2
        assert result(heard).is_error
        assert not (session.directory / "b").exists()
        await anyio.sleep(max(0.0, reset - time.time()))
        heard = await replace(session, resumed=True).say("# Continue\nGo on.")
    assert result(heard).result == "Done."
    assert (session.directory / "b").read_text() == "b"
    assert len(endpoint.log) == 4


async def test_cut_streams_and_nonsense_are_survived(tmp_path: Path) -> None:
    """The CLI's own retry gets the next turn; what was cut off never happened."""
    script = """
  - issue: One
    turns:
      - {cut: 3, write: {path: a, text: cut}}  # before the end of the block: then it never happened
      - {cut: 0}
      - {malformed: true}
      - {write: {path: b, text: whole}}
      - {say: Done.}
"""
    async with rehearsal(tmp_path, script) as endpoint:
        session = Session(endpoint=endpoint, root=tmp_path)
        heard = await session.say("# Issue 1: One\nDo it.")
    assert result(heard).result == "Done."
    assert not (session.directory / "a").exists()
    assert (session.directory / "b").read_text() == "whole"


async def test_a_session_can_die(tmp_path: Path) -> None:
    """The process is killed in the middle of its work, and what it wrote stays."""
    script = """
  - issue: One
    turns: [{write: {path: a, text: half}}, {die: true}]
"""
    async with rehearsal(tmp_path, script) as endpoint:
        session = Session(endpoint=endpoint, root=tmp_path)
        heard = await session.say("# Issue 1: One\nDo it.")
    assert isinstance(heard[-1], sdk.ProcessError)
    assert heard[-1].exit_code == -9
    assert (session.directory / "a").read_text() == "half"


async def test_a_conflict_is_played_when_the_session_is_resumed(tmp_path: Path) -> None:
    script = """
  - issue: One
    turns: [{write: {path: a, text: ours}}, {say: Done.}]
    conflict: [{several: [{read: a}, {write: {path: a, text: both}}]}, {say: Resolved.}]
"""
    async with rehearsal(tmp_path, script) as endpoint:
        session = Session(endpoint=endpoint, root=tmp_path)
        await session.say("# Issue 1: One\nDo it.")
        heard = await replace(session, resumed=True).say("# Conflict\nIn a.")
    assert result(heard).result == "Resolved."
    assert (session.directory / "a").read_text() == "both"
    assert endpoint.log[-1].prompts[-1] == "# Conflict\nIn a."


async def test_an_unscripted_session_ends_and_leaves_a_fault(tmp_path: Path) -> None:
    """A run never hangs on a scenario that is too short."""
    async with rehearsal(tmp_path, "  - {issue: One, turns: [{say: x}]}") as endpoint:
        heard = await Session(endpoint=endpoint, root=tmp_path).say("# Issue 1: Another")
    assert result(heard).result == "The rehearsal has no script for '# Issue 1: Another'."
    assert endpoint.faults == ["no script for '# Issue 1: Another'"]


# Without the CLI


async def test_what_else_a_client_may_ask_is_answered_on_one_connection(tmp_path: Path) -> None:
    """HEAD, GET, token counts, whole messages, bad bodies and unknown paths; kept alive."""
    body = {"messages": [{"role": "user", "content": "# Issue 1: One"}], "model": "m"}

    def ask(port: int) -> list[tuple[int, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        asked = [
            ("HEAD", "/", ""),
            ("GET", "/v1/models", ""),
            ("POST", "/v1/messages/count_tokens?beta=true", json.dumps(body)),
            ("POST", "/v1/messages?beta=true", json.dumps(body)),
            ("POST", "/v1/messages", json.dumps(body)),
            ("POST", "/v1/messages", "{"),
            ("POST", "/v1/nothing", "{}"),
        ]
        answers = []
        for method, path, text in asked:
            connection.request(method, path, text)
            response = connection.getresponse()
            answers.append((response.status, json.loads(response.read() or b"null")))
        connection.close()
        return answers

    script = "  - issue: One\n    turns: [{say: Hello}, {status: 529, error: overloaded_error}]"
    async with rehearsal(tmp_path, script) as endpoint:
        port = int(endpoint.url.rpartition(":")[2])
        answers = await anyio.to_thread.run_sync(ask, port)
    assert [status for status, _ in answers] == [200, 200, 200, 200, 529, 400, 404]
    assert answers[2][1]["input_tokens"] > 0
    assert answers[3][1]["content"] == [{"type": "text", "text": "Hello"}]
    assert answers[4][1]["error"]["type"] == "overloaded_error"


async def test_silence_ends_with_the_client_or_with_the_server(tmp_path: Path) -> None:
    """A hang sends as many events as it says and nothing more, and holds up nobody else."""
    body = json.dumps({"stream": True, "messages": [{"role": "user", "content": "# Plan"}]})
    request = f"POST /v1/messages HTTP/1.1\r\ncontent-length: {len(body)}\r\n"

    async def ask(endpoint: Endpoint, session: str) -> anyio.abc.SocketStream:
        stream = await anyio.connect_tcp("127.0.0.1", int(endpoint.url.rpartition(":")[2]))
        await stream.send(f"{request}x-claude-code-session-id: {session}\r\n\r\n{body}".encode())
        return stream

    script = """
  - planning: true
    attempts: [{turns: [{hang: 0}]}, {turns: [{hang: 2, say: x}]}, {turns: [{say: Hello}]}]
"""
    with anyio.fail_after(60):
        async with rehearsal(tmp_path, script) as endpoint:
            silent = await ask(endpoint, "1")
            partial = await ask(endpoint, "2")
            assert (await partial.receive()).count(b"event: ") == 2
            whole = await ask(endpoint, "3")
            assert b"message_stop" in await whole.receive()
            await partial.aclose()
        with pytest.raises(anyio.EndOfStream):
            await silent.receive()
        await silent.aclose()
        await whole.aclose()
