"""Work that passed its checks and waits in a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .merge import Proof
from .pull import Ours


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """`proof.commit` is on the remote's `branch`, or is to be brought there, since `at`. It answers
    the reviews `heard`. `landed`: it has been merged since, and that is recorded."""

    proof: Proof
    branch: str
    at: datetime
    heard: tuple[str, ...] = ()
    landed: bool = False

    @property
    def ours(self) -> Ours:
        proof = self.proof
        return Ours(
            commit=proof.commit,
            base=proof.base,
            target=proof.target,
            at=self.at,
            heard=frozenset(self.heard),
            manual=bool(proof.manual),
        )
