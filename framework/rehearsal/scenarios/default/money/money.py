"""Amounts as people write them, and as whole cents."""

from __future__ import annotations

import re

from tally import TallyError

_AMOUNT = re.compile(r"(?P<sign>-?)(?P<whole>\d+)(?:[.,](?P<part>\d{1,2}))?")


def parse(text: str) -> int:
    """The cents of an amount such as 12, 12.5, 12,50 or -3.99."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise TallyError(f"{text!r} is no amount; write it as 12 or 12.50")
    cents = int(match["whole"]) * 100 + int((match["part"] or "").ljust(2, "0"))
    return -cents if match["sign"] else cents


def show(cents: int) -> str:
    """The amount with a point and two digits behind it."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole}.{part:02}"
