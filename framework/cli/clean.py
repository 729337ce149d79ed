"""`nightshift clean`: free what no run and no retention rule needs any more."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..domain.legible import clean
from ..workspaces.clearing.clearance import Done
from ..workspaces.clearing.removal import Plan, Removal
from ..workspaces.clearing.retention import Retention
from ._options import FAILED, OK, Parser, ending

_PROG = "nightshift clean"
_MOST = 36_500
_UNITS = ("B", "kB", "MB", "GB", "TB")


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return ending(_PROG, lambda: _clean(options), as_json=options.json)


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="Delete what is of no more use: workspaces of dead runs, once their work is "
        "saved; saved work of closed issues, conversations, logs and objects that are old; "
        "rehearsals that have ended. What a living process holds stays, and so does all saved "
        "work of issues that are not closed.",
        examples=(f"{_PROG} --dry-run", f"{_PROG} generations/todo --days 7 --keep 1"),
    )
    add = parser.add_argument
    add("directory", nargs="?", type=Path, default=Path(), help="the project [.]", metavar="DIR")
    add("--dry-run", action="store_true", help="say what would go; delete nothing")
    add("--days", type=_days, default=30.0, metavar="N", help="keep what is younger [30]")
    add("--keep", type=_count, default=3, metavar="N", help="saved attempts of each issue [3]")
    add("--no-box", action="store_true", help="save dead agents' work without bubblewrap")
    add("--json", action="store_true", help="for programs; sizes are bytes")
    return parser


def _clean(options: argparse.Namespace) -> int:
    from ._clearing import Clearing

    clearing = Clearing(options.directory, boxed=not options.no_box)
    retention = Retention(now=datetime.now(UTC), days=options.days, keep=options.keep)
    plan = clearing.plan(retention)
    if options.dry_run:
        _tell_plan(plan, as_json=options.json)
        return OK
    if not options.json:
        _say(_notes(plan))
    done: list[Done] = []
    for one in clearing.carry_out(plan):
        done.append(one)
        if not options.json:
            _say(_told(one))
    _tell_end(plan, done, as_json=options.json)
    return FAILED if any(one.left for one in done) else OK


def _tell_plan(plan: Plan, *, as_json: bool) -> None:
    total = sum(one.size for one in plan.removals)
    if as_json:
        _say([_json(plan, [_document(one) for one in plan.removals], dry_run=True, freed=total)])
        return
    _say(_notes(plan))
    _say(_line(one) for one in plan.removals)
    _say([f"{_counted(len(plan.removals))} would go, {_amount(total)}."])


def _tell_end(plan: Plan, done: Sequence[Done], *, as_json: bool) -> None:
    total = sum(one.freed for one in done)
    if as_json:
        items = [
            {
                **_document(one.removal),
                "gone": not one.left,
                "left": one.left or None,
                "saved": [rescue.ref for rescue in one.saved],
            }
            for one in done
        ]
        _say([_json(plan, items, dry_run=False, freed=total)])
        return
    gone = sum(not one.left for one in done)
    left = len(done) - gone
    _say([f"{_counted(gone)} gone, {_amount(total)} freed{f'; {left} left' if left else ''}."])


def _json(plan: Plan, items: list[dict[str, Any]], *, dry_run: bool, freed: int) -> str:
    document = {
        "version": 1,
        "dry_run": dry_run,
        "items": items,
        "kept": list(plan.kept),
        "freed": freed,
    }
    return json.dumps(document, indent=2)


def _document(removal: Removal) -> dict[str, Any]:
    return {
        "kind": removal.kind,
        "name": removal.name,
        "why": removal.why,
        "size": removal.size,
        "parts": list(removal.parts),
    }


def _notes(plan: Plan) -> list[str]:
    return [f"{'stays':<21}{clean(one)}" for one in plan.kept]


def _line(removal: Removal) -> str:
    size = _amount(removal.size) if removal.size else ""
    return f"{removal.kind:<12} {size:>8}  {clean(removal.name)}  ({removal.why})"


def _told(done: Done) -> list[str]:
    saved = [f"{'':<21}saved as {one.ref}" for one in done.saved]
    left = [f"{'':<21}left: {clean(done.left)}"] if done.left else []
    return [_line(done.removal), *saved, *left]


def _counted(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"


def _amount(size: int) -> str:
    """Bytes for people: `0 B`, `4.1 kB`, `1.2 GB`."""
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 0 up")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
