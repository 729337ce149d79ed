"""Python's tests told not to fail: by the settings of pytest, by hooks, by leaving early."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .hollow import runs_none

_SETTINGS = frozenset({"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"}) | frozenset(
    {"tox.ini", "setup.cfg", "pyproject.toml"}
)
_HOOKED = frozenset({"conftest.py", "sitecustomize.py", "usercustomize.py"})
"""Read before any test, without anybody's asking."""

_ADDED = re.compile(r"^[ \t]*addopts[ \t]*[=:]([^\n]*)", re.MULTILINE)
_NEXT = re.compile(r"^[ \t]*(?:[A-Za-z_]\w*[ \t]*[=:]|\[)", re.MULTILINE)
_WORD = re.compile(r"#[^\n]*|[^\s\"',\[\]#]+")
_LEFT_OUT = re.compile(
    r"^[ \t]*(?:collect_ignore(?:_glob)?\b|def[ \t]+pytest_ignore_collect\b)", re.M
)

_SIGNATURE = r"\([^()]{0,400}\)[^:\n]{0,80}:"
"""Bounded, or one long line of them would be read again from each."""

_HOOKS = {
    "the exit of tests": re.compile(
        r"\.exitstatus[ \t]*=(?!=)[ \t]*(?:0\b|(?:pytest\.)?ExitCode\.OK\b)"
        r"|\bsys\.exit\([ \t]*+0?[ \t]*+\)|\braise[ \t]+SystemExit(?:\(0?\))?[ \t]*$",
        re.MULTILINE,
    ),
    "the result of tests": re.compile(
        r"\.outcome[ \t]*=(?!=)[ \t]*[\"']passed[\"']|\.excinfo[ \t]*=(?!=)[ \t]*None\b"
    ),
    "the hook that runs tests": re.compile(
        r"\bdef[ \t]+pytest_(?:pyfunc_call|runtest_protocol|runtestloop|cmdline_main)"
        rf"{_SIGNATURE}\s*return[ \t]+(?:True|[01])\b"
    ),
}
_EXIT = re.compile(r"\bos\._exit\([ \t]*(?:0|os\.EX_OK)[ \t]*\)")
_EXIT_AT_ONCE = re.compile(r"^os\._exit\([ \t]*(?:0|os\.EX_OK)[ \t]*\)", re.MULTILINE)
_NO_TESTS = re.compile(
    rf"\bdef[ \t]+load_tests{_SIGNATURE}\s*return[ \t]+(?:\w+\.)?TestSuite\([ \t]*\)"
)


def hollow_python(name: str, text: str) -> Iterator[str]:
    """What in a file of this name keeps the tests from failing: options of pytest that run no
    test, hooks that change how tests or the whole run end, a process that leaves with 0 before
    the tests are done, a suite without tests.

    Not promised: hooks that do so in more words, plugins under other names, fixtures or tests
    that take everything that fails for a success.
    """
    if name in _SETTINGS and runs_none(_added(text)):
        yield "the setting `addopts`"
    if name in _HOOKED:
        yield from (what for what, pattern in _HOOKS.items() if pattern.search(text))
        if _EXIT.search(text) and "fork" not in text:
            yield "`os._exit`"
    elif name.endswith(".py") and "test" in name and _EXIT_AT_ONCE.search(text):
        yield "`os._exit`"
    if name.endswith(".py") and _NO_TESTS.search(text):
        yield "`load_tests`"


def leaves_tests_out(name: str, text: str) -> bool:
    """Whether a file keeps pytest from finding some tests."""
    return name == "conftest.py" and _LEFT_OUT.search(text) is not None


def _added(text: str) -> list[str]:
    """The options that pytest adds, however the file writes lists."""
    words: list[str] = []
    for found in _ADDED.finditer(text):
        line = text.find("\n", found.end())
        end = _NEXT.search(text, line + 1) if line >= 0 else None
        words += _WORD.findall(text[found.start(1) : end.start() if end else len(text)])
    return [one for one in words if not one.startswith("#")]
