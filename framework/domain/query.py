"""Which issues to list."""

from __future__ import annotations

from dataclasses import dataclass

from .issue import Issue, State


@dataclass(frozen=True, kw_only=True)
class Query:
    """All given conditions must hold. The result is in order of creation."""

    states: frozenset[State] | None = None
    labels: frozenset[str] = frozenset()
    key_prefix: str | None = None
    limit: int | None = None

    def matches(self, issue: Issue) -> bool:
        return (
            (self.states is None or issue.state in self.states)
            and self.labels <= issue.labels
            and (self.key_prefix is None or (issue.key or "").startswith(self.key_prefix))
        )
