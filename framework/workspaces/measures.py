"""How much the attempts of a run committed: most are measured by one git process for all."""

from __future__ import annotations

import re
import uuid

from ..domain.facts import Work
from ..domain.merge import Proof
from ._git import decoded
from .history import row
from .hub import Hub
from .measure import COUNTING, counted, measure
from .standing import Standing

_TREES = re.compile(r"(?:[0-9a-f]{40} [0-9a-f]{40}\n)+")
_COUNT = ("diff-tree", "--stdin", "-r", *COUNTING)


class Measures:
    """Measures attempts in one hub. Safe for threads."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._counting = Standing(hub.git, *_COUNT)

    def measure(self, issue: str, epoch: int, proof: Proof | None) -> Work:
        """As the function `measure`; `proof` is that of its landing, if it landed."""
        steps = row(self._hub, proof.base, proof.head) if proof else ()
        if not steps:
            merge = proof.commit if proof else ""
            return measure(self._hub.path, issue, epoch, merge=merge)
        pairs = [(self._hub.tree(step.parents[0]), step.tree) for step in steps]
        return counted(self._count(pairs), commits=len(steps))

    def _count(self, pairs: list[tuple[str, str]]) -> list[str]:
        """What changes between these trees, a row for each file."""
        end = f"{uuid.uuid4()}\n"  # what is no object comes back as it is
        question = "".join(f"{one} {other}\n" for one, other in pairs) + end
        said = self._counting.ask(question.encode(), lambda said: said.endswith(end.encode()))
        rows = decoded(said).removesuffix(end).split("\0")
        return [row[one.end() :] if (one := _TREES.match(row)) else row for row in rows]
