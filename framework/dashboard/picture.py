"""The board as rich draws it, for any terminal and for text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from ..domain.board import Board, Row, Slot, Standing
from ..domain.chronicle import Attempt, RunState, Stage
from ..domain.event import Entry, Warned
from ..domain.incidents import Incident
from ..domain.legible import clean
from ..domain.story import count, describe, money, tag, tags
from .wording import (
    STYLES,
    clock,
    clock_at,
    duration,
    explained,
    outcome_style,
    project,
    situation,
    standing,
    warning,
)

_ORDER = list(Standing)
_TAIL = 10
_WARNINGS = 3
_SOME = 4


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A board as rich draws it, as wide as the console. With a `height` it has at most so many
    lines and leaves out the less important rows; without, it shows every issue."""

    board: Board
    height: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        top = [*_header(self.board), *_progress(self.board, options.max_width)]
        top += _warnings(self.board, most=None if self.height is None else _WARNINGS)
        sections = _sections(self.board)
        yield from top
        wanted = [len(one.items) for one in sections]
        if self.height is not None:
            wanted = allot(self.height - len(top), wanted, [one.least for one in sections])
        for section, rows in zip(sections, wanted, strict=True):
            if rows:
                yield from section.draw(rows)


@dataclass(frozen=True, kw_only=True)
class _Section:
    """Rows under a rule. `least` rows come before anything else gets more; `newest` says that
    the last items are the ones to keep."""

    title: str
    items: Sequence[Any]
    columns: str
    row: Callable[[Any], tuple[Text, ...]]
    least: int
    newest: bool = False

    def draw(self, rows: int) -> Iterator[Rule | Table | Text]:
        yield Rule(Text(self.title, style="bold"), align="left", style="dim")
        table = Table(
            *(_column(letter) for letter in self.columns),
            box=None,
            show_header=False,
            expand=True,
            padding=(0, 2, 0, 0),
        )
        left_out = len(self.items) - rows
        if self.newest or left_out <= 0:
            shown, rest = self.items[-rows:], ""
        else:
            shown, rest = self.items[: rows - 1], f"… and {left_out + 1} more"
        for item in shown:
            table.add_row(*self.row(item))
        if shown:
            yield table
        if rest:
            yield Text(rest, style="dim")


def allot(space: int, wanted: Sequence[int], least: Sequence[int]) -> list[int]:
    """How many rows each section gets of `space` lines, one of which goes to each rule.

    In the given order every section gets its least if there is room for it, else nothing; what
    is left is dealt out row by row.
    """
    given = []
    for want, low in zip(wanted, least, strict=True):
        rows = min(want, low)
        fits = 0 < rows < space
        given.append(rows if fits else 0)
        space -= rows + 1 if fits else 0
    while space > 0 and (short := [i for i, n in enumerate(given) if 0 < n < wanted[i]]):
        for index in short[:space]:
            given[index] += 1
        space -= len(short)
    return given


def _header(board: Board) -> list[Table | Text]:
    run = board.run
    name = Text(project(run), style="bold")
    if run.target:
        name.append(f"  onto {clean(run.target)}", style="not bold")
    for word, style, shown in (
        ("rehearsed", "magenta", run.rehearsed),
        ("not boxed", "bold red", not run.boxed),
    ):
        name.append(f"  {word}" if shown else "", style=style)
    state, style = _state(board)
    figures = f"  {duration(run.elapsed(board.at))}  {money(board.of_run.usd)}"
    line = Table(_column("w"), _column("r"), box=None, show_header=False, expand=True, padding=0)
    line.add_row(name, Text.assemble((state, style), figures if run.started else ""))
    why = _why(board)
    return (
        [line, Text(clean(why), style="dim", no_wrap=True, overflow="ellipsis")] if why else [line]
    )


def _state(board: Board) -> tuple[str, str]:
    match board.run.state:
        case RunState.NONE:
            return "no run yet", "dim"
        case RunState.GOING:
            return "going", "bold green"
        case RunState.FINISHED if board.run.code == 0:
            return "finished", "bold cyan"
        case RunState.FINISHED:
            return f"finished with exit code {board.run.code}", "bold yellow"
        case RunState.DEAD:
            return "dead", "bold red"


def _why(board: Board) -> str:
    run = board.run
    match run.state:
        case RunState.NONE:
            return "Nothing has run here: start with parallel_agent.py or autonomous_agent.py."
        case RunState.FINISHED:
            return run.why
        case RunState.DEAD:
            at = f" after {clock(run.ended, board.at)}" if run.ended else ""
            return f"The runner died{at}. Run the same command again: nothing is lost."
        case RunState.GOING:
            return _planning(board)


def _planning(board: Board) -> str:
    planning = board.planning
    match planning.stage:
        case Stage.PLANNING:
            since = (board.at - planning.since).total_seconds() if planning.since else 0
            return f"Planning from {planning.spec}, {duration(since)} so far"
        case Stage.REFUSED:
            found = count(len(planning.problems), "problem")
            return f"The plan is with its author again, {found}: {'; '.join(planning.problems)}"
        case Stage.ACCEPTED:
            return f"Creating {count(planning.issues, 'issue')}"
        case Stage.NONE | Stage.CREATED:
            return ""


def _progress(board: Board, width: int) -> list[Text]:
    total, closed = len(board.work), board.counts.get(Standing.CLOSED, 0)
    if not total:
        return []
    label = f"  {closed} of {count(total, 'issue')} closed"
    room = max(0, width - len(label))
    filled = room * closed // total
    bar = Text.assemble(("━" * filled, "green"), ("─" * (room - filled), "dim"), label)
    counts = [
        Text(f"{number} {standing(one)}", style=STYLES[one])
        for one, number in board.counts.items()
        if number
    ]
    return [_one_line(bar), _one_line(Text(" · ", style="dim").join(counts))]


def _warnings(board: Board, *, most: int | None) -> list[Text]:
    told = [warning(one, board.at) for one in board.warnings[:most]]
    return [_one_line(Text(f"! {one}", style="yellow")) for one in told]


def _sections(board: Board) -> list[_Section]:
    """Most important first."""
    going = board.run.state is RunState.GOING
    rows = sorted(board.issues, key=lambda row: _ORDER.index(row.standing))
    ended = [one for one in board.attempts if not one.is_going]
    news = [one for one in board.recent if not isinstance(one.event, Warned)]
    slots = board.slots if going else ()
    return [
        _Section(
            title="Slots",
            items=slots,
            columns="rrwrrrrW",
            least=8,
            row=lambda slot: _slot(slot, board),
        ),
        _Section(
            title="Issues", items=rows, columns="rlwwr", least=4, row=lambda row: _issue(row, board)
        ),
        _Section(title="Errors", items=board.incidents, columns="rllw", least=2, row=_incident),
        _Section(
            title="Events",
            items=news[-_TAIL:],
            columns="lw",
            least=4,
            row=lambda entry: _event(entry, board),
            newest=True,
        ),
        _Section(
            title="Attempts",
            items=ended[-_TAIL:],
            columns="rrlrrrrw",
            least=3,
            row=_attempt,
            newest=True,
        ),
    ]


def _slot(slot: Slot, board: Board) -> tuple[Text, ...]:
    one = slot.attempt
    number = Text(str(slot.number), style="dim")
    if one is None:
        return number, Text(), Text("idle", style="dim"), *[Text()] * 5
    paused = one.paused_until is not None and one.paused_until > board.at
    note = (
        f"paused until {clock(one.paused_until, board.at)}: " if paused and one.paused_until else ""
    )
    return (
        number,
        Text(tag(clean(one.issue)), style="yellow" if paused else STYLES[Standing.RUNNING]),
        Text(clean(one.title)),
        Text(f"e{one.epoch}", style="dim"),
        Text(duration(one.seconds)),
        Text(count(one.tools, "tool"), style="dim"),
        Text(money(one.usd)),
        Text(note + clean(one.note), style="yellow" if paused else "dim"),
    )


def _issue(row: Row, board: Board) -> tuple[Text, ...]:
    style = STYLES[row.standing]
    return (
        Text(tag(clean(row.id)), style=style),
        Text(standing(row.standing), style=style),
        Text(clean(row.title)),
        Text(clean(situation(row, board.at)), style="dim"),
        Text(money(row.usd) if row.usd else "", style="dim"),
    )


def _incident(one: Incident) -> tuple[Text, ...]:
    told = one.advice if one.person or one.why == one.kind else one.why
    return (
        Text(f"{one.count}×", style="dim"),
        Text(clean(one.kind), style="bold red" if one.person else "yellow"),
        Text(clean(tags(one.issues[:_SOME])) + (" …" if one.issues[_SOME:] else ""), style="dim"),
        Text(clean(told), style="" if one.person else "dim"),
    )


def _attempt(one: Attempt) -> tuple[Text, ...]:
    return (
        Text(tag(clean(one.issue))),
        Text(f"e{one.epoch}", style="dim"),
        Text(clean(one.outcome), style=outcome_style(one.outcome)),
        Text(duration(one.seconds)),
        Text(count(one.turns, "turn") if one.turns else "", style="dim"),
        Text(count(one.tools, "tool"), style="dim"),
        Text(money(one.usd)),
        Text(clean(explained(one)), style="dim"),
    )


def _event(entry: Entry, board: Board) -> tuple[Text, ...]:
    told = describe(entry.event, clock=clock_at(board.at)) or ""
    return Text(clock(entry.at, board.at), style="dim"), Text(clean(told))


def _column(letter: str) -> Column:
    """`l`eft or `r`ight as narrow as its text, `w`ide or twice as `W`ide with what is left."""
    return Column(
        no_wrap=True,
        overflow="ellipsis",
        justify="right" if letter == "r" else "left",
        ratio={"w": 2, "W": 3}.get(letter),
    )


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
