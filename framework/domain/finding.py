"""What looking through a store for damage brought to light."""

from __future__ import annotations

from .frozen import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at. `what` says how it stands and, where it is bad and could not
    be repaired, what a person can do."""

    what: str
    is_bad: bool = False
    repaired: bool = False
