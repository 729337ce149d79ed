"""What a run measures with one process for all is what git says of each attempt."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.domain.facts import Work
from framework.domain.merge import Merged
from framework.workspaces import history
from framework.workspaces.measure import measure
from framework.workspaces.measures import Measures
from tests.integration.hubs import NOBODY, House, commit, git, make_issue

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, start={"a": "one\ntwo\n", "b": "two\n"})


async def landed(house: House, *steps: dict[str, str]) -> tuple[Work, Work]:
    """What is measured of an attempt with these commits: ours, and git's own."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        for files in steps:
            commit(workspace.directory, files)
        landing = await house.lander.land(workspace, make_issue(), NOBODY)
    assert isinstance(landing, Merged)
    ours = Measures(house.hub).measure("1", 1, landing.proof)
    return ours, measure(house.hub.path, "1", 1, merge=landing.proof.commit)


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        (({"c": "1\n2\n"},), 2),
        (({"a": "one\n2\n", "sub/c": "x\n"}, {"sub/c": "y\nz\n", "b": ""}), 7),
        (({"binary": "\0\0", "an odd é": "1\n"},), 1),
        (({}, {"c": "1\n"}), 1),
    ],
)
async def test_one_process_counts_as_git_does(
    house: House, steps: tuple[dict[str, str], ...], lines: int
) -> None:
    """Changed, new, binary and oddly named files, several commits, and an empty one."""
    await house.land("9", {"other": "x\n"})
    ours, gits = await landed(house, *steps)
    assert ours == gits
    assert (ours.commits, ours.lines) == (len(steps), lines)


async def test_a_row_of_commits_is_what_git_lists(house: House) -> None:
    """The latest first, with the trees and words of git's own log."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        commit(workspace.directory, {"c": "1\n"}, "Grüße\n\nund mehr")
        head = commit(workspace.directory, {"c": "2\n"}, "more")
        await house.workspaces.inspect(workspace)
        row = history.row(house.hub, house.hub.tip(), head)
    said = house.in_hub("log", "--format=%H %T %P", head, f"^{house.hub.tip()}").split("\n")
    assert [f"{one.commit} {one.tree} {' '.join(one.parents)}" for one in row] == said
    assert "Ada ada@example.org Ada ada@example.org\nGrüße\n\nund mehr" in row[1].words


@pytest.mark.parametrize("how", ["merge", "encoding", "long"])
async def test_what_is_unusual_is_left_to_git(house: House, how: str) -> None:
    """A merge, another encoding, and more commits than are worth it."""
    async with house.workspaces.open(make_issue(), 1) as workspace:
        clone = workspace.directory
        commit(clone, {"c": "1\n"})
        if how == "encoding":
            options = ("-c", "i18n.commitEncoding=ISO-8859-1")
            git(clone, *options, "commit", "--quiet", "--allow-empty", "-m", "x")
        elif how == "merge":
            git(clone, "checkout", "--quiet", "-b", "side", "HEAD^")
            commit(clone, {"d": "1\n"})
            git(clone, "checkout", "--quiet", "-")
            git(clone, "merge", "--quiet", "--no-edit", "side")
        else:
            for _ in range(40):
                git(clone, "commit", "--quiet", "--allow-empty", "-m", "x")
        head = git(clone, "rev-parse", "HEAD")
        await house.workspaces.inspect(workspace)
        assert house.hub.kind(head) == "commit"
        assert history.row(house.hub, house.hub.tip(), head) == ()
