"""Checks: the commands that decide whether a tree may land."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

LOOKED_AT = ("Makefile", "pyproject.toml", "package.json", "Cargo.toml", "go.mod")
"""The files whose text `detect` wants, if they are there."""

_TEST_TARGET = re.compile(r"^(check|test)\s*:(?!:*=)", re.MULTILINE)
_NO_TEST = "no test specified"  # what `npm init` writes; it always fails
_PYTEST = re.compile(r"pytest", re.IGNORECASE)
_UNITTEST_FILE = re.compile(r"(^|/)test_[^/]*\.py$")


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """How one check ended on one tree.

    `code` is the exit status, or None when the time limit ended it. `log` is the SHA-256 of the
    whole output, kept under that name in the project's logs; `tail` its last lines.
    """

    command: str
    code: int | None
    seconds: float
    log: str
    tail: str

    @property
    def passed(self) -> bool:
        return self.code == 0


def detect(paths: frozenset[str], texts: Mapping[str, str]) -> tuple[str, ...]:
    """The project's own checks, read off a tree: its `paths` and the texts of `LOOKED_AT`.

    The commands of the most explicit kind present; none for a tree that has no tests yet.
    """
    if targets := _TEST_TARGET.findall(texts.get("Makefile", "")):
        return tuple(f"make {target}" for target in dict.fromkeys(targets))
    if _has_npm_test(texts.get("package.json", "")):
        return ("npm test --silent",)
    if "Cargo.toml" in paths:
        return ("cargo test --quiet",)
    if "go.mod" in paths:
        return ("go test ./...",)
    if any(_UNITTEST_FILE.search(path) for path in paths):
        return (_python_tests(paths, texts.get("pyproject.toml", "")),)
    return ()


def _has_npm_test(package: str) -> bool:
    try:
        scripts = json.loads(package or "{}").get("scripts", {})
    except (ValueError, AttributeError):
        return False
    test = scripts.get("test") if isinstance(scripts, dict) else None
    return isinstance(test, str) and bool(test) and _NO_TEST not in test


def _python_tests(paths: frozenset[str], pyproject: str) -> str:
    if _PYTEST.search(pyproject) or "conftest.py" in {path.rpartition("/")[2] for path in paths}:
        return "python3 -m pytest -q"
    if not any(path.startswith("tests/test_") for path in paths):
        return "python3 -m unittest discover -q -s . -t ."
    top = " -t ." if "tests/__init__.py" in paths else ""  # unittest refuses it otherwise
    return f"python3 -m unittest discover -q -s tests{top}"
