"""The contract's checks fail on every planted bug, so they would notice it in a real store."""

from __future__ import annotations

import pytest

from framework.leases.memory import MemoryLeases
from tests.contracts.lease_machine import check
from tests.unit import lease_bugs

BUGS: list[type[MemoryLeases]] = [
    lease_bugs.OwnerOnlyRelease,
    lease_bugs.OwnerOnlyRenew,
    lease_bugs.ForgetsTheEpoch,
    lease_bugs.LetsTheHolderInTwice,
    lease_bugs.LosesFailures,
]


@pytest.mark.parametrize("bug", BUGS)
def test_random_histories_find_a_planted_bug(bug: type[MemoryLeases]) -> None:
    """Within as many histories as the contract suite tries on every store."""
    with pytest.raises(AssertionError):
        check(lambda directory, clock: bug(clock=clock), examples=40)
