"""From an issue on a GitHub to the bell of a project: registered, signed, delivered, taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.forge.github import GitHub
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from tests.integration.issue_desk import Desk

TOKEN = "ghp_" + "t" * 36


@pytest.fixture
def double() -> Iterator[Double]:
    store = Store()
    store.add_token(TOKEN, "bot", scopes=frozenset({"repo"}))
    store.add_repo("bot", "game")
    with serve(store) as double:
        yield double


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    double: Double,
) -> Desk:
    """A project whose backend `hub` is the double."""
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.set(GITHUB_TOKEN=TOKEN, NIGHTSHIFT_WEBHOOK_SECRET="0123456789abcdef0123456789abcdef")
    place = ("--url", double.url, "--owner", "bot", "--repo", "game")
    desk.ok("backend", "add", "hub", "github", *place, "--token-source", "env:GITHUB_TOKEN")
    return desk


def test_an_issue_rings_the_bell(desk: Desk, double: Double) -> None:
    """The ping of a new hook is taken and is no news; an issue is; the same delivery sent again
    is known; and GitHub is told so each time."""
    with ExitStack() as stack:
        process = stack.enter_context(desk.start("webhook", "serve", "--port", "0"))
        stack.callback(process.kill)
        assert process.stderr is not None
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stderr.readline())
        assert found
        wake = desk.project / ".nightshift" / "wake"
        words = ("webhook", "register", found[0], "--backend", "hub", "--json")
        hook_id = desk.ok(*words).value["id"]
        double.settle()
        assert not wake.exists()
        api = stack.enter_context(_Client(double))
        api.send("POST", "repos/bot/game/issues", {"title": "One"})
        double.settle()
        assert re.search(r"Z  issues bot/game#1\n$", process.stdout.readline())
        rung = wake.read_text()
        deliveries = f"repos/bot/game/hooks/{hook_id}/deliveries"
        [newest, ping] = api.pages(deliveries)
        assert (newest["status_code"], ping["event"], ping["status_code"]) == (202, "ping", 202)
        api.send("POST", f"{deliveries}/{newest['id']}/attempts")
        double.settle()
        assert next(api.pages(deliveries))["status_code"] == 200
        assert wake.read_text() == rung
        assert desk.ok(*words).value["created"] is False


class _Client(GitHub):
    """Another program at the same GitHub, for which waiting takes no time."""

    def __init__(self, double: Double) -> None:
        self._now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        super().__init__(url=double.url, token=TOKEN, clock=lambda: self._now, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
