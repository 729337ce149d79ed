"""The shell examples of docs/agents.md, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "agents.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agents")


def shell(directory: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run by bash, failing at the first command that fails, pipes included."""
    environment = {
        "HOME": str(directory),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ISSUE_AGENT_ID": "agent-coder",
        "ISSUE_AGENT_TYPE": "coder",
        "ISSUE_SESSION_ID": "page",
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_works_as_it_is_written(directory: Path, number: int) -> None:
    """C01 to C11, C30, C31 and the guide's patterns: each ends well and complains of nothing."""
    ran = shell(directory, EXAMPLES[number])
    assert ran.returncode == 0, f"{EXAMPLES[number]}\n{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stderr


def test_the_page_left_the_board_it_describes(directory: Path) -> None:
    """After all examples: what was closed is closed, the reviewer's and the tester's words are
    there, and nobody holds anything but what was claimed and closed."""
    closed = shell(directory, "issue list --state closed --format=json | jq -c '[.[].number]'")
    assert closed.stdout.strip() == "[1,3,4]"
    words = shell(directory, "issue show 3 --comments").stdout
    assert "Code review: Approved" in words
    assert "Tests passing: 100%" in words
