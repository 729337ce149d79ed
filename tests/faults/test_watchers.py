"""Nobody watching any more does not stop the work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from framework import box
from tests.theatre import planned, script, theatre

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")


def test_a_closed_pipe_does_not_stop_the_run(tmp_path: Path) -> None:
    with theatre(tmp_path, script([planned("a"), planned("b")])) as stage:
        runner = stage.start()
        assert runner.stdout is not None
        runner.stdout.readline()
        runner.stdout.close()
        assert runner.wait(timeout=60) == 0
        assert set(stage.standings().values()) == {"closed"}


def test_a_full_disk_under_the_output_does_not_stop_the_run(tmp_path: Path) -> None:
    with theatre(tmp_path, script([planned("a")])) as stage, open("/dev/full", "w") as full:
        ran = subprocess.run(
            stage.command("--project-dir", str(stage.project)),
            env=stage.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert stage.standings() == {"Write a": "closed"}
