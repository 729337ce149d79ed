"""How near our schedule comes to the best one: stragglers beside short issues, and a chain.

Baseline, in the same run: rounds with a barrier, as the framework before us worked.
Bound: within 5 % of the best that a scheduler can do which does not know durations ahead.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping, Sequence

import anyio

from benchmarks.world import Bounds, add_issues, headline, measured, number_of, row, work, world
from framework.agents.base import Conversation, Report
from framework.domain.session import SessionEnd

SLOTS = 3
WITHIN = 1.05


async def ours(durations: Mapping[int, float], chain: Sequence[int] = ()) -> float:
    async def play(conversation: Conversation, report: Report) -> SessionEnd:
        number = number_of(conversation)
        await anyio.sleep(durations[number])
        return await work(conversation, f"{number}.txt")

    async with world(play, slots=SLOTS) as parts:
        add_issues(parts, len(durations), chain)
        seconds, _ = await measured(parts)
    return seconds


async def rounds(durations: Mapping[int, float], chain: Sequence[int]) -> float:
    """The first three that may start, in their order; the next three when the slowest is done."""
    began = time.monotonic()
    before = dict(zip(chain[1:], chain, strict=False))
    left = list(durations)
    while left:
        chosen = [one for one in left if before.get(one) not in left][:SLOTS]
        async with anyio.create_task_group() as group:
            for number in chosen:
                group.start_soon(anyio.sleep, durations[number])
        left = [one for one in left if one not in chosen]
    return time.monotonic() - began


def best_with_chain(durations: Mapping[int, float], chain: Sequence[int]) -> float:
    """No schedule is shorter than the work shared out evenly, nor than the chain."""
    return max(sum(durations.values()) / SLOTS, sum(durations[one] for one in chain))


def best(order: Sequence[int], durations: Mapping[int, float]) -> float:
    """Without any overhead: each slot takes the next in `order` as soon as it is free."""
    free = [0.0] * SLOTS
    for number in order:
        heapq.heappush(free, heapq.heappop(free) + durations[number])
    return max(free)


async def compare(
    bounds: Bounds,
    what: str,
    durations: Mapping[int, float],
    order: Sequence[int],
    chain: Sequence[int],
) -> None:
    print(headline(what))
    bound = best(order, durations) if not chain else best_with_chain(durations, chain)
    figure = await ours(durations, chain)
    row("best possible", f"{bound:.2f} s")
    row("rounds with a barrier (baseline)", f"{await rounds(durations, chain):.2f} s")
    met = bounds.told(figure <= WITHIN * bound)
    row("ours", f"{figure:.2f} s", f"{figure / bound:.3f} x best; bound {WITHIN} x {met}")


async def main() -> int:
    bounds = Bounds()
    durations = {number: 6.0 if number % 3 == 0 else 1.0 for number in range(1, 10)}
    await compare(
        bounds,
        "Straggler: 9 issues, 3 slots, every third takes 6 s, the others 1 s",
        durations,
        list(durations),
        (),
    )
    chain = (10, 11, 12, 13)
    durations = {number: 2.0 if number in chain else 1.0 for number in range(1, 14)}
    await compare(
        bounds,
        "Chain: 4 issues of 2 s in a row, the newest of all, beside 9 of 1 s, 3 slots",
        durations,
        list(durations),
        chain,
    )
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(anyio.run(main))
