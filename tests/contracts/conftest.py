"""A tracker of each kind, for the suites that are run over all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.trackers.base import Tracker
from tests.contracts.tracker_github import excuse
from tests.contracts.tracker_stores import STORES, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=STORES)
def tracker(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Tracker]:
    if "github" in request.param and (why := excuse(request.node)):
        pytest.skip(why)
    tracker = STORES[request.param](tmp_path, clock)
    yield tracker
    tracker.close()
