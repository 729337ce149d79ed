"""`nightshift health`: how well sessions worked, by facts, and what each fact weighs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ..attach import open_journal
from ..config.place import STATE_DIRECTORY, find_project
from ..domain.errors import UsageError
from ..domain.health import EVEN, POOR, Health
from ..domain.legible import clean
from ..domain.story import money, tag
from ._options import OK, Parser, ending
from ._sessions import Session, sessions

_PROG = "nightshift health"
_REASON = 48


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return ending(_PROG, lambda: _run(options), as_json=options.json)


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="Show the health of sessions: a score from 0 to 100 and what each fact adds "
        "to it or takes from it. It tells how likely the work is to land, and chooses how an "
        "issue is tried again; it ends nothing by itself. Without a session or an issue, those of "
        "the last run are listed, the worst first.",
        examples=(_PROG, f"{_PROG} 12", f"{_PROG} 29b3d2b2 generations/todo", f"{_PROG} --json"),
    )
    parser.add_argument(
        "what",
        nargs="?",
        metavar="SESSION|N",
        help="a session, as its log is called or begins, or all sessions of an issue",
    )
    parser.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="the project [.]")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _run(options: argparse.Namespace) -> int:
    what, project = _asked(options.what, options.directory)
    with closing(open_journal(project)) as journal:
        entries = journal.since()
    every = sessions(entries)
    if what is None:
        last = every[-1].run if every else ""
        chosen = [one for one in every if one.run == last]
    else:
        chosen = _named(what, every)
    found = [(one, one.health(project / STATE_DIRECTORY)) for one in chosen]
    if what is None:
        found.sort(key=lambda pair: EVEN if pair[1] is None else pair[1].score)
    if options.json:
        _document(found)
    elif what is None:
        _table(found)
    else:
        _explain(found)
    return OK


def _asked(what: str | None, directory: Path | None) -> tuple[str | None, Path]:
    """A single word that names a directory is the project."""
    if what is not None and directory is None and not what.isdecimal() and Path(what).is_dir():
        return None, find_project(Path(what))
    return what, find_project(directory or Path())


def _named(what: str, every: Sequence[Session]) -> list[Session]:
    issue = what.removeprefix("#")
    found = [one for one in every if one.issue == issue]
    found = found or [one for one in every if one.session.startswith(what)]
    if not found:
        raise UsageError(
            f"No session or issue {what!r} is in this project's journal. "
            f"See those of the last run with `{_PROG}`."
        )
    return found


def _document(found: Sequence[tuple[Session, Health | None]]) -> None:
    items = [_item(one, health) for one, health in found]
    sys.stdout.write(
        json.dumps({"version": 1, "poor_below": POOR, "items": items}, indent=2) + "\n"
    )


def _item(one: Session, health: Health | None) -> Mapping[str, Any]:
    head = {
        "issue": one.issue,
        "epoch": one.epoch,
        "session": one.session,
        "run": one.run,
        "outcome": one.outcome or None,
    }
    if health is None:
        return {**head, "score": None}
    return {
        **head,
        "score": health.score,
        "from": "journal" if one.scored else "transcript",
        "productivity": health.productivity,
        "contributions": [
            {"reason": each.reason.value, "points": each.points, "fact": each.fact}
            for each in health.contributions
        ],
        "facts": vars(health.facts),
    }


def _table(found: Sequence[tuple[Session, Health | None]]) -> None:
    if not found:
        sys.stdout.write("No session has been started yet.\n")
        return
    head = ("score", "issue", "attempt", "session", "outcome", "worst")
    rows = [head, *(_row(one, health) for one, health in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stdout.write(f"\nBelow {POOR} is poor. What each fact weighs: {_PROG} SESSION\n")


def _row(one: Session, health: Health | None) -> tuple[str, ...]:
    score = "-" if health is None else str(health.score)
    worst = health.worst if health else None
    line = clean(worst.line) if worst else ""
    shown = line if len(line) <= _REASON else f"{line[: _REASON - 1]}…"
    outcome = clean(one.outcome) or "going"
    return score, tag(clean(one.issue)), f"e{one.epoch}", clean(one.session)[:8], outcome, shown


def _explain(found: Sequence[tuple[Session, Health | None]]) -> None:
    sys.stdout.write("\n\n".join(_explained(one, health) for one, health in found) + "\n")


def _explained(one: Session, health: Health | None) -> str:
    outcome = clean(one.outcome) or "still going"
    head = f"{tag(clean(one.issue))} attempt e{one.epoch}, session {clean(one.session)}: {outcome}"
    if health is None:
        return f"{head}\n  nothing is known of it: its transcript is not there"
    rows = [(f"{EVEN}", "to begin with", "")]
    rows += [
        (f"{each.points:+d}", each.reason.value, clean(each.fact)) for each in health.contributions
    ]
    lines = [f"  {points:>4}  {reason:<13}{fact}".rstrip() for points, reason, fact in rows]
    verdict = "poor" if health.is_poor else "not poor"
    facts = health.facts
    used = f"{facts.turns} turns, {facts.tools} tool calls, {money(facts.usd)}"
    return "\n".join(
        [
            head,
            *lines,
            f"  {health.score:>4}  of 100, {verdict}",
            f"  used {used}; classic productivity {health.productivity:g}",
        ]
    )
