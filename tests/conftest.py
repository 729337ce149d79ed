"""What every test shares: CI expects no skipped test, and counts and names those there are; and
in which order and pieces workers are given the tests."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile(
    "any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
"""How long an example takes says more about the machine's other work than about ours."""

_LONGEST_FIRST = ("chaos", "faults", "scenarios", "contracts", "integration", "security")
"""Directories of tests; what stands in none of them is short and fills the end."""
_ALONE = ("tests/faults/",)
"""Tests that take seconds each and share nothing: any worker takes the next."""


class _Pieces(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A file or a class for one worker at a time, so that what its tests share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(_ALONE) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _Pieces | None:
    if config.option.dist != "loadscope":
        return None
    config.option.loadscopereorder = False  # as collected, see below, not by number of tests
    return _Pieces(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers begin with what takes longest, so that none is left alone with it at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay to the end: no search for garbage goes over them."""
    gc.freeze()


def _place(item: pytest.Item) -> int:
    room = item.path.parent.name
    return _LONGEST_FIRST.index(room) if room in _LONGEST_FIRST else len(_LONGEST_FIRST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.write_line(f"{len(skipped)} skipped")


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("EXPECT_NO_SKIPS") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
