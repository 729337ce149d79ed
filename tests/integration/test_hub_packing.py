"""The hub is packed when it has many objects, and nobody who borrows from it notices."""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path

import pytest

from framework.domain.errors import GitFailed
from framework.domain.merge import Merged
from framework.workspaces.hub import Hub
from framework.workspaces.objects import identify
from framework.workspaces.packed import PackedObjects
from framework.workspaces.packing import MANY, about, pack
from framework.workspaces.standing import Standing
from tests.integration.hubs import NOBODY, House, commit, git, make_issue

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start={"a": "one\n", "sub/b": "two\n"})


def loose(hub: Hub) -> set[str]:
    return {one.parent.name + one.name for one in hub.objects.glob("[0-9a-f][0-9a-f]/*")}


def all_objects(house: House) -> set[str]:
    rows = house.in_hub("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return set(rows.split())


def fill(hub: Hub, number: int) -> None:
    """Write blobs until that many are in the directory by which objects are estimated."""
    texts = (f"{one}".encode() for one in count())
    sampled = (text for text in texts if identify("blob", text).startswith("17"))
    for text in islice(sampled, number):
        hub.store.write("blob", text)


async def test_nothing_that_is_borrowed_is_lost(house: House) -> None:
    """A clone that is worked in, rescued work and what no ref leads to are all there afterwards,
    and what is in the clone lands."""
    await house.land("1", {"c": "1\n"})
    async with house.workspaces.open(make_issue("3"), 1) as workspace:
        commit(workspace.directory, {"saved": "3\n"})
    stray = house.hub.store.write("blob", b"no ref leads here")
    async with house.workspaces.open(make_issue("2"), 1) as workspace:
        before = all_objects(house)
        assert pack(house.hub, many=0)
        assert all_objects(house) == before
        assert stray in loose(house.hub)
        assert len(loose(house.hub)) < len(before) / 2
        git(workspace.directory, "fsck", "--strict", "--no-dangling")
        commit(workspace.directory, {"sub/b": "2\n", "c": "2\n"})
        assert isinstance(await house.lander.land(workspace, make_issue("2"), NOBODY), Merged)
    (rescue,) = house.rescues
    assert house.text(rescue.commit, "saved") == "3"
    assert house.text(house.hub.tip(), "c") == "2"


async def test_a_few_objects_are_left_alone(house: House) -> None:
    """A run of a small project starts no process for this."""
    assert about(house.hub) < MANY
    assert not pack(house.hub)
    assert not list(house.hub.objects.glob("pack/*.pack"))


async def test_a_start_packs_what_has_become_much(house: House) -> None:
    """It is the start of a run that does it, when nobody else has work there."""
    fill(house.hub, MANY // 256)
    async with house.workspaces.open(make_issue("1"), 1):
        await house.workspaces.recover(frozenset())
        assert not list(house.hub.objects.glob("pack/*.pack")), "somebody works there"
    await house.workspaces.recover(frozenset())
    assert list(house.hub.objects.glob("pack/*.pack"))


async def test_what_is_packed_is_read_as_before(house: House) -> None:
    """Kinds, sizes and contents are those of before; one process answers for all."""
    names = sorted(all_objects(house))
    before = [house.hub.store.read(name) for name in names]
    assert pack(house.hub, many=0)
    hub = house.open_hub()
    assert not loose(hub)
    for name, whole in zip(names, before, strict=True):
        assert whole is not None
        assert hub.store.read(name) == whole
        assert hub.store.measure(name) == (whole[0], len(whole[1]))


async def test_what_is_not_there_is_not_read(house: House) -> None:
    """Neither an unknown name nor one that would be two questions gets an answer, or disturbs
    the next one."""
    packed, tip = PackedObjects(house.hub.git), house.hub.tip()
    whole = packed.read(tip)
    assert whole is not None
    for name in ("1" * 40, f"{tip}\ninfo {tip}", "HEAD", tip[:10], ""):
        assert packed.read(name) is None
        assert packed.measure(name) is None
    assert packed.read(tip) == whole


async def test_another_process_answers_where_one_has_died(house: House) -> None:
    """Whoever kills it costs us one start."""
    standing = Standing(house.hub.git, "cat-file", "--batch-command")
    question, tip = f"info {house.hub.tip()}\n".encode(), house.hub.tip().encode()
    assert standing.ask(question, lambda said: said.endswith(b"\n")).startswith(tip)
    first = standing._process
    assert first is not None
    first.kill()
    first.wait()
    assert standing.ask(question, lambda said: said.endswith(b"\n")).startswith(tip)


async def test_a_process_that_ends_instead_of_answering_is_said(house: House) -> None:
    """And is not waited for."""
    standing = Standing(house.hub.git, "cat-file", "--no-such-option")
    with pytest.raises(GitFailed, match="gave no answer"):
        standing.ask(b"", lambda said: False)
