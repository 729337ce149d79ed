"""The META issue's table and its word on each run."""

from __future__ import annotations

from datetime import UTC, datetime

from framework.domain.event import AttemptEnded, Entry, RunStarted, WorkLanded
from framework.domain.issue import META_LABEL, Issue, State
from framework.domain.progress import Effort, Efforts, render, report

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def started(tracker: str) -> RunStarted:
    return RunStarted(
        project="/p",
        target="main",
        slots=1,
        tracker=tracker,
        agent="claude",
        host="h",
        boot="b",
        pid=1,
        started=1.0,
        rehearsed=False,
        boxed=True,
    )


def ended(issue: str, outcome: str, usd: float, why: str = "") -> AttemptEnded:
    return AttemptEnded(
        issue=issue,
        epoch=1,
        slot=1,
        outcome=outcome,
        why=why,
        counted=bool(why),
        seconds=1.0,
        usd=usd,
        turns=1,
        tools=1,
    )


def journal(*told: tuple[str, object]) -> list[Entry]:
    return [
        Entry(cursor=number, run=run, at=NOW, event=event)  # type: ignore[arg-type]
        for number, (run, event) in enumerate(told, 1)
    ]


def issue(id: str, title: str, **fields: object) -> Issue:
    made = {"id": id, "uid": id, "title": title, "created_at": NOW, "updated_at": NOW}
    return Issue(**{**made, **fields})  # type: ignore[arg-type]


def test_what_each_issue_took_is_in_the_table() -> None:
    """Attempts and money of all runs on this tracker, why a blocked one is, what one waits for;
    another board's issue of the same number is another."""
    efforts = Efforts(tracker="github")
    efforts.take(
        journal(
            ("a", started("github")),
            ("a", ended("1", "Rejected", 0.25, "the checks fail\nlong output")),
            ("a", WorkLanded(issue="1", epoch=2, commit="c", tree="t", checks=1)),
            ("a", ended("1", "Landed", 0.5)),
            ("b", started("sqlite")),
            ("b", ended("1", "Landed", 99.0)),
            ("c", started("github")),
            ("c", ended("2", "Blocked", 0.25, "which | colour?")),
        )
    )
    issues = [
        issue("1", "First", state=State.CLOSED),
        issue("2", "A | B", state=State.BLOCKED),
        issue("3", "Third", depends_on=("2",)),
        issue("4", "Fourth", withheld="opened by a stranger"),
        issue("5", "[META] Progress", labels=frozenset({META_LABEL})),
    ]
    text = render("All of it.", issues, efforts.by_issue)
    assert "**1 of 4 closed** (2 open, 1 blocked, 1 closed), $1.00 in 3 attempts." in text
    assert "| #1 | First | closed | 2 | $0.75 |  |" in text
    assert "| #2 | A \\| B | blocked | 1 | $0.25 | which \\| colour? |" in text
    assert "| #3 | Third | open | 0 |  | waits for #2 |" in text
    assert "| #4 | Fourth | open | 0 |  | opened by a stranger |" in text
    assert "META" not in text
    assert efforts.cursor == 8
    assert efforts.by_run["a"] == Effort(attempts=2, landed=1, usd=0.75)


def test_a_run_is_told_in_one_line() -> None:
    text = report("r1", Effort(attempts=3, landed=2, usd=1.5), "1 of 3 issues are left: #2")
    assert text == "Run r1: 2 landed in 3 attempts, $1.50. It ended: 1 of 3 issues are left: #2."
