"""`nightshift extend`: allow an issue, the last run or today more than its cap, and go on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ..attach import open_facade, open_journal
from ..config.environment import environment
from ..config.limits import caps
from ..config.place import find_project
from ..domain.errors import UsageError
from ..domain.event import AttemptEnded, CapRaised, Entry, RunEnded, RunStarted
from ..domain.issue import Change, State
from ..domain.ledger import Ledger, Scope, Use, day_of
from ..domain.story import describe
from ._options import OK, Parser, ending

_PROG = "nightshift extend"


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return ending(_PROG, lambda: _run(options), as_json=options.json)


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="Allow more than a cap of NIGHTSHIFT_ISSUE_*, NIGHTSHIFT_RUN_* or "
        "NIGHTSHIFT_DAY_*. A run that goes on heeds it at once. An issue that was blocked for its "
        "cap is opened again, and goes on from the work that was kept.",
        examples=(
            f"{_PROG} 12 --usd 10",
            f"{_PROG} run --minutes 60 --turns 200",
            f"{_PROG} day --usd 50 --project-dir generations/todo",
        ),
    )
    parser.add_argument("what", metavar="N|run|day", help="an issue, the last run, or today")
    parser.add_argument("--usd", type=_amount, default=0.0, metavar="N", help="so much more money")
    parser.add_argument("--minutes", type=_amount, default=0.0, metavar="N", help="more wall time")
    parser.add_argument("--turns", type=_whole, default=0, metavar="N", help="more turns")
    parser.add_argument(
        "--project-dir", type=Path, default=Path(), metavar="DIR", help="the project [.]"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    if not (options.usd or options.minutes or options.turns):
        raise UsageError("Say how much more: --usd, --minutes or --turns.")
    project = find_project(options.project_dir)
    with closing(open_journal(project)) as journal:
        entries = journal.since()
        event = CapRaised(
            **_named(options.what, project, entries),
            turns=options.turns,
            seconds=60 * options.minutes,
            usd=options.usd,
        )
        entries.append(journal.append(event))
    uses = _uses(event, entries)
    enough = event.scope == Scope.ISSUE and not any(one.is_over for one in uses)
    reopened = enough and _reopen(project, event.name, entries)
    raised = [one for one in uses if vars(event)[one.what]]
    _tell(event, raised, reopened=reopened, as_json=options.json)
    return OK


def _named(what: str, project: Path, entries: Sequence[Entry]) -> dict[str, str]:
    if what == Scope.DAY:
        return {"scope": Scope.DAY, "name": day_of(datetime.now(UTC)).isoformat()}
    if what == Scope.RUN:
        runs = [one.run for one in entries if isinstance(one.event, RunStarted)]
        ended = {one.run for one in entries if isinstance(one.event, RunEnded)}
        if not runs or runs[-1] in ended:
            raise UsageError("No run goes on here. A new one begins with a cap of its own.")
        return {"scope": Scope.RUN, "name": runs[-1]}
    with open_facade(project) as facade:
        return {"scope": Scope.ISSUE, "name": facade.get(what.removeprefix("#")).id}


def _reopen(project: Path, issue: str, entries: Sequence[Entry]) -> bool:
    """Open the issue again if its cap is what it is blocked for; a question stays one."""
    ends = [one.event for one in entries if isinstance(one.event, AttemptEnded)]
    last = next((one for one in reversed(ends) if one.issue == issue), None)
    if last is None or last.scope != Scope.ISSUE:
        return False
    with open_facade(project) as facade:
        if facade.get(issue).state is not State.BLOCKED:
            return False
        facade.update(issue, Change(state=State.OPEN))
    return True


def _uses(event: CapRaised, entries: Sequence[Entry]) -> list[Use]:
    """What is used of the caps of that issue, run or day, as they are set here."""
    ledger = Ledger(caps=caps(environment()))
    for one in entries:
        ledger.take(one)
    return list(ledger.of(Scope(event.scope), event.name))


def _tell(event: CapRaised, uses: Sequence[Use], *, reopened: bool, as_json: bool) -> None:
    if as_json:
        rows = [{"what": one.what, "used": one.used, "cap": one.cap} for one in uses]
        document = {"scope": event.scope, "name": event.name, "reopened": reopened, "caps": rows}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    lines = [f"{describe(event)}.", *(f"Used by now: {one}." for one in uses)]
    if not uses:
        lines.append("No such cap is set in the environment or .env here, so nothing waits for it.")
    if reopened:
        lines.append(f"Issue {event.name} is open again.")
    sys.stdout.write("\n".join(lines) + "\n")
