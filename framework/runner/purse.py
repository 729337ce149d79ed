"""What may still be used: the caps, against the journal of every run of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..clock import Clock, utcnow
from ..domain.event import CapNear
from ..domain.ledger import NEAR, Caps, Ledger, Scope, Use, day_of
from ..journals.base import Journal


@dataclass(kw_only=True)
class Purse:
    """Shared by all slots of a run, and through the journal by all runs of the project.

    A cap is looked at whenever a session reports; what is used between two reports comes on top
    of it.
    """

    journal: Journal
    run: str
    caps: Caps = field(default_factory=Caps)
    clock: Clock = utcnow
    _ledger: Ledger = field(init=False)
    _told: set[tuple[str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._ledger = Ledger(caps=self.caps)

    def over(self, issue: str) -> Use | None:
        """The cap that is used up, if one is."""
        return next((one for one in self._uses(issue) if one.is_over), None)

    def news(self, issue: str) -> Sequence[Use]:
        """The caps of which most is used by now, each once for every issue; people are told of
        each one once."""
        near = [one for one in self._uses(issue) if one.share >= NEAR and not one.is_over]
        fresh = [one for one in near if self._is_new(issue, one)]
        for use in fresh:
            if use.scope is Scope.ISSUE or self._is_new("", use):
                self.journal.append(CapNear(issue=issue, use=str(use)))
        return fresh

    def _is_new(self, reader: str, use: Use) -> bool:
        key = (reader, use.scope, use.what)
        is_new = key not in self._told
        self._told.add(key)
        return is_new

    def _uses(self, issue: str) -> Sequence[Use]:
        self._catch_up()
        return self._ledger.uses(issue, self.run, day_of(self.clock()))

    def _catch_up(self) -> None:
        for entry in self.journal.since(self._ledger.cursor):
            self._ledger.take(entry)
