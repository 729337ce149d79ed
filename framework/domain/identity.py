"""Who acts on issues: every write carries it."""

from __future__ import annotations

from datetime import timedelta

from .frozen import dataclass
from .lease import TTL

PERSON = "person"
AGENT = "agent"
NOBODY = ("me", "none")
"""Words that queries and options have a meaning for, so that nobody can be called so."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """`kind` is "person", or what an agent calls itself, such as "coder".

    The name is what its bearer says and proves nothing: what makes a claim exclusive is
    `session`, which two callers of one name do not share. None where nobody said it. A claim is
    for `claim_timeout` unless its caller asks for another time.
    """

    name: str
    kind: str = PERSON
    session: str | None = None
    claim_timeout: timedelta = TTL

    def named(self, name: str) -> str:
        """The user that `name` means: `me` is whoever acts."""
        return self.name if name == "me" else name
