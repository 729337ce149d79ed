"""A server on loopback that says what a test wants, and refuses what GitHub would refuse."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from framework.forge.github import GitHub

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
BASE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Say:
    """One answer. `body` as JSON, bytes as they are. `reset`: none at all, the connection ends;
    `cut`: only half of it."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Got:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Clock:
    """A clock that stands still but for what is slept."""

    def __init__(self, at: datetime = BASE) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class Server:
    """Says `script` one after the other, then its last again."""

    url: str
    script: list[Say]
    got: list[Got] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    said: list[str] = field(default_factory=list)
    clients: list[GitHub] = field(default_factory=list)

    def client(self, *, allowance: Path | None = None, **more: Any) -> GitHub:
        """Closed with the server."""
        api = GitHub(
            url=self.url,
            token=more.pop("token", TOKEN),
            allowance=allowance,
            clock=self.clock.now,
            sleep=self.clock.sleep,
            say=self.said.append,
            **more,
        )
        self.clients.append(api)
        return api

    @property
    def paths(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.got]


@contextmanager
def serving(*script: Say) -> Iterator[Server]:
    server = Server(url="", script=list(script))
    lock = threading.Lock()

    class Handler(_Handler):
        def next_answer(self, got: Got) -> Say:
            with lock:
                server.got.append(got)
                return server.script.pop(0) if len(server.script) > 1 else server.script[0]

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        for api in server.clients:
            api.close()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece, or each answer takes 40 ms

    def next_answer(self, got: Got) -> Say:
        raise NotImplementedError

    def _answer(self) -> None:
        headers = {name.lower(): text for name, text in self.headers.items()}
        raw = self.rfile.read(int(headers.get("content-length", 0)))
        got = Got(self.command, self.path, headers, json.loads(raw) if raw else None)
        say = self.next_answer(got)
        if wrong := _wrong(headers):
            say = Say(400, {"message": wrong})
        self._say(say)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

    def _say(self, say: Say) -> None:
        if say.reset:
            self._hang_up()
            return
        body = say.body if isinstance(say.body, bytes) else json.dumps(say.body).encode()
        body = b"" if say.status in (204, 304) else body
        self.send_response_only(say.status)
        for name, text in {"Content-Type": "application/json", **say.headers}.items():
            self.send_header(name, text.replace("HERE", self.headers["Host"]))
        if say.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if say.cut else body)
        if say.cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.wfile.flush()
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Nothing on the screen."""


def _wrong(headers: Mapping[str, str]) -> str:
    if headers.get("authorization", "").removeprefix("Bearer ") == "":
        return "no token"
    if headers.get("user-agent") != "nightshift":
        return "no user agent"
    if headers.get("accept") != "application/vnd.github+json":
        return "another media type"
    return "" if headers.get("x-github-api-version") == "2022-11-28" else "another version"
