"""The META issue: the progress of the whole, as a table anyone can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .event import AttemptEnded, Entry, RunStarted, WorkLanded
from .graph import waits_for
from .issue import Issue, State


@dataclass(frozen=True, kw_only=True)
class Effort:
    """What went into an issue, or into a run: `usd` at list prices. `why` is how the last attempt
    ended, empty for a landing."""

    attempts: int = 0
    landed: int = 0
    usd: float = 0.0
    why: str = ""

    def plus(self, ended: AttemptEnded) -> Effort:
        return replace(
            self,
            attempts=self.attempts + 1,
            usd=self.usd + ended.usd,
            why=ended.why.partition("\n")[0],
        )


@dataclass(kw_only=True)
class Efforts:
    """Those of all runs on one tracker, taken in entry by entry."""

    tracker: str
    cursor: int = 0
    by_issue: dict[str, Effort] = field(default_factory=dict)
    by_run: dict[str, Effort] = field(default_factory=dict)

    def take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.cursor = entry.cursor
            match entry.event:
                case RunStarted(tracker=tracker) if tracker == self.tracker:
                    self.by_run[entry.run] = Effort()
                case WorkLanded() if entry.run in self.by_run:
                    run = self.by_run[entry.run]
                    self.by_run[entry.run] = replace(run, landed=run.landed + 1)
                case AttemptEnded() as ended if entry.run in self.by_run:
                    self.by_run[entry.run] = self.by_run[entry.run].plus(ended)
                    before = self.by_issue.get(ended.issue, Effort())
                    self.by_issue[ended.issue] = before.plus(ended)


def render(summary: str, issues: Sequence[Issue], efforts: Mapping[str, Effort]) -> str:
    """Markdown for `issues`, the META issue itself left out."""
    work = [issue for issue in issues if not issue.is_meta]
    known = {issue.id: issue for issue in issues}
    counts = Counter(issue.state for issue in work)
    told = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    rows = [_row(one, waits_for(one, known), efforts.get(one.id, Effort())) for one in work]
    return "\n".join(
        [
            summary.strip(),
            "",
            f"**{counts[State.CLOSED]} of {len(work)} closed** ({told or 'no issues yet'}), "
            f"{_money(efforts.values())} in {sum(one.attempts for one in efforts.values())} "
            "attempts.",
            "",
            "| issue | title | state | attempts | cost | because |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def report(run: str, effort: Effort, ending: str) -> str:
    """One run, for a comment on the META issue."""
    return (
        f"Run {run}: {effort.landed} landed in {effort.attempts} attempts, {_money([effort])}. "
        f"It ended: {ending}."
    )


def _row(issue: Issue, waits: Sequence[str], effort: Effort) -> str:
    state = issue.state.value.replace("_", " ")
    spent = f"{effort.attempts} | {_money([effort])}" if effort.attempts else "0 | "
    return (
        f"| #{issue.id} | {_cell(issue.title)} | {state} | {spent} | {_why(issue, waits, effort)} |"
    )


def _why(issue: Issue, waits: Sequence[str], effort: Effort) -> str:
    """What keeps it from being closed."""
    if issue.is_closed:
        return ""
    if issue.state is State.BLOCKED or issue.withheld:
        return _cell(issue.withheld or effort.why)
    return f"waits for {', '.join(f'#{one}' for one in waits)}" if waits else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _money(efforts: Iterable[Effort]) -> str:
    return f"${sum(one.usd for one in efforts):.2f}"
