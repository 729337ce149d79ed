"""The numbers that a run keeps to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from .lease import TTL
from .plan import Bounds
from .retry import MAX_FAILURES
from .session import Limits


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Times in seconds unless they are timedeltas. With `merge` of `auto` pull requests are merged
    without a person, with `human` not, and no issue is begun anew while there are `reviews` of
    them. `attempts` and `bounds` of None leave the number of attempts and of issues open."""

    slots: int = 3
    attempts: int | None = None
    limits: Limits = field(default_factory=Limits)
    bounds: Bounds | None = None
    ttl: timedelta = TTL
    max_failures: int = MAX_FAILURES
    first_backoff: timedelta = timedelta(seconds=10)
    second_model: str = ""
    poll: float = 1.0
    rehearsed: bool = False
    boxed: bool = True
    merge: str = "human"
    reviews: int = 10
    review_poll: float = 15.0
