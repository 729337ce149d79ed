"""A glance at a clone sees what git sees there, and says so when it does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.workspaces.attempt import Attempt, of
from framework.workspaces.glance import differing
from tests.integration.hubs import House, git, make_issue

pytestmark = pytest.mark.anyio
START = {"a": "one\n", "sub/b": "two\n", "sub/deep/c": "three\n", "run": "x\n"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start=START)


def rewrite_unseen(clone: Path) -> None:
    """As many bytes as before, and the time of before."""
    path = clone / "a"
    status = path.stat()
    path.write_text("two\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def swap(clone: Path) -> None:
    (clone / "other").write_text("swp\n")
    os.rename(clone / "other", clone / "a")


def link(clone: Path) -> None:
    (clone / "a").unlink()
    (clone / "a").symlink_to("run")


def same_again(clone: Path) -> None:
    (clone / "a").write_text("one\n")


def inner(clone: Path) -> None:
    (clone / "inner" / ".git").mkdir(parents=True)
    (clone / "inner" / ".git" / "HEAD").write_text("x")


def empty(clone: Path) -> None:
    (clone / "nothing" / "here").mkdir(parents=True)


CASES: list[tuple[Callable[[Path], object], set[str]]] = [
    (lambda clone: None, set()),
    (lambda clone: (clone / "a").write_text("other\n"), {"a"}),
    (rewrite_unseen, {"a"}),
    (swap, {"a"}),
    (link, {"a"}),
    (same_again, set()),
    (lambda clone: (clone / "a").unlink(), {"a"}),
    (lambda clone: (clone / "run").chmod(0o755), {"run"}),
    (lambda clone: (clone / "sub" / "é\n").write_text("x"), {"sub/é\n"}),
    (inner, {"inner/.git/HEAD"}),
    (empty, set()),
    (lambda clone: os.rename(clone / "sub", clone / "bus"),
     {"sub/b", "sub/deep/c", "bus/b", "bus/deep/c"}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "seen"), CASES)
async def test_every_change_is_seen(
    house: House, change: Callable[[Path], object], seen: set[str]
) -> None:
    """Also one that hides behind its old time and size; what is as before does not count."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        change(workspace.directory)
        assert differing(workspace.directory, of(workspace).index) == seen


async def test_an_index_of_another_kind_is_left_to_git(house: House) -> None:
    """Another version, sides of a merge, what is to be overlooked, and no index at all."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        one: Attempt = of(workspace)
        clone = workspace.directory
        git(clone, "update-index", "--assume-unchanged", "a")
        assert differing(clone, clone / ".git" / "index") is None
        git(clone, "update-index", "--no-assume-unchanged", "a")
        git(clone, "update-index", "--index-version", "4")
        assert differing(clone, clone / ".git" / "index") is None
        assert differing(clone, one.directory / "none") is None
        (clone / "cut").write_bytes(one.index.read_bytes()[:100])
        assert differing(clone, clone / "cut") is None


async def test_much_that_is_new_is_left_to_git(house: House) -> None:
    """What programs have made by the hundred is mostly ignored, which git knows better."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        for number in range(100):
            (workspace.directory / f"{number}.o").write_text("x")
        assert differing(workspace.directory, of(workspace).index) is None
