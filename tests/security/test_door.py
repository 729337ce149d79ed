"""A session without network: the model alone can be asked, by a key that the box never holds."""

from __future__ import annotations

import json
import os
import shlex
import socket
import ssl
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.tls import TLSListener

from framework.agents.base import Conversation
from framework.agents.claude import ClaudeAgent, Token
from framework.box import DOOR_URL, Bubblewrap, Cell, Network, is_available, programs
from framework.box.door import Behind, open_door, proxy_for
from framework.domain.session import (
    Completed,
    Limits,
    SessionEnd,
    SessionEvent,
    ToolCalled,
    Troubled,
)
from framework.domain.trouble import Kind
from framework.rehearsal import scenario, server
from tests.integration.hubs import NO_BOX

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not is_available(), reason=NO_BOX),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*(Transport.__del__|FileIO)"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]
KEY = "sk-canary-9c3f"
HELD = "held-inside-71d2"
PYTHON = os.path.realpath(sys.executable)
ASK = b'{"model": "m", "messages": []}'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Upstream:
    """A service that keeps what it was asked and answers with `answer`, piece by piece; it waits
    for `go` before each piece but the first."""

    answer: Sequence[bytes] = (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",)
    asked: list[bytes] = field(default_factory=list)
    gone: anyio.Event = field(default_factory=anyio.Event)
    go: anyio.Event = field(default_factory=anyio.Event)
    come: anyio.Event = field(default_factory=anyio.Event)
    url: str = ""

    async def serve(self, stream: SocketStream) -> None:
        async with stream:
            self.asked.append(await stream.receive())
            self.come.set()
            for number, piece in enumerate(self.answer):
                if number:
                    await self.go.wait()
                await stream.send(piece)
            try:
                while True:
                    await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                self.gone.set()


@asynccontextmanager
async def doored(root: Path, upstream: Upstream, **changes: Any) -> AsyncIterator[Path]:
    """A door to `upstream`, at a path longer than an address of a socket may be."""
    deep = root / ("d" * 100)
    deep.mkdir()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, upstream.serve)
        upstream.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        behind = Behind(endpoint=upstream.url, headers={"authorization": f"Bearer {KEY}"})
        async with open_door(deep / "door", replace(behind, **changes)):
            yield deep / "door"
        tasks.cancel_scope.cancel()
    assert not (deep / "door").exists()


async def knock(door: Path, request: bytes) -> bytes:
    """All that a plain client gets."""
    with socket.socket(socket.AF_UNIX) as client:
        directory = os.open(door.parent, os.O_RDONLY)
        client.setblocking(False)
        client.connect(f"/proc/self/fd/{directory}/{door.name}")
        os.close(directory)
        async with await SocketStream.from_socket(client.dup()) as stream:
            await stream.send(request)
            said = b""
            with anyio.fail_after(60):
                try:
                    while True:
                        said += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return said


def post(body: bytes = ASK, path: str = "/v1/messages?beta=true", more: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode("latin-1") + body


async def test_the_key_is_added_outside(tmp_path: Path) -> None:
    """The asker's own key, host and cookie go no further; its other headers do."""
    upstream = Upstream()
    more = "Authorization: Bearer none\r\nX-Api-Key: none\r\ncookie: a\r\nanthropic-beta: b\r\n"
    async with doored(tmp_path, upstream) as door:
        said = await knock(door, post(more=more))
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.endswith(b"ok")
    text = upstream.asked[0].decode()
    assert text.startswith("POST /v1/messages?beta=true HTTP/1.1\r\n")
    assert f"authorization: Bearer {KEY}\r\n" in text
    assert f"host: {upstream.url.removeprefix('http://')}\r\n" in text
    assert "anthropic-beta: b\r\n" in text
    assert "none" not in text
    assert "cookie" not in text
    assert KEY not in said.decode()


REFUSED = {
    "another path": post(path="/api/oauth/claude_cli/create_api_key"),
    "a path that climbs": post(path="/v1/messages/../../api/oauth/profile"),
    "an encoded path": post(path="/v1/%6dessages"),
    "batches": post(path="/v1/messages/batches"),
    "files": post(path="/v1/files"),
    "another host": post(path="http://evil.example/v1/messages"),
    "another method": b"DELETE /v1/messages HTTP/1.1\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\r\n\r\n",
    "an old HTTP": b"POST /v1/messages HTTP/1.0\r\ncontent-length: 0\r\n\r\n",
    "a length that is none": b"POST /v1/messages HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    "a length that is huge": b"POST /v1/messages HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
    "chunks": b"POST /v1/messages HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a line break in a header": post(more="a: b\nauthorization: c\r\n"),
    "a folded header": post(more="a: b\r\n c\r\n"),
    "a head without end": b"POST /v1/messages HTTP/1.1\r\na: " + b"x" * (1 << 17),
    "no JSON": post(b"{"),
    "nothing but depth": post(b"[" * 200_000),
    "a hosted web tool": post(b'{"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}'),
    "a remote MCP server": post(b'{"mcp_servers": [{"type": "url", "url": "https://evil"}]}'),
    "a key twice": post(b'{"mcp_servers": [], "mcp_servers": [1]}'),
    "an escaped key": post(b'{"mcp\\u005fservers": [1]}'),
    "a picture by address": post(
        b'{"messages": [{"content": [{"type": "image", "source": {"type": "url", "url": "x"}}]}]}'
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_only_questions_to_the_model_pass(tmp_path: Path, what: str) -> None:
    """Everything else is answered by the door with a refusal, and nobody is asked."""
    upstream = Upstream()
    async with doored(tmp_path, upstream) as door:
        said = await knock(door, REFUSED[what])
    assert said.split(b" ")[1] in (b"400", b"403", b"411", b"413", b"431")
    assert b'"type": "error"' in said
    assert upstream.asked == []


async def test_a_stream_comes_as_it_is_made(tmp_path: Path) -> None:
    """A piece is there before the next one is sent, and the announced end is the end."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\ncontent-type: text/event-stream\r\n\r\n"
    upstream = Upstream(answer=(b"HTTP/1.1 100 Continue\r\n\r\n" + head + b"one", b"two"))
    async with doored(tmp_path, upstream) as door:
        path = f"/proc/self/fd/{os.open(door.parent, os.O_RDONLY)}/door"
        async with await anyio.connect_unix(path) as stream:
            await stream.send(post())
            said = b""
            with anyio.fail_after(60):
                while not said.endswith(b"one"):
                    said += await stream.receive()
                upstream.go.set()
                while not said.endswith(b"two"):
                    said += await stream.receive()
                with pytest.raises(anyio.EndOfStream):
                    await stream.receive()


async def test_an_asker_that_goes_is_no_longer_asked_for(tmp_path: Path) -> None:
    """What hangs at the service is ended when the session is."""
    upstream = Upstream(answer=())
    async with doored(tmp_path, upstream) as door:
        path = f"/proc/self/fd/{os.open(door.parent, os.O_RDONLY)}/door"
        async with await anyio.connect_unix(path) as stream:
            await stream.send(post())
            with anyio.fail_after(60):
                await upstream.come.wait()
        with anyio.fail_after(60):
            await upstream.gone.wait()


async def test_a_service_that_is_away_is_said(tmp_path: Path) -> None:
    """502 with the reason: the same class of trouble as the service's own."""
    async with doored(tmp_path, Upstream(), endpoint="http://127.0.0.1:1") as door:
        said = await knock(door, post())
    assert said.startswith(b"HTTP/1.1 502")
    assert b"cannot reach 127.0.0.1" in said


async def test_an_answer_that_is_none_is_said(tmp_path: Path) -> None:
    """Garbage from the service is a 502 too, and the door goes on."""
    upstream = Upstream(answer=(b"garbage\r\n\r\n",))
    async with doored(tmp_path, upstream) as door:
        for _ in range(2):
            assert (await knock(door, post())).startswith(b"HTTP/1.1 502")


async def test_a_proxy_of_the_persons_is_asked_for_a_tunnel(tmp_path: Path) -> None:
    """With its name and password; what it refuses is said, and the key is not shown to it."""
    proxy = Upstream(answer=(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n",))
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, proxy.serve)
        via = f"http://ada:pw@127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        changes = {"endpoint": "https://model.example", "via": via}
        async with doored(tmp_path, Upstream(), **changes) as door:
            said = await knock(door, post())
        tasks.cancel_scope.cancel()
    assert b"407" in said
    assert proxy.asked[0].startswith(b"CONNECT model.example:443 HTTP/1.1\r\n")
    assert b"Basic YWRhOnB3" in proxy.asked[0]
    assert KEY.encode() not in proxy.asked[0]


CERTIFY = (
    "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
)


@pytest.mark.parametrize("trusted", [True, False])
async def test_the_service_must_prove_who_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """Over TLS, with a certificate that the host trusts; the key is sent to no other."""
    pair = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    await anyio.run_process(["openssl", *CERTIFY.split(), *pair])
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    upstream = Upstream()
    plain = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = plain.extra(SocketAttribute.local_port)
    listener = TLSListener(plain, context, standard_compatible=False)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, upstream.serve)
        behind = Behind(endpoint=f"https://127.0.0.1:{port}", headers={"x-api-key": KEY})
        async with open_door(tmp_path / "door", behind):
            said = await knock(tmp_path / "door", post())
        tasks.cancel_scope.cancel()
    assert said.startswith(b"HTTP/1.1 200" if trusted else b"HTTP/1.1 502"), said
    assert [KEY.encode() in one for one in upstream.asked] == ([True] if trusted else [])


def test_which_proxy_leads_there() -> None:
    """HTTPS_PROXY does, unless NO_PROXY names the host; never to an endpoint on plain http."""
    proxies = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "in.example"}
    assert proxy_for("https://api.example", proxies) == "http://p:1"
    assert proxy_for("https://a.in.example", proxies) is None
    assert proxy_for("http://127.0.0.1:1", proxies) is None
    assert proxy_for("https://api.example", {}) is None


@dataclass(frozen=True)
class Closed:
    """Bubblewrap whose cells have a door and no network."""

    box: Bubblewrap
    door: Path
    name: str = "bubblewrap"
    confines: bool = True

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        inside = {**cell.environment, "ANTHROPIC_BASE_URL": DOOR_URL}
        return self.box.wrap(
            command, replace(cell, network=False, door=self.door, environment=inside)
        )


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one.getsockname()[1]


TARGETS = [
    *[("127.0.0.1", 0), ("127.0.0.2", 22), ("::1", 0), ("localhost", 0), ("0.0.0.0", 0)],
    *[("10.0.0.1", 80), ("172.17.0.1", 2375), ("192.168.1.1", 80), ("169.254.169.254", 80)],
    *[("fe80::1", 80), ("93.184.215.14", 443), ("model.example", 443)],
]
TRY = """
import json, socket, sys
reached = []
for host, port in json.loads(sys.argv[1]):
    try:
        socket.create_connection((host, port), 1).close()
        reached.append(host)
    except OSError:
        pass
for name in ("api.anthropic.com", "example.org"):
    try:
        reached.append(socket.getaddrinfo(name, 443))
    except OSError:
        pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns:
    try:
        dns.sendto(b"x", ("8.8.8.8", 53))
        reached.append("udp")
    except OSError:
        pass
print(reached)
"""


async def test_nothing_else_is_reachable(tmp_path: Path, listener: int) -> None:
    """0 of 12 addresses (loopback, private, link-local, public), no name, no datagram; the door
    answers at its own address."""
    targets = json.dumps([(host, port or listener) for host, port in TARGETS])
    ask = (
        "import urllib.request as u; print(u.urlopen(u.Request("
        f"'{DOOR_URL}/v1/messages', data={ASK!r}, method='POST')).read())"
    )
    tries = (("-c", TRY, targets), ("-c", ask))
    script = "; ".join(shlex.join([PYTHON, *words]) for words in tries)
    async with doored(tmp_path, Upstream()) as door:
        box = Closed(Bubblewrap(tmp_path / "accounts", programs(os.environ["PATH"])), door)
        cell = Cell(directory=tmp_path / "accounts", readable=(tmp_path / "accounts",))
        ran = await anyio.run_process(box.wrap(["/bin/sh", "-c", script], cell), check=False)
    assert ran.stdout.decode() == "[]\nb'ok'\n", ran.stderr.decode()


async def converse(
    root: Path, bash: str, faults: Sequence[dict[str, Any]] = (), oauth: bool = True
) -> Any:
    """The real CLI in a box without network, against the scripted model: what it used, how it
    ended, and what the model was asked."""
    turns = [*faults, {"bash": bash}, {"write": {"path": "a.txt", "text": "hello"}}, {"say": "ok"}]
    events: list[SessionEvent] = []
    async with scripted(root, turns) as endpoint:
        behind = Behind(
            endpoint=endpoint.url, headers={"authorization" if oauth else "x-api-key": KEY}
        )
        async with open_door(root / "door", behind):
            box = Closed(Bubblewrap(root / "accounts", programs(os.environ["PATH"])), root / "door")
            agent = ClaudeAgent(
                box=box, tokens={"": Token(value=HELD, oauth=oauth)}, model="sonnet"
            )
            end = await agent.converse(trying(root), events.append)
    return end, events, endpoint


async def shut_in(root: Path, turns: Sequence[dict[str, Any]]) -> SessionEnd:
    """How a session of the real CLI ends that has no network and the agent's own door."""
    async with scripted(root, turns) as endpoint:
        agent = ClaudeAgent(
            box=Bubblewrap(root / "accounts", programs(os.environ["PATH"])),
            tokens={"": Token(value=KEY, oauth=True)},
            model="sonnet",
            network=Network.MODEL_ONLY,
            endpoint=endpoint.url,
        )
        return await agent.converse(trying(root), lambda event: None)


@asynccontextmanager
async def scripted(root: Path, turns: Sequence[dict[str, Any]]) -> AsyncIterator[server.Endpoint]:
    folder = root / "scenario"
    for path in (folder, root / "clone", root / "home"):
        path.mkdir()
    (folder / "app_spec.txt").write_text("x")
    text = {"name": "t", "description": "t", "spec": "app_spec.txt"}
    sessions = [{"issue": "Try it", "turns": list(turns)}]
    (folder / "scenario.yaml").write_text(yaml.safe_dump({**text, "sessions": sessions}))
    async with server.serve(scenario.load(folder / "scenario.yaml"), now=time.time) as endpoint:
        yield endpoint


def trying(root: Path) -> Conversation:
    return Conversation(
        session=str(uuid.uuid4()),
        prompt="# Issue 1: Try it\n\nDo it.",
        system="You are brief.",
        directory=root / "clone",
        home=root / "home",
        log=root / "logs" / "session.jsonl",
        limits=Limits(seconds=60),
    )


SCAN = f"""{PYTHON} -c '
import glob, os
words = {{one[::-1].encode(): one for one in ("{KEY[::-1]}", "{HELD[::-1]}")}}
for maps in glob.glob("/proc/[0-9]*/maps"):
    if maps.split("/")[2] == str(os.getpid()):
        continue
    mem = open(maps[:-4] + "mem", "rb", 0)
    for row in open(maps):
        start, end = (int(x, 16) for x in row.split()[0].split("-"))
        for at in range(start, min(end, start + (1 << 28)), 1 << 20):
            try:
                text = os.pread(mem.fileno(), min(end - at, (1 << 20) + 64), at)
            except (OSError, OverflowError):
                break
            for word in words:
                if word in text or word.decode().encode("utf-16-le") in text:
                    print("FOUND", words[word], maps)
'; env; cat /proc/*/environ | tr "\\0" "\\n" """
"""Looks for both words in the memory of all processes but its own, which alone knows them."""


@pytest.mark.parametrize("oauth", [True, False])
async def test_the_real_cli_works_through_the_door(tmp_path: Path, oauth: bool) -> None:
    """It talks, uses tools and ends; each request had the key. Not even the memory of what runs
    in the box has it, where that of the CLI has the token it was given."""
    bash = f"{{ {SCAN}; }} > scan.txt 2>&1"
    end, events, endpoint = await converse(tmp_path, bash, oauth=oauth)
    assert isinstance(end, Completed), end
    assert [one.tool for one in events if isinstance(one, ToolCalled)] == ["Bash", "Write"]
    assert (tmp_path / "clone" / "a.txt").read_text() == "hello"
    assert endpoint.faults == []
    assert len(endpoint.log) == 3
    for one in endpoint.log:
        assert one.headers.get("authorization" if oauth else "x-api-key") == KEY
        assert HELD not in str(one.headers)
    scan = (tmp_path / "clone" / "scan.txt").read_text(errors="replace")
    assert "ANTHROPIC_BASE_URL" in scan
    assert KEY not in scan
    assert f"FOUND {HELD[::-1]}" in scan
    assert f"FOUND {KEY[::-1]}" not in scan


@pytest.mark.parametrize(("status", "kind"), [(429, Kind.RATE_LIMIT), (529, Kind.OVERLOADED)])
async def test_when_to_come_back_is_heard_at_the_door(
    tmp_path: Path, status: int, kind: Kind
) -> None:
    """`Retry-After` of the answer that ended the session, which the CLI itself tells nobody."""
    refusal = {"status": status, "headers": {"retry-after": "4321"}}
    began = datetime.now(UTC)
    end = await shut_in(tmp_path, [refusal])
    assert isinstance(end, Troubled)
    assert end.trouble.kind is kind
    assert end.trouble.until is not None
    assert timedelta(0) <= end.trouble.until - began - timedelta(seconds=4321) < timedelta(60)


async def test_a_refusal_that_does_not_say_when_leaves_that_open(tmp_path: Path) -> None:
    """Then the waits are ours."""
    end = await shut_in(tmp_path, [{"status": 529}])
    assert isinstance(end, Troubled)
    assert end.trouble.until is None


async def test_a_limit_is_told_through_the_door(tmp_path: Path) -> None:
    """A refusal's status, headers and words come through as without a door."""
    end, _, _ = await converse(tmp_path, "true", faults=[{"status": 529}])
    assert isinstance(end, Troubled)
