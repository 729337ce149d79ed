"""The sessions that a journal tells of, each with its health, scored then or read off its
transcript now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ..agents.replay import replay
from ..domain.event import (
    AttemptEnded,
    AttemptStarted,
    Entry,
    SessionScored,
    WorkLanded,
)
from ..domain.health import Health, assess, recalled
from ..domain.vitals import Vitals
from ..workspaces.measure import measure

E = TypeVar("E", SessionScored, WorkLanded)


@dataclass(frozen=True, kw_only=True)
class Session:
    """One attempt's session. `outcome` is empty while it goes on, or where its run died; `commit`
    is the one that landed it; `ended` when the attempt did."""

    run: str
    issue: str
    epoch: int
    session: str
    outcome: str = ""
    commit: str = ""
    ended: datetime | None = None
    scored: SessionScored | None = None

    def health(self, state: Path) -> Health | None:
        """As it was scored; else from the transcript and the hub under `state`, as far as they
        are there. None without either."""
        if self.scored is not None:
            return recalled(self.scored)
        path = state / "logs" / f"session_{self.session}.jsonl"
        if not path.is_file():
            return None
        work = measure(state / "hub.git", self.issue, self.epoch, merge=self.commit)
        return assess(self._vitals(path).facts(work), closed=int(self.outcome == "Landed"))

    def _vitals(self, path: Path) -> Vitals:
        vitals, at = Vitals(), 0.0
        for moment, event in replay(path):
            at = moment.timestamp()
            if event is None:
                vitals.rest(at)
            else:
                vitals.take(event, at)
        if self.outcome == "Stalled" and self.ended is not None:
            vitals.rest(self.ended.timestamp())
        return vitals


def _all(entries: Sequence[Entry], kind: type[E]) -> list[E]:
    return [entry.event for entry in entries if isinstance(entry.event, kind)]


def sessions(entries: Sequence[Entry]) -> list[Session]:
    """Of every attempt, in the order in which they began."""
    scored = {one.session: one for one in _all(entries, SessionScored)}
    landed = {(one.issue, one.epoch): one.commit for one in _all(entries, WorkLanded)}
    ended = {
        (entry.event.issue, entry.event.epoch): (entry.event.outcome, entry.at)
        for entry in entries
        if isinstance(entry.event, AttemptEnded)
    }
    found: dict[str, Session] = {}
    for entry in entries:
        if isinstance(one := entry.event, AttemptStarted):
            outcome, at = ended.get((one.issue, one.epoch), ("", None))
            found[one.session] = Session(
                run=entry.run,
                issue=one.issue,
                epoch=one.epoch,
                session=one.session,
                outcome=outcome,
                commit=landed.get((one.issue, one.epoch), ""),
                ended=at,
                scored=scored.get(one.session),
            )
    return list(found.values())
