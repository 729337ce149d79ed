"""Every effect of a run, killed just before and just after: the last run ends as if undisturbed."""

from __future__ import annotations

import ast
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from framework.effect import EFFECTS

from ..theatre import ROOT, Theatre, planned, script, theatre, turns

_LATER = {"push", "outbox", "propose", "branch", "pull", "merge", "keep", "board"}
"""Reached where there is an origin, a tracker that is away, a forge's board, or where landings are
pull requests: killed in tests of their own."""
DRAFT = [{"write": {"path": "draft.txt", "text": "half\n"}}, {"bash": "git stash -q -u"}]
PLAY = script(
    [planned("alpha"), planned("beta"), planned("gamma", depends_on=["alpha"])],
    beta=turns("beta.txt", before=DRAFT),
)
"""The draft is never committed, so that there is something to rescue."""


_MENDED = {"fetch", "rescue", "tidy", "deliver", "comment"}
"""What was not done of these, the next run does before all else and in a way of its own. The others
it comes to as the first one did, so that it can be killed after what that one was killed before."""


def _deaths() -> list[tuple[str, ...]]:
    """Where one run after the other is killed: each point is in one of them."""
    usual = [one for one in EFFECTS if one not in _LATER]
    return [
        *((f"{one}:before", f"{one}:after") for one in usual if one not in _MENDED),
        *((f"{one}:{when}",) for one in sorted(_MENDED) for when in ("before", "after")),
    ]


@pytest.mark.parametrize("deaths", _deaths(), ids=" ".join)
def test_kills_there_lose_and_double_nothing(deaths: tuple[str, ...], tmp_path: Path) -> None:
    """After a kill at the point, or in one run before an effect and in the next one after it, and
    one more run: each issue once, landed once, told once."""
    with theatre(tmp_path, PLAY) as stage:
        if not {"plan:before", "journal:before"} & set(deaths):
            stage.hand_in(PLAY)
        for point in deaths:
            killed = _run_to_death(stage, point)
            assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
        ran = stage.run("--concurrent", "2")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        _ends_undisturbed(stage)


@pytest.mark.parametrize("point", ["outbox:before", "outbox:after"])
def test_a_kill_while_the_tracker_is_away_loses_and_doubles_nothing(
    point: str, tmp_path: Path
) -> None:
    """What could not be told yet, and what was just being kept, is told by the next run."""
    play = {**PLAY, "tracker": {"away_after": 1, "for": 600}}
    with theatre(tmp_path, play) as stage:
        killed = _run_to_death(stage, point, "--rehearse", str(tmp_path / "scenario"))
        assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
        (project,) = (stage.state / "nightshift" / "rehearsals").glob("*/play")
        same = replace(stage, project=project)
        ran = same.run("--concurrent", "2")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        _ends_undisturbed(same)


def _run_to_death(stage: Theatre, point: str, *words: str) -> subprocess.CompletedProcess[str]:
    where = words or ("--project-dir", str(stage.project))
    return subprocess.run(
        stage.command(*where, "--concurrent", "2"),
        env={**stage.environment, "NIGHTSHIFT_CRASH": point},
        cwd=stage.project.parent,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def _ends_undisturbed(stage: Theatre) -> None:
    titles = ["Write alpha", "Write beta", "Write gamma"]
    assert stage.standings() == dict.fromkeys(titles, "closed")
    landed = [one for one in stage.landings() if "Merge" in one or "Write" in one]
    assert len(landed) == len(titles), landed
    for title in titles:
        assert sum(title in one for one in landed) == 1, landed
    for name in ("alpha", "beta", "gamma"):
        assert (stage.project / f"{name}.txt").read_text() == f"{name}.txt\n"
    rescued = stage.git("for-each-ref", "--format=%(refname)", "refs/rescue/")
    assert rescued, "the draft is kept"
    assert stage.processes() == []


def test_every_effect_has_its_crash_point() -> None:
    """An effect that stands in the code is in the register, and what is in the register stands
    somewhere: so each has a test above."""
    used = {
        node.args[0].value
        for path in (ROOT / "framework").rglob("*.py")
        if "scenarios" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "effect"
        and isinstance(node.args[0], ast.Constant)
    }
    assert used | _LATER == set(EFFECTS)


_EFFECTS = {
    "tracker": {"create", "create_many", "update", "comment", "delete"},
    "leases": {"acquire", "release"},
    "hub": {"move", "raise_epoch", "publish"},
}
"""What leaves something behind, by the name of whom it is asked of."""
_ELSEWHERE = {
    "runner/turns.py": "a turn ends with its process, and what is done in it has points of its own",
    "workspaces/arrival.py": "people's commits are taken in again at the next look",
    "workspaces/intake.py": "undoes what a fetch has just brought",
    "workspaces/transaction.py": "its one call stands within `land`, around it the push",
    "workspaces/receipt.py": "mends a record within a landing, which the next look mends again",
}


def _bare(path: Path) -> list[str]:
    """Calls of effects that stand in no `with effect(...)` block."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        id(one)
        for block in ast.walk(tree)
        if isinstance(block, ast.With)
        and any("effect" in ast.unparse(item.context_expr) for item in block.items)
        for one in ast.walk(block)
    }
    return [
        f"{path.name}:{one.lineno} {ast.unparse(one.func)}"
        for one in ast.walk(tree)
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and one.func.attr
        in _EFFECTS.get(ast.unparse(one.func.value).rpartition(".")[2].strip("_"), ())
        and id(one) not in inside
    ]


@pytest.mark.parametrize("room", ["runner", "workspaces"])
def test_no_effect_stands_without_its_crash_point(room: str) -> None:
    """A new one that is not bracketed is found here."""
    found = {
        f"{room}/{path.name}": bare
        for path in sorted((ROOT / "framework" / room).rglob("*.py"))
        if (bare := _bare(path))
    }
    assert set(found) <= set(_ELSEWHERE), found
