"""What a session's events and its work in git say about it, counted as they come.

The memory is bounded: only the latest calls and files are remembered, which is where loops are.
Nothing here reads what an agent says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

from .facts import Facts, Work
from .session import (
    Edit,
    Quota,
    Said,
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Used,
    Waiting,
)

T = TypeVar("T")

COMMANDS = frozenset({"Bash"})
"""The tools that run a command, which fails when the command does."""

_CALLS = 256
_FILES = 64
_EDITS = 8
_TURNS = 8
"""Over how many of the latest turns the cost of a turn is taken."""


@dataclass(kw_only=True)
class _Command:
    """One command's runs so far."""

    runs: int = 0
    failed: bool = False


@dataclass(kw_only=True)
class Vitals:
    """Takes a session's events one by one, with the second at which each came by any steady
    clock. Turns of the same session go on in the same vitals; between them it rests."""

    _tools: int = 0
    _edits: int = 0
    _repeated: int = 0
    _reverted: int = 0
    _refused: int = 0
    _failed: int = 0
    _greened: int = 0
    _silence: float = 0.0
    _heard: float | None = None
    _context: int = 0
    _window: int = 0
    _spending: Spending = field(default_factory=Spending)
    _seen: dict[str, int] = field(default_factory=dict)
    _commands: dict[str, _Command] = field(default_factory=dict)
    _files: dict[str, deque[Edit]] = field(default_factory=dict)
    _open: dict[str, str] = field(default_factory=dict)
    _costs: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_TURNS + 1))

    def take(self, event: SessionEvent, at: float) -> None:
        """An event that came at `at`."""
        if isinstance(event, Started):
            self._heard = at
        self._listen(at)
        match event:
            case ToolCalled():
                self._called(event)
            case ToolEnded():
                self._ended(event)
            case Used():
                self._used(event)
            case Started() | Said() | Waiting() | Quota():
                pass

    def rest(self, at: float) -> None:
        """The turn has ended at `at`: what comes before the next event is no silence."""
        self._listen(at)
        self._heard = None
        self._open.clear()

    def facts(self, work: Work) -> Facts:
        """What is known by now, together with what was committed."""
        return Facts(
            commits=work.commits,
            files=work.files,
            lines=work.lines,
            turns=self._spending.turns,
            tools=self._tools,
            greened=self._greened,
            red=sum(one.failed and one.runs > 1 for one in self._commands.values()),
            repeated=self._repeated,
            reverted=self._reverted,
            refused=self._refused,
            failed=self._failed,
            context=round(self._context / self._window, 3) if self._window else 0.0,
            usd=round(self._spending.usd, 6),
            growth=round(self._growth(), 3),
            silence=round(self._silence, 3),
        )

    def _listen(self, at: float) -> None:
        if self._heard is not None and not self._open:
            self._silence = max(self._silence, at - self._heard)
        self._heard = at

    def _called(self, event: ToolCalled) -> None:
        self._tools += 1
        _keep(self._open, event.call, event.digest if event.tool in COMMANDS else "", _CALLS)
        if not event.digest:
            return
        if self._seen.get(event.digest) == self._edits:
            self._repeated += 1
        elif event.edit is not None:
            self._edited(event.edit)
        _keep(self._seen, event.digest, self._edits, _CALLS)

    def _edited(self, edit: Edit) -> None:
        self._edits += 1
        earlier = self._files.get(edit.path) or deque(maxlen=_EDITS)
        self._reverted += _is_undone(edit, earlier)
        earlier.append(edit)
        _keep(self._files, edit.path, earlier, _FILES)

    def _ended(self, event: ToolEnded) -> None:
        command = self._open.pop(event.call, "")
        if event.refused:
            self._refused += 1
            return
        self._failed += event.failed
        if command:
            self._ran(command, failed=event.failed)

    def _ran(self, command: str, *, failed: bool) -> None:
        one = self._commands.get(command) or _Command()
        self._greened += one.failed and not failed
        one.runs, one.failed = one.runs + 1, failed
        _keep(self._commands, command, one, _CALLS)

    def _used(self, event: Used) -> None:
        if event.spending.turns > self._spending.turns:
            self._costs.append((self._spending.turns, self._spending.usd))
        self._spending = event.spending
        self._context = event.context or self._context
        self._window = event.window or self._window

    def _growth(self) -> float:
        turns, usd = self._spending.turns, self._spending.usd
        if turns <= _TURNS or usd <= 0 or len(self._costs) <= _TURNS:
            return 0.0
        then, cost = self._costs[1]
        return ((usd - cost) / (turns - then)) / (usd / turns) if turns > then else 0.0


def _is_undone(edit: Edit, earlier: deque[Edit]) -> bool:
    """Whether it puts back what one of the `earlier` changed. A whole file that is written as it
    was two versions ago or more is put back too."""
    if edit.before:
        return any(one.before == edit.after and one.after == edit.before for one in earlier)
    versions = [one.after for one in earlier if not one.before]
    return edit.after in versions[:-1]


def _keep(table: dict[str, T], key: str, value: T, most: int) -> None:
    """Remember it as the latest, and forget the oldest beyond `most`."""
    table.pop(key, None)
    table[key] = value
    if len(table) > most:
        del table[next(iter(table))]
