"""`issue webhook`: registered at a GitHub, served on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.integration.issue_desk import Desk

SECRET = "0123456789abcdef0123456789abcdef"
URL = "https://agent.example/hook"
ROOT = Path(__file__).parents[2]


@dataclass(kw_only=True)
class Forge:
    """A server that keeps webhooks as GitHub does. `lose` answers of writes are never sent."""

    url: str = ""
    scopes: str | None = "repo"
    hooks: dict[int, dict[str, Any]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    hidden: bool = False
    lose: int = 0
    log: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self.log.append((method, path))
        place = path.partition("?")[0].removeprefix("/api/v3/")
        if place == "user":
            return 200, {"login": "me", "id": 1}
        if self.hidden or not place.startswith("repos/me/app/hooks"):
            return 404, {"message": "Not Found"}
        number = int(place.rpartition("/")[2]) if place[-1].isdigit() else 0
        return self._of_hooks(method, number, body)

    def _of_hooks(self, method: str, number: int, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, [self._shown(one) for one in self.hooks.values()]
        if method == "DELETE":
            del self.hooks[number]
            return 204, None
        if self.refused & set(body["events"]):
            return 422, {"message": "Validation Failed", "errors": [{"resource": "Hook"}]}
        if method == "PATCH":
            self.hooks[number].update(body)
            return 200, self._shown(self.hooks[number])
        one = {"id": 100 + len(self.hooks), "last_response": {"status": "unused"}, **body}
        self.hooks[one["id"]] = one
        return 201, self._shown(one)

    def _shown(self, hook: dict[str, Any]) -> dict[str, Any]:
        return {**hook, "config": {**hook["config"], "secret": "********"}}


@pytest.fixture
def forge() -> Iterator[Forge]:
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, content = forge.answer(self.command, self.path, body)
            if self.command in ("POST", "PATCH") and forge.lose:
                forge.lose -= 1
                self.close_connection = True
                return
            raw = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            if forge.scopes is not None:
                self.send_header("x-oauth-scopes", forge.scopes)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_DELETE = _do

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    forge.url = f"http://127.0.0.1:{server.server_port}"
    yield forge
    server.shutdown()
    server.server_close()


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    forge: Forge,
) -> Desk:
    """A project whose backend `hub` is that GitHub."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.set(GITHUB_TOKEN="ghp_" + "a" * 36, NIGHTSHIFT_WEBHOOK_SECRET=SECRET)
    place = ("--url", forge.url, "--owner", "me", "--repo", "app")
    desk.ok("backend", "add", "hub", "github", *place, "--token-source", "env:GITHUB_TOKEN")
    return desk


def register(desk: Desk, *words: str) -> Any:
    return desk.json("webhook", "register", URL, *words, "--backend", "hub")


def test_registered_once_however_often(desk: Desk, forge: Forge) -> None:
    """One hook for an address; the second time it gets the secret and events that are said."""
    first = register(desk)
    assert (first["id"], first["created"], first["active"]) == ("100", True, True)
    assert {"issues", "pull_request", "check_run", "sub_issues"} <= set(first["events"])
    other = "fedcba9876543210fedcba9876543210"
    desk.set(OTHER_SECRET=other)
    again = register(desk, "--secret-env", "OTHER_SECRET", "--events", "issue.created")
    assert (again["id"], again["created"], again["events"]) == ("100", False, ["issues"])
    [kept] = forge.hooks.values()
    assert kept["config"] == {
        "url": URL, "content_type": "json", "insecure_ssl": "0", "secret": other,
    }  # fmt: skip


def test_c32_the_words_of_the_guide(desk: Desk, forge: Forge) -> None:
    """C32: register with events, list, remove."""
    words = ("webhook", "register", "http://agent.example.com/hook")
    told = desk.ok(*words, "--events=issue.created,issue.updated", "--backend", "hub")
    assert told.out == "Webhook 100 is registered\n"
    assert "Not https" in told.err
    [listed] = desk.json("webhook", "list", "--backend", "hub")
    assert listed == {
        "id": "100",
        "url": "http://agent.example.com/hook",
        "events": ["issues", "label", "milestone"],
        "active": True,
        "last_delivery": "unused",
    }
    assert "http://agent.example.com/hook" in desk.ok("webhook", "list", "--backend", "hub").out
    assert desk.json("webhook", "remove", "100", "--backend", "hub")["removed"] is True
    assert forge.hooks == {}
    assert desk.run("webhook", "remove", "100", "--backend", "hub").code == 1


def test_the_secret_is_never_shown(desk: Desk, forge: Forge) -> None:
    """In no output; one that is missing, short or on the command line is refused unrepeated."""
    told = desk.ok("webhook", "register", URL, "--backend", "hub", "--json")
    assert SECRET not in told.out + told.err
    assert desk.run("webhook", "register", URL, "--secret-env", SECRET).code == 2
    for words in (("register", URL, "--backend", "hub"), ("serve",)):
        refused = desk.run("webhook", *words, "--secret-env", "NOT_SET_AT_ALL")
        assert (refused.code, "openssl rand" in refused.err) == (2, True)
        desk.set(SHORT_ONE="swordfish")
        short = desk.run("webhook", *words, "--secret-env", "SHORT_ONE")
        assert (short.code, "swordfish" in short.err) == (2, False)
        mistaken = desk.run("webhook", *words, "--secret-env", SECRET)
        assert (mistaken.code, SECRET in mistaken.err) == (2, False)


def test_an_older_server_gets_what_it_knows(desk: Desk, forge: Forge) -> None:
    """Events that a server refuses are left out; those that a person named are not."""
    forge.refused = frozenset({"sub_issues", "issue_dependencies"})
    assert "sub_issues" not in register(desk)["events"]
    words = ("webhook", "register", URL, "--events", "sub_issues", "--backend", "hub")
    assert desk.run(*words).code != 0


def test_a_lost_answer_makes_no_second_hook(desk: Desk, forge: Forge) -> None:
    """Registered, and the connection broke: it is found again, and there is one."""
    forge.lose = 1
    assert register(desk)["id"] == "100"
    assert len(forge.hooks) == 1
    assert [method for method, _ in forge.log].count("POST") == 1


def test_a_token_that_may_not(desk: Desk, forge: Forge) -> None:
    """Exit code 5 and the way out: a missing scope before anything is asked for, and a 404, which
    is what GitHub says to who does not administer the repository."""
    forge.scopes = "read:org, notifications"
    told = desk.run("webhook", "register", URL, "--backend", "hub")
    assert (told.code, forge.hooks) == (5, {})
    assert "gh auth refresh -s admin:repo_hook" in told.err
    forge.scopes, forge.hidden = None, True
    told = desk.run("webhook", "list", "--backend", "hub")
    assert told.code == 5
    assert "administers the repository" in told.err


@pytest.mark.parametrize(
    "url", ["agent.example/hook", "ftp://a.example/", "https://me:pw@a.example/", "https://", "x y"]
)
def test_an_address_that_is_none(desk: Desk, url: str) -> None:
    """Refused before anybody is asked, without repeating a password."""
    told = desk.run("webhook", "register", url, "--backend", "hub")
    assert (told.code, "me:pw" in told.err) == (2, False)


def test_an_event_that_is_none(desk: Desk) -> None:
    """The nearest known is named."""
    told = desk.run("webhook", "register", URL, "--events", "issue.create", "--backend", "hub")
    assert told.code == 2
    assert "issue.created" in told.err


def test_backends_that_have_no_hooks_here(desk: Desk) -> None:
    """A local board has none, and a Gitea's are managed there."""
    told = desk.run("webhook", "list", "--backend", "local")
    assert told.code == 2
    assert "sends no webhooks" in told.err
    place = ("--url", "https://git.example.com", "--owner", "me", "--repo", "app")
    desk.ok("backend", "add", "tea", "gitea", *place)
    told = desk.run("webhook", "register", URL, "--backend", "tea")
    assert told.code == 2
    assert "issue webhook serve --scheme gitea" in told.err


Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(desk: Desk) -> Iterator[Serve]:
    """Starts `issue webhook serve`; whatever still runs at the end is ended."""
    with ExitStack() as stack:

        def started(*words: str) -> subprocess.Popen[str]:
            process = stack.enter_context(desk.start("webhook", "serve", *words))
            stack.callback(process.kill)
            return process

        yield started


def address_of(process: subprocess.Popen[str]) -> str:
    """Where it says that it listens."""
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://\S+/", line)
    assert found, line + process.stderr.read()
    return found[0]


def deliver(address: str, payload: Any, name: str) -> int:
    raw = json.dumps(payload).encode()
    code = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": name,
        "X-Hub-Signature-256": f"sha256={code}",
    }
    with urllib.request.urlopen(urllib.request.Request(address, raw, headers), timeout=30) as told:
        return int(told.status)


def _is_heard(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=30) as told:
            return bool(told.status == 200)
    except urllib.error.URLError:
        return False


NEWS = {"issue": {"number": 7}, "repository": {"full_name": "me/app"}}


def test_serve_wakes_and_tells(desk: Desk, serve: Serve) -> None:
    """A delivery is a line and another text in `.nightshift/wake`; Ctrl-C is no error; what was
    taken is still known to the next one."""
    wake = desk.project / ".nightshift" / "wake"
    process = serve("--port", "0")
    address = address_of(process)
    assert deliver(address, NEWS, "d-1") == 202
    assert process.stdout is not None
    assert process.stdout.readline().endswith("Z  issues me/app#7\n")
    rung = wake.read_text()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "Stopped.\n")
    process = serve("--port", "0")
    address = address_of(process)
    assert deliver(address, NEWS, "d-2") == 200
    assert wake.read_text() == rung


def test_serve_for_programs(serve: Serve) -> None:
    """With --json a line is a document, as docs/webhooks.md shows it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = serve("--port", str(port), "--json")
    address = f"http://127.0.0.1:{port}/"
    while not _is_heard(address):
        assert process.poll() is None
    assert deliver(address, NEWS, "d-1") == 202
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    page = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
    shown = json.loads(page.split("```json")[1].split("```")[0])
    assert set(line) == set(shown)
    assert {**line, "at": ""} == {
        "at": "", "kind": "issues", "repository": "me/app", "issue": "7", "delivery": "d-1",
    }  # fmt: skip
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_reader_that_leaves_ends_it(serve: Serve) -> None:
    """`issue webhook serve | head -1` ends with the pipe, without a traceback."""
    process = serve("--port", "0")
    address = address_of(process)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with suppress(OSError):  # cut off
        deliver(address, NEWS, "d-1")
    assert process.wait(60) == 1
    assert "Traceback" not in process.stderr.read()


def test_a_port_in_use(desk: Desk, serve: Serve) -> None:
    """Exit code 2, and what to choose instead."""
    process = serve("--port", "0")
    address = address_of(process)
    port = address.rstrip("/").rpartition(":")[2]
    told = desk.run("webhook", "serve", "--port", port)
    assert (told.code, "--port" in told.err) == (2, True)
