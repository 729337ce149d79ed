"""A budget, and how a month's spending compares with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tally import TallyError
from tally.money import parse


@dataclass(frozen=True)
class Line:
    """One category: the cents that were spent and those that were planned."""

    category: str
    spent: int
    planned: int

    @property
    def left(self) -> int:
        return self.planned - self.spent

    @property
    def is_over(self) -> bool:
        return self.left < 0


def read_budget(text: str) -> dict[str, int]:
    """The planned cents by category, from lines such as `food = 250.00`."""
    planned: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        category, equals, amount = (part.strip() for part in line.partition("="))
        if not equals or not category or category in planned:
            raise TallyError(f"line {number}: write one category = amount a line, each once")
        try:
            planned[category] = parse(amount)
        except TallyError as problem:
            raise TallyError(f"line {number}: {problem}") from None
    return planned


def compare(spent: Mapping[str, int], planned: Mapping[str, int]) -> list[Line]:
    """Every category of either side, in the order of the alphabet."""
    categories = sorted({*spent, *planned})
    return [Line(name, spent.get(name, 0), planned.get(name, 0)) for name in categories]
