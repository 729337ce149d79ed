"""A foreign client: GitHub's own `gh` works with the double, over the words that it sends."""

from __future__ import annotations

import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from framework.rehearsal.github import schema
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from tests.integration.double_hub import MISSING, PLACE

PROGRAM = Path(sys.prefix) / "bin" / "gh"
pytestmark = [
    pytest.mark.skipif(not schema.installed(PLACE), reason=MISSING),
    pytest.mark.skipif(not PROGRAM.exists(), reason="pip install -r requirements-dev.txt"),
]
Gh = Callable[..., str]


@pytest.fixture
def double() -> Iterator[Double]:
    store = Store()
    store.add_token("ghp_ada", "ada")
    repo = store.add_repo("ada", "shop")
    store.add_issue(repo, "ada", "First", "words")
    with serve(store) as double:
        yield double


@pytest.fixture
def gh(double: Double, tmp_path: Path) -> Iterator[Gh]:
    """Runs `gh`, which speaks plain HTTP on a Unix socket only, and returns what it printed."""
    place = tmp_path / "gh.sock"
    env = {
        "HOME": str(tmp_path),
        "GH_CONFIG_DIR": str(tmp_path / "config"),
        "GH_HOST": "forge.test",
        "GH_ENTERPRISE_TOKEN": double.token,
        "GH_PROMPT_DISABLED": "1",
    }

    def run(*words: str) -> str:
        done = subprocess.run(
            [PROGRAM, *words], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    port = int(double.url.rsplit(":", 1)[1])
    with _Door(str(place), port) as door:
        thread = threading.Thread(target=door.serve_forever, args=(0.05,))
        thread.start()
        run("config", "set", "http_unix_socket", str(place))
        yield run
        door.shutdown()
        thread.join()


class _Door(socketserver.ThreadingUnixStreamServer):
    """A Unix socket in front of a port of this machine."""

    def __init__(self, place: str, port: int) -> None:
        super().__init__(place, _Passage)
        self.port = port


class _Passage(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Door)
        with socket.create_connection(("127.0.0.1", self.server.port)) as far:
            back = threading.Thread(target=_pump, args=(far, self.request))
            back.start()
            _pump(self.request, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):  # The other side has gone.
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_gh_works_on_issues(gh: Gh, double: Double) -> None:
    """Listed, shown, made, commented, edited, closed and reopened."""
    repo = ("-R", "forge.test/ada/shop")
    assert "First" in gh("issue", "list", *repo)
    assert "words" in gh("issue", "view", "1", *repo)
    gh("issue", "create", *repo, "--title", "Second", "--body", "more", "--label", "bug")
    gh("issue", "comment", "1", *repo, "--body", "said")
    gh("issue", "edit", "1", *repo, "--title", "New", "--add-label", "question")
    gh("issue", "close", "1", *repo, "--reason", "not planned")
    (shop,) = double.store.repos.values()
    first, second = shop.issues.values()
    assert (first.title, first.labels, first.state_reason) == ("New", ["question"], "not_planned")
    assert (second.title, second.labels) == ("Second", ["bug"])
    assert [one.body for one in shop.comments.values()] == ["said"]
    gh("issue", "reopen", "1", *repo)
    assert first.state == "open"


def test_gh_works_on_boards(gh: Gh, double: Double) -> None:
    """Made, linked, given a field and cards, a status set, a card archived and one deleted."""
    own = ("1", "--owner", "ada")
    gh("project", "create", "--owner", "ada", "--title", "Board")
    gh("project", "link", *own, "--repo", "ada/shop")
    gh("project", "field-create", *own, "--name", "Agent", "--data-type", "TEXT")
    assert "Agent" in gh("project", "field-list", *own)
    gh("project", "item-add", *own, "--url", "https://forge.test/ada/shop/issues/1")
    gh("project", "item-create", *own, "--title", "Idea")
    assert "First" in gh("project", "item-list", *own)
    (board,) = double.store.projects.values()
    status = next(one for one in board["fields"] if one["name"] == "Status")
    card, draft = board["items"]
    gh(
        *("project", "item-edit", "--project-id", board["id"], "--id", card["id"]),
        *("--field-id", status["id"], "--single-select-option-id", "98236657"),
    )
    assert card["values"][status["id"]]["singleSelectOptionId"] == "98236657"
    gh("project", "item-archive", *own, "--id", card["id"])
    gh("project", "item-delete", *own, "--id", draft["id"])
    assert [one["archived"] for one in board["items"]] == [True]
