"""What is known about a session, as plain numbers: what its health is scored from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Work:
    """What an attempt committed, as git sees it from the host. Lines are those that were added
    and removed; a binary file has none."""

    commits: int = 0
    files: int = 0
    lines: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that is known about a session. Times in seconds, money in US dollars.

    `repeated`: calls that said the same as an earlier one with no edit in between. `reverted`:
    edits that put back what an earlier one had changed. `greened`: commands that failed and
    later succeeded; `red`: commands run again and again whose last run failed. `refused`: calls
    that a permission or a rule forbade; they are not among `failed`. `context`: the share of the
    model's window that the last answer read, 0 when the window is not known. `growth`: what a
    turn costs lately beside the average of all, 0 when there are too few turns to say. `silence`:
    the longest time without a sign of life while no tool ran.
    """

    commits: int = 0
    files: int = 0
    lines: int = 0
    turns: int = 0
    tools: int = 0
    greened: int = 0
    red: int = 0
    repeated: int = 0
    reverted: int = 0
    refused: int = 0
    failed: int = 0
    context: float = 0.0
    usd: float = 0.0
    growth: float = 0.0
    silence: float = 0.0
