"""Types of options."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta

from ...domain.duration import parse_duration
from ...domain.errors import UsageError


def duration(text: str) -> timedelta:
    """`30m`, `1h30m`, `2d`."""
    try:
        return parse_duration(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error).removesuffix(".")) from error  # which is put there
