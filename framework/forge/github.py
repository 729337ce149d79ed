"""One account's door to one GitHub server: REST and GraphQL over one HTTP stack.

Reads are conditional and tried again; writes are sent once. All requests of an account, from
whatever process of this machine, keep to its limits together. The token never appears in an
error, a representation or a log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..clock import Clock, utcnow
from ..domain.errors import ForgeRefused, TrackerUnavailable
from ..domain.trouble import Kind
from .address import address_of
from .asking import Asking, Away, Heard, raised
from .batch import MOST, Done, Failed, Mutation, Result, Unknown, document, results, sure, unsent
from .cost import Ask, graphql_ask, rest_ask
from .paging import items, next_page
from .patience import Patience
from .refusal import Asked, of_errors
from .remembered import Memory
from .scopes import scopes_of
from .shared import Limits
from .tokens import TokenKind, kind_of
from .wire import Call, Reply, Wire

__all__ = ["Done", "Failed", "GitHub", "Mutation", "Result", "Unknown", "sure"]

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


def ignore(_: str) -> None:
    """For `say`: nobody listens."""


class GitHub:
    """What the holder of `token` may do on the server that people open at `url`.

    `allowance` is a directory (or a file ending in .json): there the limits of the
    account are kept for all processes of this machine; without it this object keeps to them alone.
    One call waits at most `patience` seconds in all, for limits and for a service in trouble. To
    be used by as many threads as one likes, and closed at the end.

    Every call raises TrackerUnavailable when GitHub could not be asked, or may not be asked now
    (`until` says when), and ForgeRefused when it said no. Paths are relative to the API's root,
    with segments quoted by the caller: `repos/{owner}/{repo}/issues`.
    """

    def __init__(
        self,
        *,
        url: str = "https://github.com",
        token: str,
        allowance: Path | None = None,
        clock: Clock = utcnow,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = 90.0,
        say: Callable[[str], None] = ignore,
    ) -> None:
        self._address = address_of(url)
        self._wire = Wire(self._address.rest, token=token)
        self._limits = Limits(
            allowance, server=self._address.rest, token=token, clock=clock, say=say
        )
        self._asking = Asking(self._wire, self._limits, host=self._address.host, clock=clock)
        self._memory = Memory()
        self._clock = clock
        self._patience: Callable[[], Patience] = lambda: Patience(patience, sleep)
        self._scopes: frozenset[str] | None = None
        self._login = ""
        self._say = say
        self._has_warned = False
        self.kind = kind_of(token)
        self.site = self._address.site

    @cached_property
    def login(self) -> str:
        """Whose token it is; asked once."""
        if self.kind is TokenKind.INSTALLATION:  # these have no `user`
            found = self.query("{ viewer { login } }")["viewer"]
        else:
            found = self.get("user")
        self._login = str(found["login"])
        self._limits.belongs_to(self._login)
        return self._login

    @property
    def scopes(self) -> frozenset[str] | None:
        """The scopes of the token; None where it says none, as a fine-grained one."""
        _ = self.login
        return self._scopes

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON of the answer, the remembered one where nothing has changed; None where there is
        none. A query value of None is left out, a list is joined by commas."""
        data, _ = self._get(self._address.of(path, query), path)
        return data

    def pages(self, path: str, /, **query: Any) -> Iterator[Any]:
        """The items of all pages of a list, 100 a page, each page asked for when it is needed.

        Not promised: one moment for all; what changes meanwhile may come twice or not at all.
        """
        url: str | None = self._address.of(path, {"per_page": 100, **query})
        while url is not None:
            data, headers = self._get(url, path)
            yield from items(data)
            url = next_page(headers.get("link", ""), url, self._wire.is_here)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A write, sent once; the JSON of the answer, None where there is none.

        Raises Unsure when the answer was lost, and otherwise nothing was done when it raises.
        """
        call = Call(
            method=method.upper(),
            url=self._address.of(path, {}),
            headers=_HEADERS,
            body=None if body is None else json.dumps(body).encode(),
            write=True,
        )
        return self._heard(call, rest_ask(call.method, path), path).data

    def query(self, text: str, /, **variables: Any) -> Any:
        """What GraphQL answers to a query: its `data`, {} where there is none. What was not found
        is null in it."""
        call = self._graphql(text, variables, write=False)
        heard = self._heard(call, graphql_ask(()), "graphql")
        asked = self._asked("this query", "")
        for refusal in of_errors(asked, heard.data, heard.reply.headers, self._clock()):
            if refusal.trouble.kind is not Kind.NOT_FOUND:
                raise ForgeRefused(
                    refusal.text, refusal.trouble, status=heard.reply.status, code=refusal.code
                )
        data = heard.data.get("data") or {}
        self._warn_of_nothing(data, heard.data)
        return data

    def mutate(self, mutations: Sequence[Mutation]) -> list[Result]:
        """Does all of them, 20 in a request and in their order, and says what came of each: one
        that fails does not keep the others from being done. Nothing is sent twice.

        Raises TrackerUnavailable only when nothing at all was done.
        """
        found: list[Result] = []
        for at in range(0, len(mutations), MOST):
            try:
                found += self._batch(mutations[at : at + MOST])
            except TrackerUnavailable as error:
                if not found:
                    raise
                return [*found, *unsent(error, len(mutations) - at)]
        return found

    def close(self) -> None:
        self._wire.close()

    def _get(self, url: str, path: str) -> tuple[Any, Mapping[str, str]]:
        """With the headers; of what did not change, those that came with it then."""
        known = self._memory.find(url)
        headers = {**_HEADERS, "If-None-Match": known.etag} if known else _HEADERS
        heard = self._heard(
            Call(method="GET", url=url, headers=headers), rest_ask("GET", path), path
        )
        reply = heard.reply
        if reply.status == 304 and known:
            return json.loads(known.body), {**known.headers, **reply.headers}
        self._memory.keep(url, reply.headers if reply.status == 200 else {}, reply.body)
        return heard.data, reply.headers

    def _batch(self, mutations: Sequence[Mutation]) -> list[Result]:
        text, values = document(mutations)
        call = self._graphql(text, values, write=True)
        asked = self._asked(mutations[0].name, "")
        ask = graphql_ask([one.name for one in mutations])
        outcome = self._asking.outcome(call, ask, asked, self._patience())
        if isinstance(outcome, Away) and not outcome.sent:
            raised(outcome, what=asked.what, write=True)
        return results(outcome, asked, len(mutations), self._clock())

    def _graphql(self, text: str, variables: Mapping[str, Any], *, write: bool) -> Call:
        body = json.dumps({"query": text, "variables": variables}).encode()
        return Call(
            method="POST", url=self._address.graphql, headers=_HEADERS, body=body, write=write
        )

    def _heard(self, call: Call, ask: Ask, path: str) -> Heard:
        asked = self._asked(call.method, path)
        outcome = self._asking.outcome(call, ask, asked, self._patience())
        if not isinstance(outcome, Heard):
            raised(outcome, what=asked.what, write=call.write)
        self._note(outcome.reply)
        return outcome

    def _note(self, reply: Reply) -> None:
        found = scopes_of(reply.headers)
        self._scopes = self._scopes if found is None else found

    def _warn_of_nothing(self, data: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """GitHub may answer a fine-grained token with nothing where it should refuse."""
        is_nothing = any(one is None for one in data.values()) and not answer.get("errors")
        if is_nothing and self.kind is TokenKind.FINE_GRAINED and not self._has_warned:
            self._has_warned = True
            self._say(
                "GitHub answered a question with nothing, as it does where a fine-grained token "
                "lacks a permission. If something seems to be missing, see the token's "
                f"permissions at {self.site}/settings/personal-access-tokens , or use a classic "
                "token."
            )

    def _asked(self, method: str, path: str) -> Asked:
        what = f"{method} {path}".strip()
        return Asked(what=what, url=self._address.site, login=self._login)
