"""Nobody watching any more does not stop the work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from framework import box
from tests.theatre import planned, script, theatre

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")


def test_a_closed_pipe_does_not_stop_the_run(tmp_path: Path) -> None:
    with theatre(tmp_path, play := script([planned("a"), planned("b")])) as stage:
        stage.hand_in(play)
        runner = stage.start()
        assert runner.stdout is not None
        runner.stdout.readline()
        runner.stdout.close()
        assert runner.wait(timeout=120) == 0
        assert set(stage.standings().values()) == {"closed"}


def test_a_full_disk_under_the_output_does_not_stop_the_run(tmp_path: Path) -> None:
    play = script([planned("a")])
    with theatre(tmp_path, play) as stage, open("/dev/full", "w") as full:
        stage.hand_in(play)
        ran = subprocess.run(
            stage.command("--project-dir", str(stage.project)),
            env=stage.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert stage.standings() == {"Write a": "closed"}
