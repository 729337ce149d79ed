"""Who holds a lease that a command took: which session, and under what name."""

from __future__ import annotations

import re

from .frozen import dataclass

_FORM = re.compile(r"(?P<session>[0-9a-f]{24})\.(?P<nonce>[0-9a-f]{8})\.(?P<name>.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """`session` is the same for all commands of one agent's session and for nobody else; `nonce`
    is random for each claim, so that one session that asks twice is two callers; `name` is for
    people and decides nothing."""

    session: str
    nonce: str
    name: str

    @property
    def holder(self) -> str:
        """As it stands in the lease."""
        return f"{self.session}.{self.nonce}.{self.name}"


def claimant(holder: str) -> Claimant | None:
    """Who a lease's holder is; None for one that no command took, such as a run."""
    found = _FORM.fullmatch(holder)
    return Claimant(**found.groupdict()) if found else None
