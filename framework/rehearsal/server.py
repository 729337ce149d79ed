"""The scripted Messages API on loopback.

All sessions of a run use the same address and the same token, so that nothing in the engine
can tell a rehearsal from the real service.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from . import message, wire
from .request import Request, read
from .scenario import Scenario
from .script import Playback, Played
from .turn import Cut, Hang, Malformed, Refusal, Reply
from .wire import Incoming

_MESSAGES = "/v1/messages"
_COUNT = "/v1/messages/count_tokens"
_STREAM = "text/event-stream"
_PORTAL = b"<!DOCTYPE html><title>Welcome</title><p>Please sign in to the network."


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request for a message, and what it got. `size` is the body's length in bytes."""

    session: str
    prompts: tuple[str, ...]
    headers: Mapping[str, str]
    size: int
    place: str
    fault: str | None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A running server. `log` grows while it runs, in the order in which requests arrive."""

    url: str
    log: list[Exchange] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What the scenario should have answered and could not."""
        return [one.fault for one in self.log if one.fault]


@asynccontextmanager
async def serve(
    scenario: Scenario, *, now: Callable[[], float] = time.time
) -> AsyncIterator[Endpoint]:
    """Answer on a free port of 127.0.0.1 until the block is left.

    Every request is answered, also one that no script expects: with prose that says so, and an
    entry in the log. Nothing is checked that the real service would check (tokens, models,
    schemas, the shape of the history).
    """
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, anyio.create_task_group() as tasks:
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610
        endpoint = Endpoint(url=f"http://127.0.0.1:{port}")
        server = _Server(playback=Playback(scenario.scripts), log=endpoint.log, now=now)
        tasks.start_soon(listener.serve, server.connection, name="rehearsal")
        yield endpoint
        tasks.cancel_scope.cancel()


@dataclass(kw_only=True)
class _Server:
    playback: Playback
    log: list[Exchange]
    now: Callable[[], float]
    _sizes: dict[str, int] = field(default_factory=dict)

    async def connection(self, stream: SocketStream) -> None:
        incoming = BufferedByteReceiveStream(stream)
        async with stream:
            try:
                while request := await wire.receive(incoming):
                    if not await self._answer(request, stream):
                        return
            except (anyio.BrokenResourceError, anyio.IncompleteRead, anyio.EndOfStream):
                # The agent was stopped in the middle of a request: that is its right.
                return

    async def _answer(self, incoming: Incoming, stream: SocketStream) -> bool:
        """Whether the connection can be used again."""
        if incoming.method == "POST" and incoming.path == _MESSAGES:
            return await self._message(incoming, stream)
        await stream.send(_other(incoming))
        return True

    async def _message(self, incoming: Incoming, stream: SocketStream) -> bool:
        try:
            request = read(incoming.headers, incoming.body)
        except ValueError as problem:
            await stream.send(_refused(400, "invalid_request_error", str(problem)))
            return True
        played = self.playback.next(request, self.now())
        self.log.append(_exchange(incoming, request, played))
        await anyio.sleep(played.turn.delay)
        earlier = self._sizes.get(request.session, 0)
        self._sizes[request.session] = request.size
        return await _send(played, request, earlier, stream)


async def _send(played: Played, request: Request, earlier: int, stream: ByteStream) -> bool:
    extra = played.turn.headers
    match played.answer:
        case Reply() as reply:
            await stream.send(_whole(reply, request, earlier, extra))
            return True
        case Refusal(status=status, error=error, message=text, headers=headers):
            await stream.send(_refused(status, error, text, {**headers, **extra}))
            return True
        case Malformed():
            await stream.send(wire.head(200, len(_PORTAL), "text/html", extra) + _PORTAL)
            return True
        case Cut(reply=reply, after=after):
            await stream.send(_beginning(reply, request, earlier, after))
            return False
        case Hang(reply=reply, after=after):
            await stream.send(_beginning(reply, request, earlier, after))
            while True:  # ends with EndOfStream, when the agent goes away
                await stream.receive()


def _whole(reply: Reply, request: Request, earlier: int, extra: Mapping[str, str]) -> bytes:
    whole = message.message(reply, request, earlier=earlier)
    if not request.stream:
        return wire.document(200, whole, extra)
    body = b"".join(message.events(whole))
    return wire.head(200, len(body), _STREAM, extra) + body


def _beginning(reply: Reply, request: Request, earlier: int, after: int) -> bytes:
    """The first `after` events of a stream whose head promises all of them."""
    if after == 0:
        return b""
    events = message.events(message.message(reply, request, earlier=earlier))
    return wire.head(200, sum(map(len, events)), _STREAM) + b"".join(events[:after])


def _other(incoming: Incoming) -> bytes:
    if incoming.method == "POST" and incoming.path == _COUNT:
        return wire.document(200, {"input_tokens": max(1, len(incoming.body) // 4)})
    if incoming.method == "HEAD":
        return wire.head(200, 0, "application/json")
    if incoming.method == "GET":
        return wire.document(200, {})
    return _refused(404, "not_found_error", f"{incoming.method} {incoming.path} is not rehearsed")


def _refused(status: int, kind: str, text: str, headers: Mapping[str, str] | None = None) -> bytes:
    return wire.document(status, message.error(kind, text), headers)


def _exchange(incoming: Incoming, request: Request, played: Played) -> Exchange:
    return Exchange(
        session=request.session,
        prompts=request.prompts,
        headers=incoming.headers,
        size=request.size,
        place=played.place,
        fault=played.fault,
    )
