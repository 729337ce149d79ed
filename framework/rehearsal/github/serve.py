"""The double's server: threads of the standard library on loopback.

Threads and not an event loop: handlers run git and take a lock, a test or a rehearsal that has its
own loop is left alone, and a connection can be reset in the middle, which is what faults need.

REST is under /api/v3, GraphQL under /api/graphql, as on a GitHub Enterprise Server; git over HTTP
is not served: the repository is a bare one on this machine.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .clock import Clock
from .deliveries import Postman
from .desk import Desk, Watch
from .faults import Faults
from .log import Log
from .store import Store
from .wires import Asked, Sent

_LONGEST = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Double:
    """A serving double. `url` is what a client calls the server's address, without /api/v3."""

    url: str
    store: Store
    faults: Faults
    log: Log
    postman: Postman

    @property
    def clock(self) -> Clock:
        return self.store.clock

    @property
    def token(self) -> str:
        """The first token of the store."""
        return next(iter(self.store.tokens))

    def settle(self) -> None:
        """Return when every webhook noted so far was delivered, or could not be."""
        self.postman.settle()


@contextmanager
def serve(
    store: Store,
    *,
    watch: Watch | None = None,
    schema_at: Path | None = None,
) -> Iterator[Double]:
    """Answer on a free port of 127.0.0.1 until the block is left. `watch` sees each REST answer as
    it leaves the desk, for checks of its shape; `schema_at` is the directory of GraphQL's schema
    (see schema.load), None the usual one."""
    faults, log = Faults(), Log()
    with Postman(store=store) as postman:
        desk = Desk(
            store=store,
            faults=faults,
            log=log,
            postman=postman,
            watch=watch,
            schema_at=schema_at,
        )
        server = _Server(desk)
        thread = threading.Thread(target=server.answer_all, daemon=True)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            yield Double(url=url, store=store, faults=faults, log=log, postman=postman)
        finally:
            server.leave()
            thread.join()
            server.hang_up()
            server.server_close()


class _Server(ThreadingHTTPServer):
    """Closing waits for the threads of connections, so that none outlives the block."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, desk: Desk) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.desk = desk
        self._leaving = threading.Event()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def answer_all(self) -> None:
        """Take connections until `leave`. `serve_forever` would have to look every so often
        whether it is over: each of the many doubles of a test run would end that much later."""
        while not self._leaving.is_set():
            self.handle_request()

    def leave(self) -> None:
        """Take no more connections; one of our own ends the wait for the next."""
        self._leaving.set()
        with socket.socket() as last, suppress(OSError):  # else the next one has come already
            last.connect(self.server_address)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return not self._leaving.is_set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close the connections that clients keep open for later."""
        with self._guard:
            kept = list(self._open)
        for one in kept:
            _shut(one)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # The client was faster.


class _Connection(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen: there is a log of its own."""

    def _any(self) -> None:
        try:
            self._answer()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # The client went away: that is its right.

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length > _LONGEST:
            self._send(Sent(status=413))
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        host = self.headers.get("host") or "127.0.0.1"
        asked = Asked(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            raw=self.rfile.read(length),
            base=f"http://{host}",
        )
        self._send(self.server.desk.answer(asked))

    def _send(self, sent: Sent) -> None:
        if sent.cut == "reset":
            self._reset()
            return
        self.send_response_only(sent.status)
        for name, value in sent.headers.items():
            self.send_header(name, value)
        if sent.status not in (204, 304):
            self.send_header("Content-Length", str(len(sent.raw)))
        self.end_headers()
        self.wfile.write(sent.raw[: len(sent.raw) // 2] if sent.cut == "short" else sent.raw)
        self.wfile.flush()
        if sent.cut == "short":
            self.close_connection = True

    def _reset(self) -> None:
        """Close with a TCP reset instead of a proper end."""
        hard = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
        self.connection.close()
        self.close_connection = True
