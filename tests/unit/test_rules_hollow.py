"""Tests that cannot fail, in disguise, are refused; honest neighbours land."""

from __future__ import annotations

import json

import pytest

from framework.domain.constitution import judge
from framework.domain.filechange import FileChange
from framework.domain.hollow import is_hollow
from framework.domain.hollow_make import hollow_settings, hollow_targets

HOLLOW = [
    "true",
    ":",
    "exit 0",
    "",
    "echo ok",
    "echo a && true",
    "pytest || true",
    "pytest; true",
    "exit 0; pytest",
    "echo x; exit 0; pytest",
    "pytest || true # x",
    "pytest || true # || false",
    "pytest | cat",
    "pytest 2>&1 | tee log",
    "pytest & wait",
    "pytest &",
    "! false",
    "if pytest; then :; fi",
    "if ! pytest; then echo failed; fi",
    "[ 1 ]",
    "test 1",
    "pytest || [ 1 ]",
    "sh -c true",
    "bash -c 'pytest || true'",
    "pytest || exit 0",
    "pytest || (echo failed)",
    "pytest || { echo failed; }",
    "(pytest || true)",
    "/bin/true",
    "command true",
    "env true",
    "python -c pass",
    "python3 -c 'exit(0)'",
    "node -e ''",
    "pytest --collect-only",
    "python3 -m pytest --co -q",
    "make -n test",
    "make -i unit",
    "$(MAKE) --dry-run x",
    "cargo test --no-run",
    "pytest && echo ok || echo failed",
    "pytest; echo $?",
    "pytest > /dev/null 2>&1 || :",
    "for t in a b; do $t || true; done",
    "eval true",
    "pytest\ntrue",
    "X=1 true",
    "if pytest; then echo ok; else echo no; fi",
    "pytest ; exit 0",
    "exit 0 && pytest",
    "set +e; pytest; true",
    "pytest | true",
    "pytest || echo 'a # b'",
    "pytest >&2 || true",
    "if true; then if pytest; then :; fi; fi",
    "pytest || sh -c 'exit 0'",
    "time true",
    "(true)",
    "((true))",
]
REAL = [
    "pytest",
    "echo a && pytest",
    "test -f a",
    "false",
    "exit 1",
    "npm run unit",
    "a || b",
    "echo $(pytest)",
    "echo a | grep a",
    "truest",
    "make -C sub test",
    "python3 -m unittest",
    'echo "Error: no test specified" && exit 1',
    "set -e; pytest; echo done",
    "pytest || exit 1; echo ok",
    "if ! pytest; then echo bad; exit 1; fi",
    "if pytest; then echo ok; else exit 1; fi",
    "if [ -f x ]; then pytest; fi",
    "set -o pipefail; pytest | tee log",
    "pytest & wait $!",
    "! grep -r FIXME src",
    'test -z "$(git diff)"',
    '[ -n "$X" ]',
    "echo '|| true' && pytest",
    "pytest -k 'a || true'",
    "cd sub && pytest",
    "for t in *; do sh $t || exit 1; done; echo ok",
    "bash -c 'pytest'",
    "python -c 'import a; a.test()'",
    "node -e 'require(\"./t\")'",
    "make test -j8 -s",
    "make --no-print-directory test",
    "pytest -n 4",
    "ctest --output-on-failure",
    "cargo test --all -- --nocapture",
    "echo start; pytest",
    "(pytest)",
    "{ pytest; }",
    "tape test.js | tap-spec",
    "trap 'exit 1' ERR; pytest; true",
    "case $x in a) pytest;; *) echo;; esac",
    "diff a b && echo same",
    "if ! command -v x; then exit 1; fi; pytest",
    "sleep 1 && curl x",
    "! false && pytest",
    "test 1 -eq 2",
    "[ 1 -eq 2 ]",
    "test $X",
    "pytest # || true",
    "set -euo pipefail; pytest | tee x; echo ok",
    "go test ./... && echo ok",
    "./run.sh 2>&1 | grep -q PASS",
    "f() { true; }; pytest",
    "test ! -s out",
    "exec pytest",
    "pytest; rc=$?; docker down; exit $rc",
    "[ ! -f x ]",
    "pytest && exit 0 || exit 1",
    "if pytest; then exit 0; fi; exit 1",
    "true | pytest",
]
HOLLOW_MAKE = [
    "test:\n\ttrue\n",
    "test:\n\t-pytest\n",
    "test: ; true\n",
    "test:\n",
    "test: a\na:\n\techo hi\n",
    "all test:\n\t:\n",
    "test: test\n\ttrue\n",
    "test:\n\tpytest\ntest:\n\ttrue\n",
    ".ONESHELL:\ntest:\n\tpytest\n\ttrue\n",
    ".IGNORE: test\ntest:\n\tpytest\n",
    "test:\n\t@exit 0; pytest\n",
    "test:\n\tpytest; echo $$?\n",
]
REAL_MAKE = [
    "test:\n\tpytest\n",
    "test: a\na:\n\tpytest\n",
    "test: a.out\n\t./a.out\n",
    "a:\n\ttrue\n",
    "X := test\n",
    "test:\n\techo \\\n\t  && pytest\n",
    "test:\n\techo start\n\tpytest\n\techo end\n",
    ".ONESHELL:\n.SHELLFLAGS = -ec\ntest:\n\tpytest\n\ttrue\n",
    "ifdef X\ntest:\n\tpytest\nelse\ntest:\n\ttrue\nendif\n",
    "test::\n\tpytest\ntest::\n\ttrue\n",
    "test: export X=1\ntest:\n\tpytest\n",
    ".SHELLFLAGS := -eu -o pipefail -c\ntest:\n\tpytest | tee log; echo ok\n",
    "test:\n\tpytest\ntest: more\nmore:\n\ttrue\n",
]
BAD_SETTINGS = [
    ".IGNORE:\n",
    "SHELL=/bin/true\n",
    "test: SHELL := true\n",
    ".SHELLFLAGS = -nc",
    ".SHELLFLAGS=-c true",
    "MAKEFLAGS += -i",
    "MAKEFLAGS += i",
    "MAKEFLAGS = -n",
    "override MAKEFLAGS += --ignore-errors",
    "export GNUMAKEFLAGS = -si",
    "MAKE = true",
    "MAKEFLAGS += -s -t",
    "SHELL = ./sh",
    "SHELL := /usr/bin/env true",
]
GOOD_SETTINGS = [
    "SHELL := /bin/bash",
    "SHELL = /bin/bash -euo pipefail",
    "SHELL := $(shell which bash)",
    ".SHELLFLAGS := -eu -o pipefail -c",
    ".SHELLFLAGS = -ec",
    ".SHELLFLAGS = -NoProfile -Command",
    "MAKEFLAGS += --no-print-directory",
    "MAKEFLAGS += -rR -j8 --warn-undefined-variables",
    "MAKEFLAGS += -k",
    "MAKEFLAGS += -I include -Otarget",
    "MAKE = gmake",
    "SHELL = python3",
    ".SHELLFLAGS = -c",
    "MAKEFLAGS += -j$(nproc)",
    ".IGNORE: clean\n",
    "MAKEFLAGS += s",
    "MAKEFLAGS += --silent --output-sync=target",
    "MAKEFLAGS += $(X)",
]

TEST = "test:\n\tpytest\n"
EVADING = [
    ("pytest.ini", "[pytest]\naddopts = -q --co\n"),
    ("tox.ini", "[pytest]\naddopts =\n    -q\n    --collect-only\nx = 1\n"),
    ("setup.cfg", "[tool:pytest]\naddopts: --setup-plan\n"),
    ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = [\n  "-q",\n  "--co",\n]\n'),
    ("conftest.py", "import os\nos._exit(0)\n"),
    ("a/conftest.py", "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"),
    ("conftest.py", "def f(s):\n    s.exitstatus = pytest.ExitCode.OK\n"),
    ("conftest.py", "def pytest_unconfigure():\n    sys.exit(0)\n"),
    ("conftest.py", "def f(r):\n    r.outcome = 'passed'\n"),
    ("conftest.py", "def f(item, call):\n    call.excinfo = None\n"),
    ("conftest.py", "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"),
    ("conftest.py", "def pytest_runtestloop(session) -> bool:\n    return True\n"),
    ("src/sitecustomize.py", "import os, atexit\natexit.register(lambda: os._exit(0))\n"),
    ("tests/test_a.py", "import os\nos._exit(0)\n"),
    ("tests/test_a.py", "def load_tests(a, b, c):\n    return unittest.TestSuite()\n"),
    ("Makefile", "MAKEFLAGS += -i\n" + TEST),
    ("rules.mk", "test:\n\ttrue\n"),
    (".npmrc", "script-shell=/bin/true\n"),
    ("package.json", json.dumps({"scripts": {"test": "npm run unit", "unit": "jest || true"}})),
]
HONEST = [
    ("pytest.ini", "[pytest]\naddopts = -q --cov=a  # not --co\ntestpaths = tests\n"),
    ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = ["-q"]\nx = "--co"\n'),
    ("conftest.py", "def pytest_addoption(parser):\n    parser.addoption('--slow')\n"),
    ("conftest.py", "def f(r):\n    assert r.outcome == 'passed' and r.exitstatus == 0\n"),
    ("conftest.py", "def pytest_pyfunc_call(pyfuncitem):\n    run(pyfuncitem)\n    return True\n"),
    ("conftest.py", "pid = os.fork()\nif pid == 0:\n    os._exit(0)\n"),
    ("tests/test_a.py", "def test_a():\n    if not os.fork():\n        os._exit(0)\n"),
    ("tests/test_a.py", "def load_tests(a, b, c):\n    b.addTests(x)\n    return b\n"),
    ("a.py", "import sys\nsys.exit(0)\n"),
    ("Makefile", "SHELL := /bin/bash\nMAKEFLAGS += -j4\n" + TEST),
    ("rules.mk", "test:\nX = 1\n"),
    (".npmrc", "script-shell=/bin/bash\nignore-scripts=true\n"),
    ("package.json", json.dumps({"scripts": {"test": "npm run unit", "unit": "jest"}})),
    ("package.json", json.dumps({"scripts": {"test": "npm run test"}})),
    ("weights/model.pth", "PK\x03\x04 imports"),
    ("locks/a.pth", "../src\n"),
]


def added(path: str, after: str) -> FileChange:
    return FileChange(path=path, old_mode="000000", new_mode="100644", after=after)


def refused(*changes: FileChange, named: bool = True) -> tuple[str, ...]:
    expected = tuple(one.path for one in changes) if named else ()
    return judge(changes, expected=expected, claimed=frozenset())


def test_commands_in_disguise_are_known() -> None:
    """Each ends with 0 whatever the tree is."""
    assert [one for one in HOLLOW if not is_hollow(one)] == []


def test_honest_commands_are_no_disguise() -> None:
    """Each can fail, however much it looks like one that cannot."""
    assert [one for one in REAL if is_hollow(one)] == []


def test_makefiles_are_read_as_make_reads_them() -> None:
    """The last rule counts, one shell for a recipe where it says so, and what is forgiven."""
    assert [one for one in HOLLOW_MAKE if not hollow_targets(one)] == []
    assert [one for one in REAL_MAKE if hollow_targets(one)] == []


def test_settings_of_make_that_forgive_everything_are_known() -> None:
    """Shells that run nothing, options that mind nothing; ordinary settings are free."""
    assert [one for one in BAD_SETTINGS if not hollow_settings(one)] == []
    assert [one for one in GOOD_SETTINGS if hollow_settings(one)] == []


@pytest.mark.parametrize(("path", "text"), EVADING)
def test_whoever_may_write_a_file_may_not_hollow_it(path: str, text: str) -> None:
    """Even an issue that names it; what the target had is not its fault."""
    assert any("whatever the tree is" in one for one in refused(added(path, text)))
    old = FileChange(path=path, old_mode="100644", new_mode="100644", before=text, after=text)
    assert refused(old) == ()


@pytest.mark.parametrize(("path", "text"), HONEST)
def test_honest_settings_and_hooks_land(path: str, text: str) -> None:
    """Ordinary files of the same names."""
    assert refused(added(path, text)) == ()


def test_a_file_that_the_makefile_includes_is_read_too() -> None:
    """Under any name, if it comes with the line that includes it."""
    make = added("Makefile", "-include extra\n" + TEST)
    assert refused(make, added("extra", "test:\n\ttrue\n"))
    assert refused(make, added("extra", "test:\n\tpytest\n")) == ()
    assert refused(added("extra", "test:\n\ttrue\n")) == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *(("test", ""), ("check", "x"), ("GNUmakefile", TEST), ("makefile", TEST)),
        *(("x.pth", "import os\n"), ("conftest.py", "collect_ignore = ['test_a.py']\n")),
        ("a/conftest.py", "def pytest_ignore_collect(collection_path):\n    return True\n"),
    ],
)
def test_what_would_replace_a_check_is_for_issues_that_name_it(path: str, text: str) -> None:
    """A file that make takes for the target, another Makefile, a file that Python runs, a
    configuration that leaves tests out."""
    assert any("decides what" in one for one in refused(added(path, text), named=False))
    assert refused(added(path, text)) == ()
    assert refused(added(f"src/{path}x", text), named=False) == ()


PIECES = [
    "(",
    "if ",
    "{ ",
    "do ",
    "'",
    '"',
    "$(",
    "`",
    ";",
    "| ",
    "# ",
    "1",
    " ",
    "X=1 ",
    "exit 0|",
]


@pytest.mark.parametrize("piece", [*PIECES, "\n\n", "set -o a ", "sh -c ", "echo ", ">&"], ids=repr)
def test_no_command_keeps_the_rules_busy(piece: str) -> None:
    """Half a megabyte of whatever is repeated is read in one go; it would take hours otherwise."""
    text = piece * (500_000 // len(piece))
    assert isinstance(is_hollow(text), bool)
    refused(added("Makefile", f".ONESHELL:\ntest:\n\t{text}\n{text}:"), added("x.mk", text))
    refused(added("conftest.py", text), added("pytest.ini", "addopts = " + text))
