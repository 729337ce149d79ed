"""The Python API as docs/api.md shows it: every example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import framework

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
HEADINGS = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)


def test_the_examples_run_in_order(tmp_path: Path) -> None:
    """As a user would run them: one after another, each a program of its own, in one directory."""
    assert len(EXAMPLES) > 8
    for example in EXAMPLES:
        ran = subprocess.run(
            [sys.executable, "-c", example],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "ISSUE_AGENT_ID": "coder-1"},
        )
        assert ran.returncode == 0, f"{example}\n{ran.stderr}"


@pytest.mark.parametrize("example", EXAMPLES, ids=["import", *HEADINGS][: len(EXAMPLES)])
def test_each_pattern_fits_a_glance(example: str) -> None:
    """About ten lines each."""
    lines = [line for line in example.splitlines() if line.strip()]
    assert len(lines) <= 14


@pytest.mark.parametrize("name", framework.__all__)
def test_public_names_are_there(name: str) -> None:
    """Each is imported when it is asked for."""
    assert getattr(framework, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """So that `hasattr` and misspelt imports behave."""
    assert not hasattr(framework, "Isue")


def test_every_line_asked_for_is_in_the_table() -> None:
    """P01 to P27, but for what later parts bring: sync (P08, P24), webhooks (P19), P23."""
    listed = set(re.findall(r"^\| (P\d\d) \|", PAGE, re.MULTILINE))
    assert listed == {f"P{number:02}" for number in range(1, 28)} - {"P08", "P19", "P23", "P24"}


ROWS = {line[2:5]: line.split("|")[3] for line in PAGE.splitlines() if re.match(r"\| P\d\d ", line)}


@pytest.mark.parametrize("line", ROWS)
def test_what_a_line_asks_for_is_where_the_table_says(line: str) -> None:
    """P01 to P27: every name of ours in the row can be imported or found on the facade."""
    from framework.facade.facade import Facade

    for name in re.findall(r"`((?:domain|config|trackers)\.[\w.]+)`", ROWS[line]):
        assert _found(f"framework.{name}"), name
    for name in re.findall(r"`tracker\.(\w+)", ROWS[line]):
        assert hasattr(Facade, name) or name in ("claims", "dependencies", "messages"), name


def _found(name: str) -> bool:
    from importlib import import_module
    from importlib.util import find_spec

    module, _, attribute = name.rpartition(".")
    return (
        find_spec(name) is not None
        if attribute.islower() and _is_module(name)
        else hasattr(import_module(module), attribute)
    )


def _is_module(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
