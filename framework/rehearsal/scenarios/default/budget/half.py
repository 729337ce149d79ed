"""A budget, and how a month's spending compares with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One category: the cents that were spent and those that were planned."""

    category: str
    spent: int
    planned: int
