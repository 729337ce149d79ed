"""Our client, and the double, beside a REST imitation of GitHub that other people wrote.

What it cannot do, and so nothing here asks: GraphQL, sub-issues, dependencies, statuses, ETags,
scopes, unknown tokens, strangers' rights, pull requests among issues, codes of field errors.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from framework.domain.errors import ForgeRefused
from framework.domain.issue import Change, Draft, State
from framework.forge.github import GitHub
from framework.rehearsal.github.clock import Clock
from framework.rehearsal.github.serve import serve
from framework.rehearsal.github.store import Store
from framework.trackers.github import GitHubTracker

MODULES = Path(__file__).parents[1] / "npm/node_modules"
SEED = """
tokens: {tok: {login: bot, scopes: [repo]}}
github: {users: [{login: bot}], repos: [{owner: bot, name: r, auto_init: true}]}
"""


class _Door(BaseHTTPRequestHandler):
    """Puts /api/v3, where our client looks for a server's REST, in front of the imitation."""

    protocol_version = "HTTP/1.1"
    behind = 0

    def _pass(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        inner = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=20)
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        inner.request(self.command, self.path.removeprefix("/api/v3"), raw or None, headers)
        answer = inner.getresponse()
        text = answer.read()
        inner.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "keep-alive"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen."""


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def door(port: int) -> Iterator[str]:
    kind = type("Door", (_Door,), {"behind": port})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def imitation(tmp_path: Path) -> Iterator[str]:
    """Its address, with the repository bot/r and the token `tok` of bot."""
    program, node = MODULES / "emulate/dist/index.js", MODULES / "node/bin/node"
    if not (program.exists() and node.exists()):
        pytest.skip("emulate is not here: make npm")
    seed, port = tmp_path / "seed.yaml", _free_port()
    seed.write_text(SEED)
    words = [node, program, "start", "--service", "github", "-p", str(port), "--seed", seed]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            assert any("Ready" in line for line in iter(process.stdout.readline, ""))
            with door(port) as url:
                yield url
        finally:
            process.kill()


def client(url: str) -> GitHub:
    clock = Clock()
    return GitHub(url=url, token="tok", clock=clock.now, sleep=clock.sleep)


def facts(issue: dict[str, Any]) -> dict[str, Any]:
    """What both must agree on."""
    kept = {name: issue[name] for name in ("number", "title", "body", "state", "comments")}
    people = sorted(one["login"] for one in issue["assignees"])
    milestone = issue["milestone"]["title"] if issue["milestone"] else None
    labels = sorted(one["name"] for one in issue["labels"])
    return kept | {"assignees": people, "milestone": milestone, "labels": labels}


def play(url: str) -> list[Any]:
    """A day's work by our client, and all that it was told."""
    api, told = client(url), list[Any]()
    home = "repos/bot/r"
    told.append(api.login)
    label = api.send("POST", f"{home}/labels", {"name": "doing", "color": "0e8a16"})
    told.append((label["name"], label["color"]))
    told.append(refusal(api, f"{home}/labels", {"name": "doing"}))
    told.append(api.send("POST", f"{home}/milestones", {"title": "v1"})["number"])
    sent = {"title": "A", "body": "b", "labels": ["doing"], "assignees": ["bot"], "milestone": 1}
    told.append(facts(api.send("POST", f"{home}/issues", sent)))
    for number in range(2, 6):
        told.append(api.send("POST", f"{home}/issues", {"title": str(number)})["number"])
    told.append(refusal(api, f"{home}/issues", {"title": "x", "assignees": ["nobody"]}))
    told.append(api.send("POST", f"{home}/issues/1/comments", {"body": "hello"})["body"])
    told.append([one["name"] for one in api.send("POST", f"{home}/issues/1/labels", ["x"])])
    change = {"title": "B", "state": "closed", "state_reason": "not_planned"}
    told.append(facts(api.send("PATCH", f"{home}/issues/1", change)))
    told.append(api.get(f"{home}/issues/1")["state_reason"])
    told.append(facts(api.send("PATCH", f"{home}/issues/1", {"state": "open", "labels": []})))
    listed = list(api.pages(f"{home}/issues", state="all", per_page=2, direction="asc"))
    told.append([one["number"] for one in listed])
    told.append([one["body"] for one in api.pages(f"{home}/issues/1/comments")])
    told.append(refusal(api, f"{home}/issues/77/comments", {"body": "x"}))
    api.close()
    return told


def refusal(api: GitHub, path: str, body: dict[str, Any]) -> int:
    with pytest.raises(ForgeRefused) as caught:
        api.send("POST", path, body)
    return caught.value.status


def test_the_double_and_the_imitation_tell_the_same(imitation: str) -> None:
    """Two imitations by different authors answer our client's day of work alike."""
    store = Store()
    store.add_token("tok", "bot")
    store.add_repo("bot", "r")
    with serve(store) as double:
        assert play(double.url) == play(imitation)


def test_the_tracker_keeps_issues_there(imitation: str, tmp_path: Path) -> None:
    """Without a board, and without what takes GraphQL, such as a claim: created, found again by its
    key, commented, renamed, closed."""
    clock = Clock()
    tracker = GitHubTracker(
        url=imitation,
        owner="bot",
        repo="r",
        token="tok",
        directory=tmp_path / "kept",
        store="ab12",
        board=False,
        clock=clock.now,
        sleep=clock.sleep,
    )
    made = tracker.create(Draft(title="A", body="b", key="one"))
    assert tracker.create(Draft(title="A", body="b", key="one")).id == made.id
    tracker.comment(made.id, "hello", author="nightshift")
    assert [one.text for one in tracker.comments(made.id)] == ["hello"]
    assert tracker.update(made.id, Change(title="B")).title == "B"
    assert tracker.update(made.id, Change(state=State.CLOSED)).state is State.CLOSED
    assert [one.state for one in tracker.list()] == [State.CLOSED]
    tracker.close()
