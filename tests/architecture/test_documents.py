"""What is written is true: settings, requirements, options, words."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from framework.config.document import parse
from framework.config.environment import VARIABLES
from framework.config.kinds import KINDS, shown
from framework.domain import event, outcome

ROOT = Path(__file__).parents[2]


def test_env_example_names_exactly_what_is_read() -> None:
    """Every variable named is read and every variable read is named."""
    text = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)) == set(VARIABLES)


def test_the_configuration_page_is_complete() -> None:
    """Its example is a valid file with every key, and it names every type, field and variable."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    example = parse(text.split("```json")[1].split("```")[0].encode(), Path("example"))
    assert set(example) == {"tracker", "backends", "agent", "leases", "journal"}
    for name in shown():
        kind = KINDS[name]
        for word in (name, *kind.fields, *kind.variables.values(), *kind.tokens):
            assert f"`{word}`" in text, word


def test_requirements_match_the_package() -> None:
    """`pip install -r` and `pip install .` bring the same."""
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    listed = (ROOT / "requirements.txt").read_text().splitlines()
    assert sorted(package) == sorted(line for line in listed if not line.startswith("#"))


def test_every_requirement_is_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert line.startswith(("#", "-r ")) or "==" in line, line


@pytest.mark.parametrize("script", ["parallel_agent.py", "autonomous_agent.py", "monitor.py"])
def test_readme_names_only_options_that_exist(script: str) -> None:
    """Every `--option` that README shows with a script is in that script's help."""
    ran = subprocess.run(
        [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for line in (ROOT / "README.md").read_text().splitlines():
        if script in line:
            for option in re.findall(r"(--[a-z][a-z-]+)", line):
                assert option in ran.stdout, f"{script} {option}"


def test_the_architecture_page_names_every_room() -> None:
    """A newcomer finds each folder and top-level module on the one page."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    for path in (ROOT / "framework").iterdir():
        if path.name not in ("__init__.py", "__pycache__"):
            assert path.name in text, path.name


def test_documents_name_every_event_and_outcome() -> None:
    """The journal's vocabulary is documented."""
    text = (ROOT / "docs" / "journal.md").read_text()
    for kind in (*event.Event.__args__, *outcome.Outcome.__args__):
        assert f"`{kind.__name__}`" in text, kind.__name__


def test_the_changelog_has_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
