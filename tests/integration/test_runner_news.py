"""A run that polls seldom looks at once when a webhook has rung."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from framework.runner.parts import Parts
from framework.runner.run import run
from framework.webhooks.bell import WAKE_FILE, Bell
from tests.integration.test_runner import Stage, add, opened, outcomes

pytestmark = pytest.mark.anyio


async def landed(parts: Parts, count: int) -> None:
    while outcomes(parts) != ["Landed"] * count:  # noqa: ASYNC110 - the journal tells nobody
        await anyio.sleep(0.1)


async def test_a_ring_is_heard_before_the_next_poll(tmp_path: Path) -> None:
    """With a poll of ten minutes an issue that is added later lands all the same."""
    async with opened(tmp_path, Stage(), poll=600.0) as parts:
        bell = Bell(parts.project / ".nightshift" / WAKE_FILE)
        add(parts, "one")
        with anyio.move_on_after(60):
            async with anyio.create_task_group() as group:
                group.start_soon(run, parts)
                await landed(parts, 1)
                add(parts, "two")
                bell.ring(datetime.now(UTC))
                await landed(parts, 2)
                group.cancel_scope.cancel()
        assert outcomes(parts) == ["Landed", "Landed"]
