"""A run in plain text: a line for each event while it goes, a table when it has ended."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..domain.board import Board, Row, Standing
from ..domain.chronicle import RunState
from ..domain.event import Entry
from ..domain.incidents import Incident
from ..domain.legible import clean
from ..domain.story import count, describe, money, tag, tags
from .wording import (
    STYLES,
    clock,
    clock_at,
    duration,
    project,
    pull,
    situation,
    standing,
    trouble,
    warning,
)

_TOLD = 12
_COMMANDS = ("nightshift ", "issue reopen ")
"""What is in an advice that names a command."""


def one_line(entry: Entry) -> str | None:
    """The line streamed for an event, with the reader's time of day; None for what is too
    frequent to be news. It holds nothing that a terminal would obey."""
    told = describe(entry.event, clock=clock_at(entry.at))
    return None if told is None else f"{clock(entry.at, entry.at)}  {clean(told)}"


def render(
    board: Board,
    where: Path,
    console: Console,
    *,
    python: str = "python",
    program: str = "parallel_agent.py",
    command: str = "",
    gone: bool = False,
) -> None:
    """The end of a run: every issue, what happened on the way, what is left undone and why,
    and where to look. `where` is the project directory as the person named it, `python` what
    runs our scripts, `program` the one that was started, as it was named (`sys.argv[0]`), and
    `command` what the run was started with and goes on with. `gone`: the tracker ended with the
    run, so that no command is named which asks it."""
    console.print(Text(_headline(board), style="bold"))
    if board.work:
        console.print(_table(board))
    if board.run.rehearsed:
        _say(console, "Money is what the model would have cost; a rehearsal costs nothing.")
    most = None if gone else _TOLD  # what is cut off, the board has
    _list(console, "Warnings", (warning(one, board.at) for one in board.warnings), most)
    _list(console, "Errors", _errors(board, gone), most)
    _list(console, "On the way", _on_the_way(board), most)
    undone = tuple(_undone(board))
    _list(console, "Left undone", undone, most=None)
    if undone and command:
        _list(console, "To go on", (command,), most=None)
    _list(console, "Landed, and waits for your review", _to_review(board, pulls=False), most=None)
    _list(console, "Waits in pull requests", _to_review(board, pulls=True), most=None)
    places = _remains(where) if gone else _places(board, where, python, program)
    _list(console, "Where to look", places, most=None)


def _headline(board: Board) -> str:
    run, total = board.run, len(board.work)
    closed = board.counts.get(Standing.CLOSED, 0)
    how = {RunState.GOING: "still going", RunState.DEAD: "died", RunState.NONE: "no run yet"}
    ended = how.get(run.state, clean(run.why).rstrip(".") or "finished")
    figures = f"{duration(run.elapsed(board.at))}, {money(board.of_run.usd)}"
    return f"{project(run)}: {ended}. {closed} of {count(total, 'issue')} closed, {figures}"


def _table(board: Board) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, show_footer=True)
    table.header_style, table.footer_style = "dim", "bold"
    total = board.of_project
    table.add_column("issue", justify="right", no_wrap=True)
    table.add_column("title", count(len(board.work), "issue"), ratio=3, no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("attempts", str(total.attempts), justify="right", no_wrap=True)
    table.add_column("outcomes", ratio=2)
    table.add_column("time", duration(total.worked), justify="right", no_wrap=True)
    table.add_column("money", money(total.usd), justify="right", no_wrap=True)
    if board.planning.usd:
        table.add_row("", Text("(planning)", style="dim"), *[""] * 4, money(board.planning.usd))
    for row in board.work:
        table.add_row(*_row(row))
    return table


def _row(row: Row) -> tuple[Text, ...]:
    tried = bool(row.outcomes)
    return (
        Text(tag(clean(row.id))),
        Text(clean(row.title)),
        Text(standing(row.standing), style=STYLES[row.standing]),
        Text(str(len(row.outcomes)) if tried else ""),
        Text(clean(", ".join(row.outcomes))),
        Text(duration(row.seconds) if tried else ""),
        Text(money(row.usd) if tried else ""),
    )


def _errors(board: Board, gone: bool) -> Iterable[str]:
    for one in board.incidents:
        of = f" ({tags(one.issues)})" if one.issues else ""
        told = f"{one.count} × {one.kind}{of}"
        if gone and _names_a_command(one):
            yield f"{told}: {one.why}" if one.why else told
        else:
            why = f" ({one.why})" if one.person and one.why else ""
            yield f"{told}: {one.advice}{why}"


def _names_a_command(incident: Incident) -> bool:
    return any(one in incident.advice for one in _COMMANDS)


def _on_the_way(board: Board) -> Iterable[str]:
    for one in board.attempts:
        if one.run == board.run.id and not one.is_going and (met := trouble(one)):
            yield f"{tag(one.issue)} attempt e{one.epoch}: {met}"


def _undone(board: Board) -> Iterable[str]:
    for row in board.work:
        if row.standing not in (Standing.CLOSED, Standing.NEEDS_REVIEW):
            why = situation(row, board.at) or "not tried yet"
            yield f"{tag(row.id)} {row.title} ({standing(row.standing)}): {why}"


def _to_review(board: Board, *, pulls: bool) -> Iterable[str]:
    for row in board.work:
        if row.standing is Standing.NEEDS_REVIEW and bool(pull(row)) is pulls:
            yield f"{tag(row.id)} {row.title}: {situation(row, board.at)}"


def _remains(where: Path) -> Iterable[str]:
    """Where to look once the tracker is gone."""
    yield f"project  {where}"
    # All branches: what waited in pull requests is on no other.
    yield f"commits  git -C {shlex.quote(str(where))} log --graph --oneline --all"
    yield _logs(where)
    yield "issues   were on the GitHub of this rehearsal, and are gone with it: no link leads there"


def _logs(where: Path) -> str:
    return f"logs     {where / '.nightshift' / 'logs'}"


def _places(board: Board, where: Path, python: str, program: str) -> Iterable[str]:
    path = shlex.quote(str(where))
    yield f"project  {where}"
    yield f"commits  git -C {path} log --graph --oneline {shlex.quote(board.run.target)}".rstrip()
    yield f"board    {_monitor(python, program)} {path}"
    yield _logs(where)
    if board.counts.get(Standing.BLOCKED):
        issue = Path(python).with_name("issue")
        yield f"again    {issue} reopen N --project-dir {path}"


def _monitor(python: str, program: str) -> str:
    """What shows the board, from where the run was started: the script beside that one, or the
    same command."""
    started = Path(program)
    if started.suffix == ".py":
        return f"{python} {shlex.quote(str(started.with_name('monitor.py')))}"
    return f"{shlex.quote(str(started))} monitor"


def _list(console: Console, title: str, lines: Iterable[str], most: int | None) -> None:
    every = [clean(one) for one in lines]
    if not every:
        return
    console.print()
    console.print(Text(title, style="bold"))
    for line in every[:most]:
        _say(console, f"  {line}")
    if most is not None and len(every) > most:
        _say(console, f"  … and {len(every) - most} more: the board has them all")


def _say(console: Console, line: str) -> None:
    """Never wrapped: these lines are copied and searched."""
    console.print(Text(line), soft_wrap=True)
