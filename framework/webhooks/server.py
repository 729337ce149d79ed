"""The server that webhooks are sent to. What strangers can cost it is bounded.

Deliveries are sent with POST, to any path. Answers: 202 taken, 200 taken before, 400 no HTTP or
no JSON, 401 wrong signature, 405 no POST, 408 too slow, 411 no length, 413 too long, 431 headers
too long, 503 too much at once or nowhere to write. `GET /healthz` is 200. Every answer ends its
connection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import anyio
from anyio import to_thread
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from ..domain.errors import NightshiftError, UsageError
from ..domain.frozen import dataclass
from .receiver import Receiver
from .wire import Answer, Head, Refused, receive_head, response

HEALTH = "/healthz"
_AWAY = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.IncompleteRead)
_PARTING = 2.0
"""Seconds in which the sender of a refused body may come to read the answer."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bytes of one body and of all bodies at once, connections at once, and seconds in which a
    request must have come as a whole."""

    body: int = 2 << 20
    bodies: int = 32 << 20
    connections: int = 512
    seconds: float = 10.0


_LIMITS = Limits()


@asynccontextmanager
async def serving(
    receiver: Receiver, host: str, port: int, *, limits: Limits = _LIMITS
) -> AsyncIterator[str]:
    """Take deliveries until the block is left; gives the address. Port 0 is any that is free.
    Raises UsageError where the port cannot be listened at."""
    try:
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except OSError as error:
        raise UsageError(
            f"Port {port} of {host} cannot be listened at: {error.strerror or error}. "
            "Choose another with --port and --host."
        ) from error
    async with listener, anyio.create_task_group() as tasks:
        chosen = listener.extra(SocketAttribute.local_port)  # noqa: S610
        server = _Server(receiver, limits)
        tasks.start_soon(listener.serve, server.connection, name="webhooks")
        yield f"http://{f'[{host}]' if ':' in host else host}:{chosen}"
        tasks.cancel_scope.cancel()


def serve(receiver: Receiver, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Until the process is interrupted. `ready` gets the address."""

    async def forever() -> None:
        async with serving(receiver, host, port) as address:
            ready(address)
            await anyio.sleep_forever()

    anyio.run(forever)


class _Server:
    def __init__(self, receiver: Receiver, limits: Limits) -> None:
        self._receiver = receiver
        self._limits = limits
        self._connections = 0
        self._reserved = 0
        self._one = anyio.CapacityLimiter(1)  # deliveries are taken one after the other

    async def connection(self, stream: SocketStream) -> None:
        async with stream:
            if self._connections >= self._limits.connections:
                return  # not worth a word: whoever holds so many open reads none
            self._connections += 1
            try:
                await self._whole(stream)
            except _AWAY:
                return
            finally:
                self._connections -= 1

    async def _whole(self, stream: SocketStream) -> None:
        incoming = BufferedByteReceiveStream(stream)
        try:
            with anyio.fail_after(self._limits.seconds):
                answer = await self._answer(incoming)
        except TimeoutError:
            answer = Answer(status=HTTPStatus.REQUEST_TIMEOUT, text="Too slow.")
        except Refused as refused:
            answer = refused.answer
        if answer is not None:
            with anyio.move_on_after(_PARTING):
                await _part(stream, incoming, answer)

    async def _answer(self, incoming: BufferedByteReceiveStream) -> Answer | None:
        """None where nobody is there any more."""
        head = await receive_head(incoming)
        if head is None:
            return None
        if head.path == HEALTH and head.method == "GET":
            return Answer(status=HTTPStatus.OK, text="ok")
        length = self._admitted(head)
        self._reserved += length
        try:
            body = await incoming.receive_exactly(length)
            return await self._taken(head, body)
        finally:
            self._reserved -= length

    def _admitted(self, head: Head) -> int:
        """The length of a body that may come. Raises Refused."""
        if head.method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "Webhooks are sent with POST.")
        if head.length is None:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.")
        if head.length > self._limits.body:
            text = f"At most {self._limits.body} bytes."
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        if self._reserved + head.length > self._limits.bodies:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too much at once.")
        return head.length

    async def _taken(self, head: Head, body: bytes) -> Answer:
        try:
            with anyio.CancelScope(shield=True):  # once whole, it is not given up half-way
                answer = await to_thread.run_sync(
                    self._receiver.take, head.headers, body, limiter=self._one
                )
        except NightshiftError as error:
            self._receiver.say(str(error))
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Nowhere to write.") from error
        return answer


async def _part(stream: SocketStream, incoming: BufferedByteReceiveStream, answer: Answer) -> None:
    """Answer, and read away what still comes: a connection closed on unread bytes is reset, and
    the answer lost with it."""
    await stream.send(response(answer))
    await stream.send_eof()
    with suppress(anyio.EndOfStream):
        while True:
            await incoming.receive()
