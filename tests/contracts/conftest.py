"""A tracker of each kind, for the suites that are run over all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.trackers.base import Tracker
from tests.contracts.tracker_github import excuse
from tests.contracts.tracker_stores import STORES, Clock


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What GitHub does not promise is not asked of it; the reasons stand in tracker_github."""
    excused = [one for one in items if _is_github(one) and excuse(one)]
    if excused:
        config.hook.pytest_deselected(items=excused)
        items[:] = [one for one in items if one not in excused]


def _is_github(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and call.params.get("tracker") == "github"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=STORES)
def tracker(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Tracker]:
    tracker = STORES[request.param](tmp_path, clock)
    yield tracker
    tracker.close()
