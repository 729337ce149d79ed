"""The desk where every request is answered: who asks, may they, what happens, what it costs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .call import Refusal
from .deliveries import Postman
from .faults import Fault, Faults
from .log import Entry, Log
from .records import Token
from .spoil import limited, lost, refused
from .store import Store
from .turns import GraphTurn, RestTurn, Turn
from .wires import Asked, Sent, plain

REST, GRAPHQL = "/api/v3", "/api/graphql"


Watch = Callable[[str, int, bytes], None]
"""Called with the operation, the status and the body of each REST answer, before any fault."""


@dataclass(kw_only=True)
class Desk:
    """Answers requests of any number of threads."""

    store: Store
    faults: Faults
    log: Log
    postman: Postman
    watch: Watch | None = None
    schema_at: Path | None = None
    _past: Store | None = None
    _busy: int = 0
    _count: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Sent:
        """The answer to any request; faults that are armed are in it."""
        turn = self._turn(asked)
        if turn is None:
            return plain(404, "Not Found: the double serves /api/v3 and /api/graphql.")
        with self._count:
            self._busy += 1
            crowd = self._busy
        try:
            return self._play(turn, crowd)
        finally:
            with self._count:
                self._busy -= 1

    def _turn(self, asked: Asked) -> Turn | None:
        if asked.path == GRAPHQL:
            return GraphTurn(asked=asked, store=self.store, schema_at=self.schema_at)
        if asked.path.startswith(REST + "/"):
            return RestTurn(asked=asked, store=self.store, path=asked.path.removeprefix(REST))
        return None

    def _play(self, turn: Turn, crowd: int) -> Sent:
        fault = self.faults.strike(turn.operation)
        token: Token | None = None
        used = 0
        try:
            token = turn.authenticate()
            used = turn.used(token)
            turn.charge(token, crowd)
            sent = self._commit(turn, token, fault)
        except Refusal as refusal:
            sent = turn.dress(refusal.reply, token)
        self._note(turn, token, sent, fault, used)
        if self.watch and isinstance(turn, RestTurn) and turn.route and not sent.cut:
            self.watch(turn.operation, sent.status, sent.raw)
        return lost(fault, sent) if fault else sent

    def _commit(self, turn: Turn, token: Token, fault: Fault | None) -> Sent:
        """Do it, unless the fault is one that comes before."""
        if fault and (early := refused(fault)):
            return early
        if fault and fault.kind.startswith("limit"):
            return turn.dress(limited(fault, turn.store.limits), token)
        kind = fault.kind if fault else ""
        with self.store.lock:
            if turn.writes and self.faults.want_past():
                self._past = self.store.before()
            source = self._past if kind == "stale" and self._past else self.store
            reply = turn.perform(source, token, gone=kind == "missing")
            self.postman.collect(turn.asked.base, twice=kind == "twice")
        return turn.dress(reply, token)

    def _note(
        self, turn: Turn, token: Token | None, sent: Sent, fault: Fault | None, used: int
    ) -> None:
        self.log.add(
            Entry(
                at=self.store.clock.now(),
                account=token.login if token else "",
                operation=turn.operation,
                path=turn.asked.path,
                status=sent.status,
                points=turn.used(token) - used if token else 0,
                content=turn.content,
                fault=fault.kind if fault else "",
            )
        )
