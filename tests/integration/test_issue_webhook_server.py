"""The server that webhooks are sent to, over real sockets."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from anyio.from_thread import start_blocking_portal

from framework.domain.errors import UsageError
from framework.webhooks.bell import Bell
from framework.webhooks.deliveries import Deliveries
from framework.webhooks.heard import Heard
from framework.webhooks.receiver import Receiver
from framework.webhooks.server import Limits, serving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret that nobody guesses"


@dataclass(kw_only=True)
class Hook:
    """A running receiver, and what it said."""

    address: str
    bell: Bell
    told: list[Heard] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        return parts.hostname or "", parts.port or 0

    def ask(self, method: str, body: bytes | None = None, **headers: str) -> int:
        connection = http.client.HTTPConnection(*self.place, timeout=30)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, "/hook", body, named)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def post(self, body: bytes, *, delivery: str = "d-1", event: str = "issues") -> int:
        code = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return self.ask(
            "POST",
            body,
            X_Hub_Signature_256=f"sha256={code}",
            X_GitHub_Delivery=delivery,
            X_GitHub_Event=event,
        )

    def raw(self, text: bytes) -> bytes:
        """What is answered to these bytes, to the end of the connection."""
        with socket.create_connection(self.place, timeout=30) as stream:
            stream.sendall(text)
            parts = iter(lambda: stream.recv(1 << 16), b"")
            return b"".join(parts)


def news(number: int) -> bytes:
    issue = {"issue": {"number": number}, "repository": {"full_name": "me/app"}}
    return json.dumps(issue).encode()


Open = Callable[..., Hook]


@pytest.fixture
def open_hook(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened(limits: Limits | None = None) -> Hook:
            return stack.enter_context(_running(tmp_path, limits or Limits()))

        yield opened


@contextmanager
def _running(place: Path, limits: Limits) -> Iterator[Hook]:
    hook = Hook(address="", bell=Bell(place / "wake"))
    receiver = Receiver(
        scheme="github",
        secret=SECRET,
        bell=hook.bell,
        deliveries=Deliveries(place / "webhooks.db"),
        clock=lambda: NOW,
        told=hook.told.append,
        say=hook.said.append,
    )
    with start_blocking_portal() as portal:
        server: AbstractContextManager[str] = portal.wrap_async_context_manager(
            serving(receiver, "127.0.0.1", 0, limits=limits)
        )
        with server as hook.address:
            yield hook


@pytest.fixture
def hook(open_hook: Open) -> Hook:
    return open_hook()


def test_news_rings_once(hook: Hook) -> None:
    """A good delivery is 202 and rings; repeated a hundred times, also under other names, it is
    200 and does not."""
    assert hook.bell.last() == ""
    assert hook.post(news(7)) == 202
    rung = hook.bell.last()
    assert rung
    assert {hook.post(news(7), delivery=f"d-{n % 2}") for n in range(100)} == {200}
    assert hook.bell.last() == rung
    assert [(one.kind, one.repository, one.number) for one in hook.told] == [
        ("issues", "me/app", 7)
    ]


def test_what_is_no_news_rings_not(hook: Hook) -> None:
    """A ping, and an event that there is not yet, are taken and ignored."""
    assert hook.post(b'{"zen": "."}', delivery="d-2", event="ping") == 202
    assert hook.post(b'{"action": "x"}', delivery="d-3", event="from_the_future") == 202
    assert (hook.bell.last(), hook.told) == ("", [])


def test_who_does_not_know_the_secret(hook: Hook) -> None:
    """401 for no signature, a wrong one and changed bytes; it is said once until one is good."""
    good = hmac.new(SECRET.encode(), news(7), hashlib.sha256).hexdigest()
    for _ in range(3):
        assert hook.ask("POST", news(7)) == 401
        assert hook.ask("POST", news(7), X_Hub_Signature_256="sha256=" + "0" * 64) == 401
        assert hook.ask("POST", news(8), X_Hub_Signature_256=f"sha256={good}") == 401
    assert (hook.bell.last(), len(hook.said)) == ("", 1)
    assert "the same secret" in hook.said[0]
    assert hook.post(news(7)) == 202
    assert hook.ask("POST", news(7)) == 401
    assert len(hook.said) == 2


def test_signed_but_no_json(hook: Hook) -> None:
    """400, and nothing is remembered."""
    assert hook.post(b"no JSON") == 400
    assert hook.post(b"[1]") == 400
    assert hook.post(news(1)) == 202


def test_other_requests(hook: Hook) -> None:
    """Health is told to anybody; nothing else is served."""
    assert hook.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")
    answer = hook.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert b"\r\nallow: POST\r\n" in answer
    assert hook.ask("PUT", b"x") == 405


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/2.0\r\n\r\n", 400),
        (b"POST  / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length : 1\r\n\r\nx", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n",
            411,
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_not_quite_http(hook: Hook, request_text: bytes, status: int) -> None:
    """Each has its answer, and the server still serves."""
    with socket.create_connection(hook.place, timeout=30) as stream:
        stream.sendall(request_text)
        stream.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: stream.recv(1 << 16), b""))
    assert answer.split(b" ")[1] == str(status).encode()
    assert hook.post(news(1)) == 202


def test_a_body_that_is_too_long_is_refused_unread(hook: Hook) -> None:
    """413 to 200 MB, told to a sender that sends all of it before it listens."""
    size = 200 << 20
    with socket.create_connection(hook.place, timeout=30) as stream:
        stream.sendall(f"POST / HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size >> 20):
            stream.sendall(bytes(1 << 20))
        assert stream.recv(1 << 16).startswith(b"HTTP/1.1 413 ")


def test_half_open_requests_cost_nothing(open_hook: Open) -> None:
    """200 senders that never finish: the next one is served meanwhile, and each is told that it
    was too slow."""
    hook = open_hook(Limits(seconds=2.0))
    with ExitStack() as stack:
        slow = []
        for number in range(200):
            stream = stack.enter_context(socket.create_connection(hook.place))
            length = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"
            stream.sendall(length if number % 2 else b"POST / HTTP/1.1\r\nX: half")
            slow.append(stream)
        assert hook.post(news(7)) == 202
        for stream in slow:
            stream.settimeout(30)
            assert stream.recv(1 << 16).startswith(b"HTTP/1.1 408 ")


def test_bodies_that_are_too_much_together(open_hook: Open) -> None:
    """503 and when to come again, while what others send fills the room; then it is free."""
    hook = open_hook(Limits(bodies=100))
    with socket.create_connection(hook.place) as first:
        first.sendall(b"POST / HTTP/1.1\r\nContent-Length: 90\r\n\r\nhalf")
        answer = hook.raw(b"POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n" + b"x" * 50)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: " in answer
        first.sendall(b"x" * 86)
        assert first.recv(1 << 16).startswith(b"HTTP/1.1 401 ")
    assert hook.post(b"{}") == 202


def test_too_many_connections(open_hook: Open) -> None:
    """One more than may be is closed at once, and the others are not harmed."""
    hook = open_hook(Limits(connections=2))
    with socket.create_connection(hook.place) as first, socket.create_connection(hook.place):
        assert hook.raw(b"") == b""
        first.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert first.recv(1 << 16).startswith(b"HTTP/1.1 200 ")


def test_nowhere_to_ring(hook: Hook, tmp_path: Path) -> None:
    """503, so that the sender may come again; then it is taken, and it rings."""
    (tmp_path / "wake").mkdir()
    assert hook.post(news(7)) == 503
    assert "wake cannot be written" in hook.said[0]
    (tmp_path / "wake").rmdir()
    assert hook.post(news(7)) == 202
    assert hook.bell.last()


def test_a_port_that_is_taken(hook: Hook, tmp_path: Path) -> None:
    """An error that says what to choose."""
    _, port = hook.place
    receiver = Receiver(
        scheme="github", secret=SECRET, bell=hook.bell, clock=lambda: NOW, told=print, say=print,
        deliveries=Deliveries(tmp_path / "other.db"),
    )  # fmt: skip
    with start_blocking_portal() as portal, pytest.raises(UsageError, match="--port"):
        portal.wrap_async_context_manager(serving(receiver, "127.0.0.1", port)).__enter__()
