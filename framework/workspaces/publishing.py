"""What has landed here and is not on the remote: brought there, as by a run that pushed nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from anyio import to_thread

from ..domain.merge import Held
from .arrival import Arrivals
from .baseline import Baseline
from .hub import Hub
from .origin import Moved, Origin
from .receipt import WHO, Receipts
from .stoppable import stoppable
from .transaction import Transactions

TRIES = 5
"""As often is something merged and tested anew because the remote's branch had moved."""
BUSY = timedelta(seconds=30)
_LANDINGS = ("--max-count=1", "--merges", "--fixed-strings", "--grep=Attempt: ")


class Publisher:
    """Call `publish` under the land lease."""

    def __init__(
        self,
        hub: Hub,
        origin: Origin,
        arrivals: Arrivals,
        transactions: Transactions,
        receipts: Receipts,
        baseline: Baseline,
    ) -> None:
        self._hub = hub
        self._origin = origin
        self._arrivals = arrivals
        self._transactions = transactions
        self._receipts = receipts
        self._baseline = baseline

    def is_due(self) -> bool:
        """Whether there is a landing that the remote does not have, as far as it was seen.
        Commits of the person's alone are theirs to push; with a landing they go along."""
        tip, joined = self._hub.tip(), self._arrivals.joined()
        if tip == joined:
            return False
        which = (*_LANDINGS, f"--committer={WHO}", *_between(joined, tip))
        return self._hub.git.run("rev-list", *which) != ""

    async def publish(self) -> Held | None:
        """None when the remote's branch has every landing."""
        for _ in range(TRIES):
            answer = await self._try()
            if answer is None:
                return None
            if isinstance(answer, Held):
                return await to_thread.run_sync(self._held, answer)
        why = f"It moved {TRIES} times while this was tested"
        return await to_thread.run_sync(self._held, Held(why=why, wait=BUSY))

    async def _try(self) -> Held | Moved | None:
        if (resting := self._origin.resting) is not None:
            return resting
        if (held := await stoppable(self._arrivals.catch_up)) is not None:
            return held
        if not await to_thread.run_sync(self.is_due):
            return None
        tip, joined = self._hub.tip(), self._arrivals.joined()
        if red := await self._red(tip, joined):
            failing = ", ".join(f"`{one}`" for one in red)
            why = f"Together with what it has, {failing} would fail: mend that in an issue"
            return Held(why=why, wait=BUSY)
        return await stoppable(partial(self._transactions.publish, tip, joined=joined))

    async def _red(self, tip: str, joined: str | None) -> tuple[str, ...]:
        """The project's checks that would begin to fail on the remote. A landing was tested as
        it is; a merge with what others pushed, or commits on top, were not."""
        seal = await to_thread.run_sync(self._receipts.seal, tip)
        if seal is not None and seal.is_ours:
            return ()
        _, red = await self._baseline.judge()
        before = await self._baseline.red(joined, red) if joined else ()
        return tuple(one for one in red if one not in before)

    def _held(self, held: Held) -> Held:
        joined = self._arrivals.joined()
        count = self._hub.git.run("rev-list", "--count", *_between(joined, self._hub.tip()))
        behind = f"{count} commits behind" if joined else "behind"
        name = self._origin.name
        why = f"{name} is {behind} what has landed here: the next run pushes it. {held.why}"
        return replace(held, why=why)


def _between(joined: str | None, tip: str) -> tuple[str, ...]:
    return (tip,) if joined is None else (tip, f"^{joined}")
