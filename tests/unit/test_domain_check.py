from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from framework.domain.check import CheckResult, detect

UNITTEST = "python3 -m unittest discover -q -s "


def found(*paths: str, **texts: str) -> tuple[str, ...]:
    names = {"make": "Makefile", "pyproject": "pyproject.toml", "npm": "package.json"}
    read = {names[name]: text for name, text in texts.items()}
    return detect(frozenset({*paths, *read}), read)


@pytest.mark.parametrize(
    ("makefile", "expected"),
    [
        ("test:\n\tpytest\n", ("make test",)),
        ("lint:\n\truff\ncheck : lint\n", ("make check",)),
        ("test: build\ncheck: test\ntest: more\n", ("make test", "make check")),
        ("test::\n\ttrue\n", ("make test",)),
        ("test := pytest\ncheck = x\ntest:=1\ntest ::= 2\ncheck :::= 3\n", ()),
        ("all:\n\ttest: x\n# test:\n.PHONY: test\ntests:\nunit-test:\n", ()),
        ("", ()),
    ],
)
def test_targets_of_a_makefile(makefile: str, expected: tuple[str, ...]) -> None:
    assert found(make=makefile) == expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ('{"scripts": {"test": "vitest run"}}', ("npm test --silent",)),
        ('{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}', ()),
        ('{"scripts": {"test": ""}}', ()),
        ('{"scripts": {"build": "x"}}', ()),
        *((text, ()) for text in ('{"scripts": null}', "[]", "7", "null", "{", "", '"x"')),
    ],
)
def test_the_test_script_of_a_node_package(package: str, expected: tuple[str, ...]) -> None:
    assert found(npm=package) == expected


def test_rust_and_go_bring_their_own() -> None:
    assert found("Cargo.toml", "src/lib.rs") == ("cargo test --quiet",)
    assert found("go.mod") == ("go test ./...",)
    assert found("sub/Cargo.toml") == ()


def test_pytest_is_used_where_the_project_speaks_of_it() -> None:
    assert found("tests/test_a.py", pyproject="[tool.pytest.ini_options]") == (
        "python3 -m pytest -q",
    )
    assert found("tests/test_a.py", "tests/conftest.py") == ("python3 -m pytest -q",)


def test_unittest_is_used_otherwise() -> None:
    assert found("tests/test_a.py", "tests/__init__.py") == (f"{UNITTEST}tests -t .",)
    assert found("tests/test_a.py") == (f"{UNITTEST}tests",)
    assert found("test_a.py") == found("pkg/test_a.py") == (f"{UNITTEST}. -t .",)


def test_a_tree_without_tests_has_no_checks() -> None:
    assert found("main.py", "latest_news.py", "tests/data.txt") == ()
    assert found() == ()


def test_the_most_explicit_kind_wins() -> None:
    paths = ("tests/test_a.py", "Cargo.toml")
    npm = '{"scripts": {"test": "x"}}'
    assert found(*paths, npm=npm, make="test:\n") == ("make test",)
    assert found(*paths, npm=npm) == ("npm test --silent",)
    assert found(*paths, npm="{", make="all:\n") == ("cargo test --quiet",)


@pytest.mark.parametrize("package", [False, True], ids=["folder", "package"])
@pytest.mark.parametrize("passes", [False, True], ids=["red", "green"])
def test_the_command_really_runs_the_tests_it_found(
    tmp_path: Path, package: bool, passes: bool
) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tmp_path / "app.py").write_text("ANSWER = 42\n")
    (tests / "test_code.py").write_text(
        "import unittest\nimport app\n\n\nclass TestApp(unittest.TestCase):\n"
        f"    def test_it(self):\n        self.assertEqual(app.ANSWER, {42 if passes else 41})\n"
    )
    if package:
        (tests / "__init__.py").touch()
    files = (path for path in tmp_path.rglob("*") if path.is_file())
    (command,) = found(*(path.relative_to(tmp_path).as_posix() for path in files))
    words = [sys.executable, *command.split()[1:]]
    run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode == 0) is passes, run.stderr
    assert "Ran 1 test" in run.stderr


@pytest.mark.parametrize(("code", "passed"), [(0, True), (1, False), (-9, False), (None, False)])
def test_only_exit_status_zero_is_a_pass(code: int | None, passed: bool) -> None:
    result = CheckResult(command="x", code=code, seconds=1.0, log="", tail="")
    assert result.passed is passed
