"""What a run does with a forge that locks it out, and with issues that a forge withholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from framework.domain.errors import ForgeRefused, NotAllowed
from framework.domain.identity import Identity
from framework.domain.issue import Issue
from framework.domain.query import Query
from framework.domain.trouble import Kind, Trouble
from framework.facade.facade import Facade
from framework.runner.run import run
from tests.integration.test_runner import Stage, add, opened, outcomes

pytestmark = pytest.mark.anyio
ALL = Query()


class Other:
    """A tracker in all but what is said otherwise."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)


class Revoked(Other):
    """It takes the token for the first few looks only."""

    looks = 4

    def list(self, query: Query = ALL) -> Sequence[Issue]:
        self.looks -= 1
        if self.looks < 0:
            trouble = Trouble(kind=Kind.AUTHENTICATION)
            raise ForgeRefused("The token was revoked. Make another.", trouble, status=401)
        issues: Sequence[Issue] = self._tracker.list(query)
        return issues


class Wary(Other):
    """It withholds what strangers opened."""

    def list(self, query: Query = ALL) -> Sequence[Issue]:
        return [self._seen(one) for one in self._tracker.list(query)]

    def get(self, id: str) -> Issue:
        return self._seen(self._tracker.get(id))

    def _seen(self, issue: Issue) -> Issue:
        why = "opened by eve, who cannot write here" if issue.title == "eve's" else ""
        return replace(issue, withheld=why)


async def test_a_revoked_token_ends_the_run_and_says_so(tmp_path: Path) -> None:
    """It does not wait for ever for what only a person can mend."""
    async with opened(tmp_path, Stage()) as parts:
        add(parts, "one")
        add(parts, "two", depends_on=("1",))
        with anyio.fail_after(60):
            ending = await run(replace(parts, tracker=Revoked(parts.tracker)))
        assert ending.code == 1
        assert ending.why == "The token was revoked. Make another."


async def test_a_withheld_issue_is_left_alone_and_named(tmp_path: Path) -> None:
    """Nobody works on it, it makes no failure of the run, and the ending says why."""
    async with opened(tmp_path, Stage()) as parts:
        add(parts, "one")
        add(parts, "eve's")
        ending = await run(replace(parts, tracker=Wary(parts.tracker)))
        assert ending.code == 0
        assert "withheld: #2 (opened by eve, who cannot write here)" in ending.why
        assert outcomes(parts) == ["Landed"]
        me = Identity(name="ann")
        facade = Facade(Wary(parts.tracker), parts.leases, me)
        with pytest.raises(NotAllowed, match="opened by eve"):
            facade.claims.claim("2")
