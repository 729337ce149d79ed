"""The cards of a forge's board, killed just before and just after their writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from framework.rehearsal.forge import github
from framework.rehearsal.github.schema import COMMAND, installed, place
from framework.trackers.github.words import CATALOGUE

from ..theatre import ROOT, Theatre, planned, script, theatre

CACHE = place(os.environ)
pytestmark = pytest.mark.skipif(
    not installed(CACHE), reason=f"GitHub's schema is not here: {COMMAND}"
)
TITLES = ("Write alpha", "Write beta")
PLAY = script([planned("alpha"), planned("beta")])
OFTEN = """
from framework import bootstrap
from framework.cli.parallel import main

bootstrap._POLL_SECONDS["github"] = 0.5
raise SystemExit(main())
"""
"""A run as any other, but that it looks for news more often: its end is told by three looks."""


POINTS = ("board:before", "board:after", "board:before:2", "board:after", "board:after")
"""Of runs on one board: it is about to be made, and made; cards are about to be added to it, and
added, and their columns are set."""


def test_kills_there_leave_one_board_with_each_card_once(tmp_path: Path) -> None:
    """Killed at each of the points in turn, so that each time the forge has what nobody here
    noted: the run after them ends undisturbed."""
    with (
        theatre(tmp_path, PLAY) as stage,
        github(stage.project, ".nightshift", CACHE) as told,
    ):
        _label(stage)
        for point in POINTS:
            killed = _run(stage, NIGHTSHIFT_CRASH=point)
            assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
        ran = _run(stage)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert told(0).endswith(f"The board's cards: {1 + len(TITLES)} Done.")
        assert stage.standings() == dict.fromkeys(TITLES, "closed")
        landed = "\n".join(stage.landings())
        assert [landed.count(title) for title in TITLES] == [1] * len(TITLES)
        assert stage.processes() == []


def _label(stage: Theatre) -> None:
    """As somebody who works there already has: a run makes one label a second."""
    values = json.loads((stage.project / ".nightshift" / "config.json").read_text())
    (backend,) = values["backends"].values()
    token = Path(backend["token_source"].removeprefix("file:")).read_text()
    labels = f"{backend['url']}/api/v3/repos/{backend['owner']}/{backend['repo']}/labels"
    for name, colour in CATALOGUE.items():
        body = json.dumps({"name": name, "color": colour}).encode()
        asked = Request(labels, body, {"authorization": f"Bearer {token}", "user-agent": "ada"})
        urlopen(asked).close()


def _run(stage: Theatre, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-c", OFTEN, "--project-dir", str(stage.project), "--concurrent", "2"),
        env={**stage.environment, "PYTHONPATH": str(ROOT), **more},
        cwd=stage.project.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
