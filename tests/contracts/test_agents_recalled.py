"""What is promised of a conversation that goes on elsewhere, on the real CLI."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from anyio.abc import SocketAttribute, SocketStream

from framework import box
from framework.agents import past
from framework.agents.base import Conversation
from framework.agents.claude import ClaudeAgent, Token
from framework.domain.errors import AgentError
from framework.domain.redaction import Redactor
from framework.domain.session import Completed, Troubled
from framework.domain.trouble import Kind
from framework.rehearsal import scenario, server

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*(Transport.__del__|FileIO)"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]
TITLE = "Try it"
CANARY = "forge-canary-4711-abcdef"
FIRST, SECOND = "1" * 8 + "-1111-4111-8111-" + "1" * 12, "2" * 8 + "-2222-4222-8222-" + "2" * 12
OPENING = f"# Issue 1: {TITLE}\n\nDo it."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Wire:
    """All that the CLI has sent, passed on as it came."""

    to: str
    url: str = ""
    sent: list[bytearray] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Wire]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        self.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, self._relay)
            yield self
            group.cancel_scope.cancel()

    async def _relay(self, client: SocketStream) -> None:
        host, _, port = self.to.removeprefix("http://").partition(":")
        sent = bytearray()
        self.sent.append(sent)
        async with (
            client,
            await anyio.connect_tcp(host, int(port)) as service,
            anyio.create_task_group() as group,
        ):
            group.start_soon(_pump, client, service, sent.extend)
            await _pump(service, client, lambda _: None)
            group.cancel_scope.cancel()

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of all requests to the model."""
        found: list[dict[str, Any]] = []
        for sent in self.sent:
            rest = bytes(sent)
            while rest:
                head, _, rest = rest.partition(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                sizes = [int(one.split(b":")[1]) for one in lines if b"content-length" in one]
                body, rest = rest[: sum(sizes)], rest[sum(sizes) :]
                if head.startswith((b"POST /v1/messages?", b"POST /v1/messages ")):
                    found.append(json.loads(body))
        return found


async def _pump(source: SocketStream, sink: SocketStream, note: Callable[[bytes], None]) -> None:
    try:
        async for data in source:
            note(data)
            await sink.send(data)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


@dataclass
class Stage:
    root: Path
    wire: Wire
    log: list[server.Exchange]
    agent: ClaudeAgent

    def conversation(self, place: str, session: str, **changes: Any) -> Conversation:
        for name in ("clone", "home"):
            (self.root / place / name).mkdir(parents=True, exist_ok=True)
        usual = Conversation(
            session=session,
            prompt=OPENING,
            system="You are brief.",
            directory=self.root / place / "clone",
            home=self.root / place / "home",
            log=self.root / "logs" / f"{session}.jsonl",
            account="a",
        )
        return replace(usual, **changes)

    def tokens(self) -> list[str]:
        return [one.headers["authorization"] for one in self.log]


@asynccontextmanager
async def opened(root: Path, *sessions: str) -> AsyncIterator[Stage]:
    folder = root / "scenario"
    folder.mkdir()
    (folder / "app_spec.txt").write_text("x")
    attempts = [yaml.safe_load(one) for one in sessions]
    play = {"name": "t", "description": "t", "spec": "app_spec.txt"}
    play |= {"sessions": [{"issue": TITLE, "attempts": attempts}]}
    (folder / "scenario.yaml").write_text(yaml.safe_dump(play))
    programs = box.programs(os.environ["PATH"])
    cell: box.Box = box.Unboxed(programs)
    if box.is_available():
        cell = box.Bubblewrap(root / "accounts", programs)
    async with (
        server.serve(scenario.load(folder / "scenario.yaml")) as endpoint,
        Wire(to=endpoint.url).open() as wire,
    ):
        agent = ClaudeAgent(
            box=cell,
            tokens={one: Token(value=f"sk-canary-{one * 8}", oauth=True) for one in "ab"},
            model="sonnet",
            endpoint=wire.url,
            clean=Redactor([CANARY]).clean_all,
        )
        yield Stage(root=root, wire=wire, log=endpoint.log, agent=agent)


WORK = f"turns: [{{bash: 'echo FROM-A-TOOL; echo {CANARY}'}}, {{say: FIRST-WORDS}}]"


async def moved(stage: Stage) -> Conversation:
    """The first conversation has ended; the second, elsewhere, may begin."""
    first = stage.conversation("one", FIRST)
    assert isinstance(await stage.agent.converse(first, lambda _: None), Completed)
    kept = stage.agent.remember(FIRST, directory=first.directory, home=first.home)
    assert CANARY.encode() not in kept
    second = stage.conversation(
        "two", SECOND, account="b", earlier=FIRST, prompt="# Issue 1: Try it\n\nTHE-REVIEW"
    )
    stage.agent.recall(FIRST, kept, directory=second.directory, home=second.home)
    (file,) = second.home.rglob("*.jsonl")
    assert file.stat().st_mode & 0o777 == 0o600
    return second


def said(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Who said what, the CLI's own reminders and its system's words left out."""
    found = []
    for one in messages:
        blocks = one["content"] if isinstance(one["content"], list) else [one]
        for block in blocks:
            text = json.dumps(block)
            if one["role"] != "system" and "system-reminder" not in text:
                found.append((one["role"], text))
    return found


async def test_the_request_holds_the_first_conversation(tmp_path: Path) -> None:
    """In another clone, another home and with another token: what was said, done and seen, in
    order, and then what is said now."""
    async with opened(tmp_path, WORK, "turns: [{bash: pwd}, {say: SECOND-WORDS}]") as stage:
        second = await moved(stage)
        end = await stage.agent.converse(second, lambda _: None)
        assert isinstance(end, Completed)
        last = stage.wire.requests()[-1]["messages"]
        tokens = stage.tokens()
        kept = stage.agent.remember(SECOND, directory=second.directory, home=second.home)
    assert all(one in kept for one in (b"FIRST-WORDS", b"SECOND-WORDS")), "for a third to go on"
    story = said(last)
    parts = ["Do it.", "FROM-A-TOOL", "FROM-A-TOOL", "FIRST-WORDS", "THE-REVIEW", "pwd"]
    roles = ["user", "assistant", "user", "assistant", "user", "assistant", "user"]
    assert [role for role, _ in story] == roles
    assert all(part in text for part, (_, text) in zip(parts, story, strict=False)), story
    assert str(second.directory) in story[-1][1]
    assert tokens[0] != tokens[-1]
    assert CANARY not in json.dumps(last)
    assert end.spending.turns == 2
    assert '"session_id": "' + SECOND in second.log.read_text()


async def test_what_an_agent_writes_into_its_record_gives_it_no_rights(tmp_path: Path) -> None:
    """The record was the agent's to change: the mode it names is not the mode it gets."""
    async with opened(tmp_path, WORK, "turns: [{say: x}]") as stage:
        second = await moved(stage)
        (file,) = second.home.rglob("*.jsonl")
        text = file.read_text()
        assert '"acceptEdits"' in text
        file.write_text(text.replace('"acceptEdits"', '"bypassPermissions"'))
        assert isinstance(await stage.agent.converse(second, lambda _: None), Completed)
    rows = [json.loads(line) for line in second.log.read_text().splitlines()]
    modes = [row["data"]["permissionMode"] for row in rows if row.get("subtype") == "init"]
    assert modes == ["acceptEdits"]


async def test_it_goes_on_after_a_limit_at_its_first_answer(tmp_path: Path) -> None:
    """With yet another token, as the same conversation under its new id."""
    second_turns = "turns: [{limit: {resets_in: 600}}, {say: SECOND-WORDS}]"
    async with opened(tmp_path, WORK, second_turns) as stage:
        second = await moved(stage)
        limited = await stage.agent.converse(second, lambda _: None)
        assert isinstance(limited, Troubled)
        again = replace(second, resume=True, account="a", prompt="# Continue\n\nGo on.")
        assert isinstance(await stage.agent.converse(again, lambda _: None), Completed)
        story = json.dumps(stage.wire.requests()[-1]["messages"])
    assert all(one in story for one in ("FIRST-WORDS", "THE-REVIEW", "# Continue"))


@pytest.mark.parametrize("rows", [b"", b"nonsense\n", b'{"uuid": "x", "parentUuid": null}\n'])
async def test_what_cannot_go_on_ends_unheard_and_another_can_begin(
    tmp_path: Path, rows: bytes
) -> None:
    """The CLI refuses it without asking the model; forgotten, one of the same id begins there."""
    async with opened(tmp_path, "turns: [{say: HELLO}]") as stage:
        second = stage.conversation("two", SECOND, earlier=FIRST)
        where = {"directory": second.directory, "home": second.home}
        stage.agent.recall(FIRST, rows, **where)
        end = await stage.agent.converse(second, lambda _: None)
        assert isinstance(end, Troubled)
        assert end.trouble.kind is Kind.CRASHED
        assert end.spending.turns == 0
        assert stage.log == []
        stage.agent.forget(**where)
        anew = replace(second, earlier="")
        assert isinstance(await stage.agent.converse(anew, lambda _: None), Completed)


async def test_what_the_model_refuses_leaves_room_for_a_new_one(tmp_path: Path) -> None:
    """A history that is too large, also after the CLI has tried to shorten it: it is written down
    by then, and one of the same id begins all the same."""
    refusals = ", ".join(["{status: 413, error: request_too_large}"] * 9)
    play = f"{{turns: [{refusals}], unfinished: [{{say: x}}]}}"
    async with opened(tmp_path, WORK, play) as stage:
        second = await moved(stage)
        end = await stage.agent.converse(second, lambda _: None)
        assert isinstance(end, Troubled)
        assert end.trouble.kind is Kind.INVALID_REQUEST
        assert end.spending.turns == 0
        stage.agent.forget(directory=second.directory, home=second.home)
        anew = replace(second, earlier="", prompt="# Unfinished")
        assert isinstance(await stage.agent.converse(anew, lambda _: None), Completed)
        story = json.dumps(stage.wire.requests()[-1]["messages"])
    assert "FIRST-WORDS" not in story


ROW = b'{"uuid": "1", "parentUuid": null, "text": "x"}\n'


def record(root: Path) -> Path:
    """Where the CLI would keep a session of `root/clone`."""
    past.put(root / "home", "-clone", FIRST, ROW)
    (file,) = (root / "home").rglob("*.jsonl")
    return file


def taken(root: Path) -> bytes:
    return past.taken(root / "home", "-clone", FIRST)


async def test_only_the_links_of_a_conversation_are_taken(tmp_path: Path) -> None:
    """Not what the CLI notes beside them, and not a line that was cut short."""
    file = record(tmp_path)
    file.write_bytes(b'{"type": "cost-state"}\n[]\n' + ROW + b'{"uuid": "2", "par')
    assert taken(tmp_path) == ROW


@pytest.mark.parametrize("what", ["file", "folder", "pipe", "nothing", "empty"])
async def test_whatever_an_agent_puts_there_is_not_followed(tmp_path: Path, what: str) -> None:
    """Links lead to what the agent may not read, and a pipe would be waited for."""
    file = record(tmp_path)
    aside = file.rename(tmp_path / file.name)
    match what:
        case "file":
            file.symlink_to(aside)
        case "folder":
            file.parent.rmdir()
            file.parent.symlink_to(tmp_path)
        case "pipe":
            os.mkfifo(file)
        case "empty":
            file.write_bytes(b"{}\n")
    with pytest.raises(AgentError):
        taken(tmp_path)


async def test_too_much_is_not_taken(tmp_path: Path) -> None:
    """Neither as a file, nor as rows."""
    file = record(tmp_path)
    file.write_bytes(ROW * (past.LARGEST // len(ROW) + 1))
    with pytest.raises(AgentError, match="16 MB"):
        taken(tmp_path)
    with file.open("wb") as sparse:
        sparse.truncate(5 * past.LARGEST)
    with pytest.raises(AgentError, match="16 MB"):
        taken(tmp_path)
