"""One request on its way over the desk, for each of the two APIs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from . import gate, rest
from .call import Call, Refusal, Reply, missing
from .limits import Resource
from .records import Token
from .routes import Route
from .spoil import primary, secondary
from .store import Store
from .wires import Asked, Sent, encode

_CONTENT = re.compile(r"\b(create|add)(Issue|Comment|PullRequest|Blocked|SubIssue|ProjectV2Draft)")


@dataclass(kw_only=True)
class Turn:
    """What the desk asks of a request. `operation` is its name for faults and for the log."""

    asked: Asked
    store: Store
    resource: Resource = "core"

    operation: str = ""
    writes: bool = False
    content: bool = False

    def authenticate(self) -> Token:
        return gate.authenticate(self.store, self.asked)

    def used(self, token: Token | None) -> int:
        return self.store.limits.window(token.login, self.resource).used if token else 0

    def charge(self, token: Token, crowd: int) -> None:
        """Take the points of the secondary limits; refuse what is over one of them."""
        limits = self.store.limits
        points = 5 if self.writes else 1
        within = limits.secondary(token.login, self.resource, points, content=self.content)
        if not within or crowd > limits.concurrent:
            raise _refusal(secondary(*limits.signal))

    def perform(self, store: Store, token: Token, *, gone: bool = False) -> Reply:
        """Do what is asked, over `store`. With `gone` what is asked for is not there yet."""
        raise NotImplementedError

    def dress(self, reply: Reply, token: Token | None) -> Sent:
        """Bytes and GitHub's headers."""
        raw = encode(reply.body)
        headers = {
            "Server": "github.com",
            "Date": format_datetime(self.store.clock.now(), usegmt=True),
            "Content-Type": "application/json; charset=utf-8",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": "0D0U:B1E0",
            "Vary": "Accept, Authorization, Cookie",
            **(self._account(token) if token else {}),
            **reply.headers,
        }
        return Sent(status=reply.status, headers=headers, raw=raw)

    def _account(self, token: Token) -> Mapping[str, str]:
        window = self.store.limits.window(token.login, self.resource)
        scopes = {} if token.scopes is None else {"X-OAuth-Scopes": ", ".join(sorted(token.scopes))}
        return {
            **scopes,
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.remaining),
            "X-RateLimit-Used": str(window.used),
            "X-RateLimit-Reset": str(int(window.reset.timestamp())),
            "X-RateLimit-Resource": self.resource,
        }


@dataclass(kw_only=True)
class RestTurn(Turn):
    """A REST request. An unknown operation is 404, and its name is the path as it came."""

    path: str
    route: Route | None = None
    params: Mapping[str, str] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.path = rest.by_id(self.store, self.path)
        found = rest.find(self.asked.method, self.path)
        self.route, self.params = found or (None, {})
        self.operation = self.route.operation if self.route else f"{self.asked.method} {self.path}"
        self.writes = self.asked.method not in ("GET", "HEAD")
        self.content = bool(self.route and self.route.content)

    def perform(self, store: Store, token: Token, *, gone: bool = False) -> Reply:
        limits = self.store.limits
        free = self.path == "/rate_limit"
        if not free and limits.window(token.login, self.resource).remaining <= 0:
            user = store.user(token.login)
            raise _refusal(primary(user.id if user else 0, limits.signal[0]))
        reply = missing().reply if gone else self._reply(store, token)
        if self.asked.method == "GET" and reply.status == 200:
            reply = self._conditional(reply, token)
        if not free and reply.status != 304:
            limits.spend(token.login, self.resource, 1)
        return reply

    def _reply(self, store: Store, token: Token) -> Reply:
        """The handler's answer; its refusal is an answer too, and costs as much."""
        try:
            return self._handled(store, token)
        except Refusal as refusal:
            return refusal.reply

    def _handled(self, store: Store, token: Token) -> Reply:
        if self.route is None:
            raise missing()
        call = Call(
            store=store,
            token=token,
            operation=self.operation,
            path=self.path,
            params=self.params,
            query=self.asked.query,
            body=self._body(),
            base=self.asked.base,
        )
        if "repo" in self.params:
            owner, name = self.params["owner"], self.params["repo"]
            call.found = gate.locate(store, owner, name, self.path, self.asked)
            gate.admit(call, self.route)
        return self.route.handler(call)

    def _body(self) -> Any:
        try:
            return self.asked.body()
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None

    def _conditional(self, reply: Reply, token: Token) -> Reply:
        """With an ETag, which is another one for another token; 304 where the client has it."""
        mark = hashlib.sha256(encode(reply.body) + token.value.encode()).hexdigest()
        etag = f'W/"{mark}"'
        headers = {
            **reply.headers,
            "ETag": etag,
            "Cache-Control": "private, max-age=60, s-maxage=60",
        }
        if self.asked.headers.get("if-none-match") == etag:
            return Reply(status=304, headers=headers)
        return Reply(status=reply.status, body=reply.body, headers=headers)

    def _account(self, token: Token) -> Mapping[str, str]:
        headers = dict(super()._account(token))
        if self.route and token.scopes is not None:
            named = gate.accepted(self.route) if "repo" in self.params else frozenset()
            headers["X-Accepted-OAuth-Scopes"] = ", ".join(sorted(named))
        return headers


@dataclass(kw_only=True)
class GraphTurn(Turn):
    """A GraphQL request: its name is `query` or `mutation` and the fields at its root."""

    resource: Resource = "graphql"
    schema_at: Path | None = None

    def __post_init__(self) -> None:
        self.operation = _graph().operation(
            self._text("query"), self._text("operationName") or None
        )
        self.writes = self.operation.startswith("mutation")
        self.content = self.writes and bool(_CONTENT.search(self.operation))

    @cached_property
    def _envelope(self) -> Mapping[str, Any]:
        try:
            body = self.asked.body()
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def _text(self, name: str) -> str:
        value = self._envelope.get(name)
        return value if isinstance(value, str) else ""

    def perform(self, store: Store, token: Token, *, gone: bool = False) -> Reply:
        if not self._text("query"):
            raise Refusal(400, "Problems parsing JSON")
        status, headers, body = _graph().answer(
            store,
            token,
            self._text("query"),
            self._envelope.get("variables") or {},
            operation=self._text("operationName") or None,
            missing=gone,
            base=self.asked.base,
            at=self.schema_at,
        )
        return Reply(status=status, headers=headers, body=body)


def _graph() -> Any:
    """Loaded when it is first needed: the schema is large, and REST alone does not need it."""
    from . import graphql

    return graphql


def _refusal(reply: Reply) -> Refusal:
    refusal = Refusal(reply.status, "")
    refusal.reply = reply
    return refusal
