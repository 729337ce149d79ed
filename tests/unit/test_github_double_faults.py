"""Faults, limits, webhooks and the log of the double."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from framework.rehearsal.github.serve import serve
from tests.github_caller import Caller, stage

CREATE = r"^POST /repos/\{owner\}/\{repo\}/issues$"


@pytest.fixture
def call() -> Iterator[Caller]:
    store, _ = stage()
    with serve(store) as double:
        yield Caller(double=double)


def titles(call: Caller) -> list[str]:
    repo = next(iter(call.double.store.repos.values()))
    return [one.title for one in repo.issues.values()]


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("502", 502), ("html", 502)])
def test_refused_before(call: Caller, kind: Any, status: int) -> None:
    """A server error that comes before: nothing was done, once, at the match that was named."""
    call.double.faults.add(CREATE, kind, first=2)
    assert [call("POST", "issues", {"title": t}).status for t in "abc"] == [201, status, 201]
    assert titles(call) == ["a", "c"]


def test_lost_after(call: Caller) -> None:
    """502 after, reset after and half an answer: it was done, and nobody was told."""
    faults = call.double.faults
    faults.add(CREATE, "502 after")
    assert call("POST", "issues", {"title": "a"}).status == 502
    faults.add(CREATE, "reset after")
    with pytest.raises(ConnectionError):
        call("POST", "issues", {"title": "b"})
    faults.add(CREATE, "truncated")
    with pytest.raises(http.client.IncompleteRead):
        call("POST", "issues", {"title": "c"})
    assert titles(call) == ["a", "b", "c"]
    assert len(call.double.faults.happened) == 3


def test_stale_and_missing(call: Caller) -> None:
    """A stale read shows the state before the last write; a missing one is 404 right after it."""
    call.double.faults.add(r"^GET .*issues$", "stale", first=2)
    call.double.faults.add(r"^GET .*issue_number\}$", "missing")
    call("POST", "issues", {"title": "a"})
    assert len(call("GET", "issues").body) == 1
    call("POST", "issues", {"title": "b"})
    assert [len(call("GET", "issues").body) for _ in range(2)] == [1, 2]
    assert [call("GET", "issues/2").status for _ in range(2)] == [404, 200]


def test_seeded_faults_are_the_same_again() -> None:
    """A seed gives the same faults to the same requests."""

    def play(seed: int) -> list[tuple[str, str]]:
        store, _ = stage()
        with serve(store) as double:
            double.faults.seeded(seed, 0.4, ("500", "502 after"), matching="^POST")
            call = Caller(double=double)
            for number in range(20):
                call("POST", "issues", {"title": str(number)})
            return list(double.faults.happened)

    assert play(1) == play(1)
    assert play(1) != play(2)


def test_the_primary_limit(call: Caller) -> None:
    """Used up it is 403 with remaining 0 until the reset, and the rate limit itself is free."""
    call.double.store.limits.primary["core"] = 3
    assert [call("GET", "").status for _ in range(4)] == [200, 200, 200, 403]
    told = call("GET", "/rate_limit")
    assert told.body["resources"]["core"]["remaining"] == 0
    assert told.headers["x-ratelimit-remaining"] == "0"
    call.double.clock.forward(3600)
    assert call("GET", "").status == 200


@pytest.mark.parametrize("signal", [(403, 60), (429, None), (429, 30)])
def test_the_secondary_limits(call: Caller, signal: tuple[int, int | None]) -> None:
    """80 creations a minute and 500 an hour; the answer is as the switch says."""
    limits = call.double.store.limits
    limits.signal, limits.content_minute, limits.content_hour = signal, 3, 5
    made = [call("POST", "issues", {"title": "x"}) for _ in range(4)]
    assert [one.status for one in made] == [201, 201, 201, signal[0]]
    assert made[3].headers.get("retry-after") == (str(signal[1]) if signal[1] else None)
    assert made[3].body["documentation_url"].endswith("secondary-rate-limits")
    call.double.clock.forward(61)
    assert call("POST", "issues", {"title": "x"}).status == 201
    call.double.clock.forward(61)
    assert call("POST", "issues", {"title": "x"}).status == signal[0]


def test_points_of_the_minute(call: Caller) -> None:
    """A read takes one of 900 points, a write five."""
    call.double.store.limits.points["core"] = 11
    call("POST", "issues", {"title": "x"})
    call("PATCH", "issues/1", {"title": "y"})
    assert call("GET", "issues/1").status == 200
    assert call("GET", "issues/1").status == 403


def test_too_many_at_once(call: Caller) -> None:
    """More requests at the same time than are allowed are refused as a secondary limit."""
    call.double.store.limits.concurrent = 0
    assert call("GET", "").status == 403
    call.double.store.limits.concurrent = 100
    assert call("GET", "").status == 200


def test_the_log(call: Caller) -> None:
    """Every request is there with its operation, account and points."""
    call("POST", "issues", {"title": "x"})
    call("POST", "issues/1/comments", {"body": "x"})
    call.as_("acme-token")("GET", "issues/1")
    log = call.double.log
    assert log.count(CREATE) == 1
    assert (log.points(), len(log)) == (3, 3)
    assert [one.account for one in log] == ["bot", "bot", "acme"]
    assert [one.content for one in log] == [True, True, False]
    assert [one.write for one in log] == [True, True, False]
    log.clear()
    assert log.operations() == []


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((dict(self.headers), raw))  # type: ignore[attr-defined]
        self.send_response(202)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen."""


def test_deliveries(call: Caller) -> None:
    """Webhooks are signed over the raw bytes, in order; a repeated one has the same id."""
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    server.got = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        config = {"url": f"http://127.0.0.1:{server.server_port}/", "secret": "s"}
        sent = {"config": config, "events": ["issues", "label"]}
        call.as_("acme-token")("POST", "hooks", sent)
        call.double.faults.add(CREATE, "twice")
        call("POST", "issues", {"title": "x", "labels": ["bug"]})
        call.double.settle()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    got = server.got  # type: ignore[attr-defined]
    events = [(head["X-Github-Event"], json.loads(raw).get("action")) for head, raw in got]
    assert events[0] == ("ping", None)
    assert events.count(("issues", "opened")) == 2
    assert events.count(("issues", "labeled")) == 2
    for head, raw in got:
        mac = hmac.new(b"s", raw, hashlib.sha256).hexdigest()
        assert head["X-Hub-Signature-256"] == f"sha256={mac}"
    assert len({head["X-Github-Delivery"] for head, _ in got}) == 3
