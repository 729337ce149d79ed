"""What has landed gets to the remote, a silent remote keeps nobody waiting, a refusal is known."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from framework.domain.merge import Held, Merged
from framework.workspaces import origin
from tests.integration.hubs import NOBODY, House, commit, git, make_issue
from tests.integration.remotes import ENVIRONMENT, Remote, connected, push

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[House, Remote]:
    return connected(tmp_path)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def reopened(house: House, **options: object) -> None:
    """As a run that starts again."""
    house.lander = house.open_lander(environment=ENVIRONMENT, **options)


async def landed_here(house: House, *numbers: str, **options: object) -> None:
    """Land with --no-push, and start again without it."""
    reopened(house, push=False, **options)
    for number in numbers:
        assert isinstance(await house.land(number, {f"f{number}": "1\n"}), Merged)
    assert await house.lander.publish() is None
    reopened(house, **options)
    await house.lander.refresh()


async def test_what_landed_without_a_push_is_pushed_by_the_next_start(
    pair: tuple[House, Remote],
) -> None:
    """Landed with --no-push, nothing left to do: the remote has it after the start all the same,
    and after an end that nobody pushed for."""
    house, remote = pair
    await landed_here(house, "1", "2")
    assert remote.landings() == []
    assert await house.lander.held() is None
    assert remote.tip == house.hub.tip()
    assert len(remote.landings()) == 2
    await landed_here(house, "3")
    assert await house.lander.publish() is None
    assert remote.tip == house.hub.tip()


async def test_a_persons_own_commits_are_theirs_to_push(pair: tuple[House, Remote]) -> None:
    """Without a landing on the way, nothing of theirs leaves their machine."""
    house, remote = pair
    before = remote.tip
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    assert await house.lander.deliver() is None
    landed = remote.tip
    commit(house.project, {"mine": "1\n"})
    await house.lander.refresh()
    assert await house.lander.held() is None
    assert remote.tip == landed != before


async def test_what_others_pushed_meanwhile_is_tested_with_it(pair: tuple[House, Remote]) -> None:
    """A merge with a colleague's commits that would break the project's checks stays here and is
    told; one that would not is pushed."""
    house, remote = pair
    checks = ("test ! -e f1 || test ! -e theirs || test -e mended",)
    theirs = push(remote.clone(), {"theirs": "1\n"})
    await landed_here(house, "1", checks=checks)
    found = await house.lander.held()
    assert found is not None
    assert (remote.tip, found.wait is None) == (theirs, False)
    assert "would fail" in found.why
    push(house.root / "colleague", {"mended": "1\n"})
    assert await house.lander.publish() is None
    assert remote.tip == house.hub.tip()
    assert house.files(remote.tip) == ["a", "f1", "mended", "theirs"]


async def test_a_remote_that_is_away_is_told_to_be_behind(pair: tuple[House, Remote]) -> None:
    """The end of a run says that it is, by how many commits, and that the next run pushes them."""
    house, remote = pair
    await landed_here(house, "1")
    remote.path.rename(house.root / "elsewhere")
    found = await house.lander.publish()
    assert isinstance(found, Held)
    assert "main of origin is 2 commits behind" in found.why
    assert "the next run pushes it" in found.why
    (house.root / "elsewhere").rename(remote.path)
    assert await house.lander.publish() is None
    assert remote.tip == house.hub.tip()


async def test_a_push_whose_answer_was_lost_is_found(pair: tuple[House, Remote]) -> None:
    """As a kill right after it leaves it: the remote has all, and the hub learns of it."""
    house, remote = pair
    await landed_here(house, "1")
    house.in_hub("push", "--quiet", f"file://{remote.path}", "main")
    assert await house.lander.publish() is None
    await house.lander.refresh()
    assert await house.lander.held() is None
    assert remote.landings() == ["Land issue 1: Issue 1"]
    assert isinstance(await house.land("2", {"d": "1\n"}), Merged)


async def test_a_refusal_is_known_before_the_next_session(pair: tuple[House, Remote]) -> None:
    """A hook refuses the first landing: the next start says so and when, until the person says
    --push, and a push that is taken ends it; nor does it speak of another address."""
    house, remote = pair
    remote.hook("pre-receive", "echo 'GH006: Protected branch' >&2\nexit 1")
    assert await house.lander.held() is None
    assert isinstance(await house.land("1", {"c": "1\n"}), Held)
    reopened(house)
    found = await house.lander.held()
    assert found is not None
    assert found.wait is None
    for words in ("refused the last landing", "GH006", "--push"):
        assert words in found.why
    address = git(house.project, "remote", "get-url", "origin")
    git(house.project, "remote", "set-url", "origin", f"{address}/")
    reopened(house)
    assert await house.lander.held() is None
    git(house.project, "remote", "set-url", "origin", address)
    (remote.path / "hooks" / "pre-receive").unlink()
    reopened(house, push=True)
    assert await house.lander.held() is None
    assert isinstance(await house.land("1", {"c": "1\n"}), Merged)
    reopened(house)
    assert await house.lander.held() is None


async def test_a_refusal_is_tried_again_with_what_has_landed(pair: tuple[House, Remote]) -> None:
    """Where something is there to push, a start asks the remote itself, with a real push, and
    what it answers counts."""
    house, remote = pair
    remote.hook("pre-receive", "exit 1")
    await landed_here(house, "1")
    for _ in range(2):
        found = await house.lander.held()
        assert found is not None
        assert found.wait is None
        assert "2 commits behind" in found.why
        assert "refuses" in found.why
        reopened(house)
    (remote.path / "hooks" / "pre-receive").unlink()
    assert await house.lander.held() is None
    assert remote.tip == house.hub.tip()


@pytest.mark.parametrize("scheme", ["http", "git"])
async def test_a_silent_remote_is_away(
    pair: tuple[House, Remote],
    silent: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    """One that accepts and never answers is told at the limit of a look, not of a push, and is
    asked once in a start."""
    house, _ = pair
    monkeypatch.setattr(origin, "_LOOK_SECONDS", 1.0)
    address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/origin.git"
    git(house.project, "remote", "set-url", "origin", address)
    (said,) = await house.lander.refresh()
    assert "longer than 1 s" in said
    found = await house.lander.held()
    assert found is not None
    assert found.wait is not None
    assert found.why == said
    silent.accept()[0].close()
    silent.setblocking(False)
    with pytest.raises(BlockingIOError):
        silent.accept()


async def test_a_cancelled_look_ends_at_once(
    pair: tuple[House, Remote], silent: socket.socket
) -> None:
    """An interrupt does not wait for a silent remote, and nobody hears that this one is away."""
    house, _ = pair
    address = f"git://127.0.0.1:{silent.getsockname()[1]}/origin.git"
    git(house.project, "remote", "set-url", "origin", address)
    heard: list[tuple[str, ...]] = []

    async def listen() -> None:
        heard.append(await house.lander.refresh())

    with anyio.fail_after(8):  # a look takes ten seconds
        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            caller, _ = await anyio.to_thread.run_sync(silent.accept)
            group.cancel_scope.cancel()
    with caller:
        while caller.recv(4096):
            pass  # what git asked before it was killed
    assert heard == []


async def test_a_cancelled_push_ends_at_once(pair: tuple[House, Remote]) -> None:
    """An interrupt kills the push in the remote's hook; the landing is not there, nothing stays
    locked, and it lands with the next try."""
    house, remote = pair
    before, begun = remote.tip, house.root / "begun"
    os.mkfifo(begun)
    remote.hook("pre-receive", f"echo > {begun}\nexec sleep 1000")
    issue = make_issue("1")
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"})
        with anyio.fail_after(60):  # a push takes three minutes
            async with anyio.create_task_group() as group:
                group.start_soon(house.lander.land, workspace, issue, NOBODY)
                await anyio.to_thread.run_sync(begun.read_text)
                group.cancel_scope.cancel()
        assert remote.tip == house.hub.tip() == before
        (remote.path / "hooks" / "pre-receive").unlink()
        assert isinstance(await house.lander.land(workspace, issue, NOBODY), Merged)
    assert remote.tip == house.hub.tip()
