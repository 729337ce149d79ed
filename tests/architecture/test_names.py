"""Public names: each is used, and each says what it promises."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for path in sorted((ROOT / "framework").rglob("*.py")) if "scenarios" not in path.parts
]
USERS = [*SOURCES, *ROOT.glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
WORDS = Counter(
    word for path in USERS for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
)


def public(path: Path) -> list[ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    kinds = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
    return [node for node in body if isinstance(node, kinds) and not node.name.startswith("_")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_public_name_is_dead(path: Path) -> None:
    """What is defined is also used by the product, not only by tests."""
    dead = [node.name for node in public(path) if WORDS[node.name] < 2]
    assert not dead


@pytest.mark.parametrize("port", ["trackers", "leases", "workspaces", "agents", "journals"])
def test_every_door_says_what_it_promises(port: str) -> None:
    """Each protocol, and each of its methods, has a docstring."""
    for node in public(ROOT / "framework" / port / "base.py"):
        if isinstance(node, ast.ClassDef):
            doors = [
                one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            doors = [one for one in doors if not one.name.startswith("_")]
            for one in doors:
                assert ast.get_docstring(one), f"{port}: {node.name}.{one.name}"


def test_modules_say_what_they_are() -> None:
    for path in SOURCES:
        if path.name != "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name
