"""What lands in the history: the agent's own commits are looked at, not only their result."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.domain.merge import Merged, Refused
from tests.integration.hubs import NOBODY, House, commit, git, make_issue

pytestmark = pytest.mark.anyio
TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start={"a": "one\n", "b": "two\n"})


def take_out(directory: Path, path: str) -> None:
    git(directory, "rm", "--quiet", path)
    commit(directory, {"c": "1\n"}, "take it out")


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("s.txt", TOKEN, "holds a token of GitHub's"),
        (".env", "A=1\n", "is a file for secrets"),
        ("big.bin", "x" * 6_000_000, "has 5.7 MB"),
        (f"{TOKEN}.txt", "x", "a path holds a token of GitHub's"),
    ],
)
async def test_what_was_taken_out_again_does_not_land(
    house: House, path: str, text: str, why: str
) -> None:
    """The tree is clean, the history would not be: the target stays, and the commit is named."""
    before, issue = house.hub.tip(), make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        bad = commit(workspace.directory, {path: text})
        take_out(workspace.directory, path)
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Refused)
    assert [one for one in landing.reasons if bad[:10] in one and why in one], landing.reasons
    assert "git reset --soft" in landing.reasons[0]
    assert house.hub.tip() == before


async def test_a_message_is_looked_at(house: House) -> None:
    """It is as public as a file."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": "1\n"}, f"use {TOKEN}")
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Refused)
    assert "its message holds a token of GitHub's" in landing.reasons[0]


async def test_a_secret_in_a_long_file_is_found(house: House) -> None:
    """Whatever is small enough to land is looked at."""
    issue = make_issue()
    async with house.workspaces.open(issue, 1) as workspace:
        commit(workspace.directory, {"c": f"{TOKEN}\n" + "x\n" * 2_000_000})
        landing = await house.lander.land(workspace, issue, NOBODY)
    assert isinstance(landing, Refused)
    assert "holds a token" in landing.reasons[0]


async def test_what_the_target_has_is_not_the_agents(house: House) -> None:
    """A merge of the target brings its large files along, and lands; so does what is put right
    in the way that the refusal says."""
    first, second = make_issue("1"), make_issue("2")
    async with house.workspaces.open(second, 1) as late:
        commit(late.directory, {"s.txt": TOKEN})
        take_out(late.directory, "s.txt")
        async with house.workspaces.open(first, 1) as workspace:
            commit(workspace.directory, {"d": "1\n"})
            assert isinstance(await house.lander.land(workspace, first, NOBODY), Merged)
        git(late.directory, "fetch", "--quiet", str(house.hub.path), "main")
        git(
            late.directory,
            "reset",
            "--soft",
            git(late.directory, "merge-base", "HEAD", "FETCH_HEAD"),
        )
        git(late.directory, "commit", "--quiet", "-m", "anew")
        git(late.directory, "merge", "--quiet", "-m", "join", "FETCH_HEAD")
        landing = await house.lander.land(late, second, NOBODY)
    assert isinstance(landing, Merged), landing
    assert TOKEN not in house.in_hub("log", "-p", "main")
