"""What the rules say of a shell's lists holds against the shell itself."""

from __future__ import annotations

import shlex
import subprocess
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.hollow import is_hollow
from framework.domain.hollow_make import hollow_settings, hollow_targets

HONEST = [
    *("pytest --cov && coverage report | tail -n 1", "mypy . && pytest | tee log"),
    "docker compose up -d && pytest && docker compose logs | tail -20",
    *('make test ARGS="-v -n auto"', "make test TESTARGS='-v -timeout 10m'", 'pytest -k "a -h b"'),
    *("bash -ec 'pytest; echo ok'", "sh -e -c 'cd api; pytest; echo done'"),
    *("bash -eo pipefail -c 'pytest | tee log'", "bash -uec 'pytest; true'"),
    *("pytest\n\n", "pytest; # one\n# two\n", "sh -c '\n  pytest\n\n'", "pytest &&\n  echo ok"),
    *("set -e; (pytest; echo ok)", "set -e\nif a; then\n  pytest\n  echo ok\nfi"),
    *("set -x -e; pytest; true", "set -o pipefail; { pytest | tee log; }"),
    *("exit 0 & pytest", "exit 0 && a & pytest", "! pytest | cat", "ls tests | sort -c"),
    *("{ pytest || exit 1; } || true", "pytest || exit 1 || true", "echo a < missing"),
    *('[ "" ]', "printf '%d' x", "echo ${X:?}", "set -u; echo $X; true", "python -c 'print(1/0)'"),
    *(
        "node -e 'console.log(x)'",
        "cat <<A\nexit 0\nA\npytest",
        "[ -f x ] && for a in b; do :; done",
    ),
]
HOLLOW = [
    *("a | b && true | cat || true", "pytest; sh -ec 'true; echo ok'", "pytest; (exit 0)"),
    *("for t in a b; do pytest || true; done | tee log", "while pytest; do true; done"),
    *("set -e; for t in a b; do true; done", "pytest ||\n\n true\n\n", "(exit 1); true"),
    *("make test ARGS='-v' -n", 'make -C "a b" -i', "pytest || echo 'a && b'", "bash -ec true"),
    *("pytest | sort -r", "python -c 'import sys; sys.exit(0)'", "python3 -c 'print(\"ok\")'"),
]


@pytest.mark.parametrize("command", HONEST)
def test_honest_lists_are_read_as_the_shell_reads_them(command: str) -> None:
    """Pipes before lists, options of shells, line ends, quotes: each of these can fail."""
    assert not is_hollow(command)


@pytest.mark.parametrize("command", HOLLOW)
def test_hollow_lists_are_read_as_the_shell_reads_them(command: str) -> None:
    """The neighbours of honest lists that end with 0 whatever the tests say."""
    assert is_hollow(command)


ATOMS = [
    *('[ "$T1" = 0 ]', '[ "$T2" = 0 ]', "test $T3 -eq 0", "true", "false", ":", "echo a"),
    *("! false", "X=1", "wait", "exit 0", "exit 1", "exit $T1", "set -e", "set +e", "set -u"),
    *("echo $NO", "(exit 1)", "[ 1 ]", "st=$?", "echo $?", "trap 'exit 1' EXIT"),
    *("echo fi", "test x", "exec true", "return 1", "echo `[ $T1 = 0 ]`", "printf '%d' x"),
    *("sort -c /dev/null", "echo a >/nowhere/a", "printf '%s' x", "set -ex", "cat /dev/null"),
    *("[ x = y ]", 'echo "a && b"', "! [ $T1 = 0 ]", "cat", "set -x -e", "echo ${NO:?}"),
]
FORMS = [
    *("{0} && {1}", "{0} || {1}", "{0} || {1} && {2}", "{0} | {{ {1}\n}}", "{0} && {1} | cat"),
    *(
        "{0}; {1}",
        "{0}\n{1}",
        "{0} # a; b\n{1}",
        "{0}; {1}; {2}",
        "{0} ||\n {1}",
        "{{ {0}\n\n}}",
        "{0} &\n{1}",
    ),
    *("( {0}\n)", "{{ {0}\n}}", "if {0}\nthen {1}\nfi", "if {0}\nthen {1}\nelse {2}\nfi"),
    *("if {0}\nthen {1}\nelif {2}\nthen {0}\nfi", "for i in a b\ndo {0}\ndone", "! {{ {0}\n}}"),
    *("case a in b) {0}\n;; a) {1}\n;; esac", "while {0}\ndo {1}\nbreak\ndone"),
    *("sh -c '{0}'", "sh -ec '{0}'", "sh -e -c '{0}'", "eval '{0}'"),
]


def written(dice: Random, depth: int) -> str:
    """A list of up to `depth` forms in one another; the tests in it are T1, T2 and T3."""
    if depth == 0 or dice.random() < 0.25:
        return dice.choice([*ATOMS[:3] * 3, *ATOMS])
    inner = [written(dice, depth - 1) for _ in range(3)]
    form = dice.choice(FORMS)
    return form.format(*(one.replace("'", '"') if "'" in form else one for one in inner))


OUTCOMES = [
    "; ".join(f"T{at}={one}" for at, one in enumerate(ends, 1)) for ends in product("01", repeat=3)
]
RUNS = "({1}; export T1 T2 T3; eval {0}) >/dev/null 2>&1 </dev/null; echo $?"


def ends_of(command: str) -> str:
    """A text for the shell that says how the command ends with each outcome of the tests, if
    the shell can read it."""
    runs = "; ".join(RUNS.format(shlex.quote(command), outcome) for outcome in OUTCOMES)
    whole = shlex.quote(f"f() {{\n{command}\n}}")
    return f"if (eval {whole}) 2>/dev/null; then {runs}; fi; echo .\n"


@settings(max_examples=8)
@given(st.integers(0, 2**32))
def test_what_is_refused_ends_with_0_in_the_shell(seed: int) -> None:
    """Small lists of everything that lists are made of: no line that can fail is refused."""
    dice = Random(seed)
    hollow = [one for one in (written(dice, 3) for _ in range(150)) if is_hollow(one)]
    script = "".join(map(ends_of, hollow))
    done = subprocess.run(
        ["/bin/sh"], input=script, capture_output=True, text=True, timeout=60, check=True
    )
    ends = done.stdout.split(".")[:-1]
    assert len(ends) == len(hollow)
    assert [one for one, end in zip(hollow, ends, strict=True) if set(end.split()) - {"0"}] == []


SHELLS = [
    *("SHELL := /bin/bash -o pipefail", "SHELL = /usr/bin/env bash -o pipefail"),
    *("export SHELLOPTS := errexit:pipefail", ".SHELLFLAGS = -eo pipefail -c"),
]


@pytest.mark.parametrize("setting", SHELLS)
def test_what_make_tells_its_shell_counts(setting: str) -> None:
    """A pipe that fails with its tests is one that can fail."""
    piped = "test:\n\tpytest | tee log\n"
    assert hollow_targets(piped)
    assert hollow_targets(f"{setting}\n{piped}") == ()
    assert hollow_settings(f"{setting}\n{piped}") == ()


def test_make_that_keeps_to_posix_stops_at_what_fails() -> None:
    """Unless the flags of its shell are said; and options that run nothing are refused."""
    ended = "test:\n\tpytest; echo done\n"
    assert hollow_targets(f".POSIX:\n{ended}") == ()
    assert hollow_targets(f".POSIX:\n.SHELLFLAGS = -c\n{ended}")
    assert hollow_settings("export SHELLOPTS = noexec\n")


def test_no_makefile_keeps_the_rules_busy() -> None:
    """Twenty thousand targets that share their needs, and as many commands, are looked at once."""
    names = " ".join(f"t{number}" for number in range(20_000))
    shared = f"{names}: {names}\n" + "\ttrue\n" * 20_000
    assert hollow_targets(f"test: {names}\n{shared}") == ("test",)
    assert hollow_targets(f"test: {names}\n{shared}\tpytest\n") == ()


def test_a_list_that_ends_at_once_again_and_again_is_read_in_one_go() -> None:
    """A third of a megabyte; it would take minutes otherwise."""
    many = 330_000 // 11
    assert not is_hollow("foo;" * many + "kill 1;" + "exit 0;" * many)
