"""The `issue` command: quick to start, and documented as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from framework.cli.issue.reference import reference

ROOT = Path(__file__).parents[2]
HEAVY = {
    "anyio",
    "asyncio",
    "claude_agent_sdk",
    "dataclasses",
    "dotenv",
    "email",
    "filelock",
    "http",
    "httpx",
    "inspect",
    "logging",
    "psutil",
    "rich",
    "ssl",
    "subprocess",
    "urllib.request",
    "yaml",
}
MOST = 178
"""Modules in all that a hot command may load. When this was set they were 166 to 170, of which
33 are the interpreter's own."""

PROGRAM = """
import sys
from framework.cli.issue import main
code = main(sys.argv[1:])
sys.stderr.write("\\n".join(sys.modules))
raise SystemExit(code)
"""


def loaded(project: Path, *words: str) -> set[str]:
    """All modules that one command loads."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project.parent), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stderr.split())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board that has been used, so that the commands do what they always do."""
    project = tmp_path_factory.mktemp("home") / "project"
    project.mkdir()
    for title in ("one", "two"):
        loaded(project, "create", title)
    return project


@pytest.mark.parametrize(
    "words",
    [["list"], ["show", "1"], ["create", "x"], ["claim", "1"], ["claim", "next"], ["ready"]],
    ids=" ".join,
)
def test_hot_commands_import_little(project: Path, words: list[str]) -> None:
    """No event loop, screen, web, SDK or YAML, and no more modules than were counted."""
    modules = loaded(project, *words, "--json")
    assert not {one for one in HEAVY if one in modules}
    assert len(modules) <= MOST, sorted(modules)


def test_docs_cli_is_what_the_commands_say() -> None:
    """Generated: python -m framework.cli.issue.reference > docs/cli.md"""
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == reference()


def test_docs_cli_does_not_depend_on_the_terminal() -> None:
    """The same page on any screen, and from the command that the page names."""
    ran = subprocess.run(
        [sys.executable, "-m", "framework.cli.issue.reference"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "40"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == reference()
