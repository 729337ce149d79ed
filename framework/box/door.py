"""The door of a box without network: the host's side, which alone has the key.

A unix socket that is bound into one box. What comes in is asked of one endpoint with the headers
that make it that account's question; what comes back is passed on as it comes, byte by byte, so
that a stream stays one. What may pass is in `passage`.
"""

from __future__ import annotations

import base64
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketListener, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSStream

from . import passage
from .passage import NotPassed

_CONNECT_SECONDS = 30.0
_BACKLOG = 32
_AWAY = (OSError, ssl.SSLError, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError)


Answered = Callable[[int, Mapping[str, str]], None]
"""Told of the status and the headers of an answer."""


@dataclass(frozen=True, kw_only=True)
class Behind:
    """What is behind a door: `endpoint` is an http or https address, `headers` go with every
    request in the place of the asker's own, `via` is the proxy that leads there, if `proxy_for`
    knows one."""

    endpoint: str
    headers: Mapping[str, str] = field(repr=False)
    via: str | None = field(default=None, repr=False)


def proxy_for(endpoint: str, environment: Mapping[str, str]) -> str | None:
    """The proxy that a person's HTTPS_PROXY and NO_PROXY name for this endpoint. An http
    endpoint is always asked directly."""
    url = urlsplit(endpoint)
    proxy = environment.get("HTTPS_PROXY", "")
    skipped = {"no": environment.get("NO_PROXY", "")}
    if url.scheme != "https" or not proxy or proxy_bypass_environment(url.netloc, skipped):
        return None
    return proxy


@asynccontextmanager
async def open_door(
    path: Path, behind: Behind, answered: Answered = lambda status, headers: None
) -> AsyncIterator[None]:
    """Answer at the socket `path` until the block is left; then what is still open is cut off.
    `answered` is told of the head of each answer before the asker is.

    Only our own user may connect. Not promised: that a box asks for its own sake only; whatever
    runs in it may ask, at this account's cost.
    """
    listener = await SocketListener.from_socket(_listening(path))
    server = _Server(behind=behind, context=_context(behind), answered=answered)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.connection, name="door")
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            os.unlink(path)


def _listening(path: Path) -> socket.socket:
    """A socket at `path`, however long that is: an address may have no more than 107 bytes."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{directory}/{path.name}")
        path.chmod(0o600)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(directory)
    return listener


def _context(behind: Behind) -> ssl.SSLContext | None:
    https = urlsplit(behind.endpoint).scheme == "https"
    return ssl.create_default_context() if https else None


@dataclass(frozen=True, kw_only=True)
class _Server:
    behind: Behind
    context: ssl.SSLContext | None
    answered: Answered

    async def connection(self, stream: SocketStream) -> None:
        """One question. An asker may go in the middle of it: that is its right."""
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead):
                await self._answer(stream)

    async def _answer(self, stream: SocketStream) -> None:
        incoming = BufferedByteReceiveStream(stream)
        try:
            one = passage.asked(await incoming.receive_until(b"\r\n\r\n", passage.HEAD_BYTES))
            body = await incoming.receive_exactly(one.length)
            passage.check_body(one, body)
        except anyio.DelimiterNotFound:
            await stream.send(passage.refusal(431, "The head of this request is too long."))
        except NotPassed as error:
            await stream.send(passage.refusal(error.status, str(error)))
        else:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, stream, tasks.cancel_scope)
                with suppress(anyio.BrokenResourceError):  # as above, but out of this group
                    await self._ask(one, body, stream)
                tasks.cancel_scope.cancel()

    async def _ask(self, one: passage.Asked, body: bytes, stream: SocketStream) -> None:
        url = urlsplit(self.behind.endpoint)
        headers = {"host": url.netloc.rpartition("@")[2], **self.behind.headers}
        try:
            async with await self._dial(url) as outer:
                incoming = BufferedByteReceiveStream(outer)
                question = one.written(url.path.rstrip("/"), headers) + body
                answer = await _begin(outer, question, incoming, one.method)
                self.answered(answer.status, answer.headers)
                await stream.send(answer.written())
                await _pass_on(incoming, answer.length, stream)
        except _Unreachable as error:
            await stream.send(passage.refusal(502, str(error)))

    async def _dial(self, url: SplitResult) -> ByteStream:
        host = url.hostname or ""
        port = url.port or (443 if self.context else 80)
        try:
            with anyio.fail_after(_CONNECT_SECONDS):
                return await self._reach(host, port)
        except (*_AWAY, TimeoutError, ValueError) as error:
            raise _Unreachable(f"The host cannot reach {host}: {error}") from error

    async def _reach(self, host: str, port: int) -> ByteStream:
        via = urlsplit(self.behind.via) if self.behind.via else None
        if via is None:
            plain = await anyio.connect_tcp(host, port)
        else:
            plain = await anyio.connect_tcp(via.hostname or "", via.port or 80)
        try:
            if via is not None:
                await _tunnel(plain, f"{host}:{port}", via)
            if self.context is None:
                return plain
            return await TLSStream.wrap(
                plain, hostname=host, ssl_context=self.context, standard_compatible=False
            )
        except BaseException:
            await anyio.aclose_forcefully(plain)
            raise


class _Unreachable(Exception):
    """The endpoint did not begin to answer."""


async def _tunnel(stream: SocketStream, target: str, via: SplitResult) -> None:
    await stream.send(_connect(target, via))
    incoming = BufferedByteReceiveStream(stream)
    head = await incoming.receive_until(b"\r\n\r\n", passage.HEAD_BYTES)
    answer = passage.answered(head, "CONNECT")
    if answer.status != 200:
        raise OSError(f"its proxy answers {answer.lines[0]}")


def _connect(target: str, via: SplitResult) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"host: {target}"]
    if via.username is not None:
        pair = f"{unquote(via.username)}:{unquote(via.password or '')}"
        lines.append(f"proxy-authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _begin(
    outer: ByteStream, question: bytes, incoming: BufferedByteReceiveStream, method: str
) -> passage.Answered:
    """Ask; the answer's head, without those that only announce it."""
    try:
        await outer.send(question)
        while True:
            head = await incoming.receive_until(b"\r\n\r\n", passage.HEAD_BYTES)
            answer = passage.answered(head, method)
            if answer.status >= 200:
                return answer
    except (*_AWAY, anyio.DelimiterNotFound, ValueError, IndexError) as error:
        raise _Unreachable(f"The model's endpoint gave no answer: {error}") from error


async def _pass_on(
    incoming: BufferedByteReceiveStream, length: int | None, stream: SocketStream
) -> None:
    """As it comes, to its announced end or that of the connection. One that breaks off is broken
    off here too: the asker sees that something is missing by the announced end."""
    left = length
    while left is None or left > 0:
        try:
            chunk = await incoming.receive()
        except _AWAY:
            return
        await stream.send(chunk if left is None else chunk[:left])
        left = None if left is None else left - len(chunk)


async def _until_gone(stream: SocketStream, scope: anyio.CancelScope) -> None:
    """Stop asking when the asker has gone, or says more than it may. Not by `receive`: anyio's
    for unix sockets fails in asyncio when it is cancelled at the moment when something comes."""
    await anyio.wait_readable(stream.extra(SocketAttribute.raw_socket))  # noqa: S610
    scope.cancel()
