"""One exchange over HTTP with one server, and nothing above that.

The token goes to this server only: a redirect that leads to another one is not followed, and
without TLS only a server on this machine is spoken to. httpx2 is imported when it is first used,
and its types stop here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..domain.errors import UsageError
from ..domain.frozen import dataclass, replace

if TYPE_CHECKING:
    import httpx2

_CONNECT = 10.0
_READ = 30.0
_WHOLE = 120.0
"""Seconds for all of an answer, however slowly it drips."""
LARGEST = 32 << 20
"""Bytes of an answer, unpacked. GitHub's largest pages have about 3 MiB."""
_HOPS = 5
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request. `url` is absolute; `write`: doing it twice is not the same as doing it once."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    write: bool = False


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of any status; header names are in lower case. `url` is what answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Lost(Exception):
    """No whole answer came. `sent`: the server may have got the request. For callers, never for
    people as it is."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class Wire:
    """Speaks with the server of `root`, an absolute URL, as whoever holds `token`."""

    def __init__(self, root: str, *, token: str) -> None:
        _check_token(token)
        _check_root(root)
        self._origin = origin(root)
        self._secret = token.encode()
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "nightshift"}
        self._opened: httpx2.Client | None = None
        self._opening = Lock()

    def exchange(self, call: Call) -> Reply:
        """The server's answer, after the redirects that may be followed: within the same server,
        and for a write only those that keep the method. Others are answers like any other.
        Raises Lost.
        """
        for _ in range(_HOPS):
            reply = self._once(call)
            target = self._next(call, reply)
            if target is None:
                return reply
            call = replace(call, url=target)
        raise Lost(f"{_HOPS} redirects in a row, the last one to {target}", sent=True)

    def is_here(self, url: str) -> bool:
        """Whether this is an address of the same server."""
        return origin(url) == self._origin

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _next(self, call: Call, reply: Reply) -> str | None:
        followed = (307, 308) if call.write else (301, 302, 307, 308)
        where = reply.headers.get("location", "")
        if reply.status not in followed or not where:
            return None
        target = urljoin(call.url, where)
        return target if self.is_here(target) else None

    def _once(self, call: Call) -> Reply:
        import httpx2

        try:
            with self._client().stream(
                call.method, call.url, headers=dict(call.headers), content=call.body
            ) as answer:
                # Nothing above ever sees the token, whatever a server says back.
                body = _body(answer).replace(self._secret, b"[redacted]")
                headers = {name.lower(): text for name, text in answer.headers.items()}
                return Reply(status=answer.status_code, headers=headers, body=body, url=call.url)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise Lost(_why(error), sent=_may_be_sent(error)) from error

    def _client(self) -> httpx2.Client:
        with self._opening:  # of two threads that come first, one would leave its client behind
            if self._opened is None:
                self._opened = _open(self._origin, self._headers)
            return self._opened


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or (443 if scheme == "https" else 80)


def _open(server: tuple[str, str, int], headers: Mapping[str, str]) -> httpx2.Client:
    import ssl

    import httpx2

    scheme, host, _ = server
    # Reading the system's certificates takes longer than a whole command; a context without any
    # trusts nobody.
    trust: Any = True if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.Client(
        headers=dict(headers),
        verify=trust,
        timeout=httpx2.Timeout(_READ, connect=_CONNECT),
        follow_redirects=False,
        trust_env=host not in _LOOPBACK,  # proxies of the environment are for what is not here
    )


def _body(answer: httpx2.Response) -> bytes:
    end = time.monotonic() + _WHOLE
    found = bytearray()
    for piece in answer.iter_bytes():
        found += piece
        if len(found) > LARGEST:
            raise Lost(f"the answer is longer than {LARGEST >> 20} MiB", sent=True)
        if time.monotonic() > end:
            raise Lost(f"the answer was not complete after {_WHOLE:.0f} s", sent=True)
    return bytes(found)


def _may_be_sent(error: Exception) -> bool:
    import httpx2

    before = (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        httpx2.ProxyError,
        httpx2.UnsupportedProtocol,
        httpx2.LocalProtocolError,
        httpx2.InvalidURL,
    )
    return not isinstance(error, before)


def _why(error: Exception) -> str:
    """What happened, as the innermost error says it."""
    import httpx2

    match error:
        case httpx2.ConnectTimeout():
            return f"no connection within {_CONNECT:.0f} s"
        case httpx2.TimeoutException():
            return f"no answer within {_READ:.0f} s"
        case _:
            return str(error) or type(error).__name__


def _check_token(token: str) -> None:
    """Before a library can put a malformed one into its error text."""
    if not token or not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(
            "The GitHub token is no token: it is empty, or has spaces or line breaks in it. "
            "Copy it again, whole and on one line."
        )


def _check_root(root: str) -> None:
    scheme, host, _ = origin(root)
    if scheme == "https" and host:
        return
    if scheme == "http" and host in _LOOPBACK:
        return
    raise UsageError(
        f"{root} is no address to send a token to. Give one that begins with https://."
    )
