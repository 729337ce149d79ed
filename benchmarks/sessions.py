"""Scripted sessions, good and bad, of which is known whether their work lands.

Each kind is a short program over a `Tape`, which writes the events of a session as a real one
would; a seed makes the sessions of one kind differ. Whether the work lands is decided by what the
script did to the work, not by what can be seen: some that look well do not land, and some that
look bad do. They were written by us, with what people report of real sessions in mind; figures
from them say how the score tells these kinds apart, not how often real sessions are of a kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from framework.domain.call import digest_of, edit_of
from framework.domain.facts import Facts, Work
from framework.domain.session import (
    SessionEvent,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Used,
)
from framework.domain.vitals import Vitals

_WINDOW = 200_000


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """One session: the facts about it, and whether its work landed."""

    kind: str
    facts: Facts
    landed: bool
    events: int


@dataclass(kw_only=True)
class Tape:
    """Writes a session. `works` says whether the work, as it is, would pass its checks."""

    dice: random.Random
    works: bool = False
    events: list[tuple[float, SessionEvent]] = field(default_factory=list)
    _at: float = 0.0
    _turns: int = 0
    _usd: float = 0.0
    _context: int = 12_000
    _calls: int = 0
    _changed: dict[str, int] = field(default_factory=dict)
    _commits: int = 0
    _committed: bool = False

    def turn(self, *, dear: float = 1.0) -> None:
        """One answer of the model, which reads all that came before."""
        self._at += self.dice.uniform(3, 20)
        self._turns += 1
        self._context += self.dice.randint(400, 2500)
        self._usd += dear * (0.004 + self._context * 5e-7)
        spending = Spending(turns=self._turns, tools=self._calls, usd=self._usd)
        self._tell(Used(spending=spending, context=self._context, window=_WINDOW))

    def stuff(self, tokens: int) -> None:
        """Something long is read into the context."""
        self.call("Bash", {"command": f"cat log.{self._calls}"})
        self._context = min(int(0.97 * _WINDOW), self._context + tokens)

    def wait(self, seconds: float) -> None:
        self._at += seconds

    def call(
        self,
        tool: str,
        arguments: Mapping[str, str],
        *,
        failed: bool = False,
        refused: bool = False,
    ) -> None:
        self._calls += 1
        name, digest = f"c{self._calls}", digest_of(tool, arguments)
        edit = edit_of(arguments)
        self._tell(ToolCalled(call=name, tool=tool, summary="", digest=digest, edit=edit))
        self._at += self.dice.uniform(0.1, 9)
        self._tell(ToolEnded(call=name, failed=failed, refused=refused))

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            path = f"src/m{self.dice.randint(0, 60)}.py"
            self.call("Read", {"file_path": path, "offset": str(self.dice.randint(0, 900))})

    def edit(self, path: str, before: str, after: str, *, failed: bool = False) -> None:
        arguments = {"file_path": path, "old_string": before, "new_string": after}
        self.call("Edit", arguments, failed=failed)
        if not failed:
            self._changed[path] = self._changed.get(path, 0) + self.dice.randint(4, 40)

    def change(self, files: int = 1) -> None:
        """New work in so many files."""
        for _ in range(files):
            path = f"src/m{self.dice.randint(0, 400)}.py"
            self.edit(path, f"old {self._calls}", f"new {self._calls}")

    def test(self, *, green: bool, command: str = "make test") -> None:
        self.call("Bash", {"command": command}, failed=not green)

    def commit(self) -> None:
        self.call("Bash", {"command": f"git add -A && git commit -m {self._calls}"})
        self._commits += bool(self._changed)
        self._committed = bool(self._changed)

    def played(self, kind: str) -> Scripted:
        """The session as the host saw it."""
        vitals = Vitals()
        vitals.take(Started(session=kind, model="scripted"), 0)
        for at, event in self.events:
            vitals.take(event, at)
        vitals.rest(self._at)
        work = Work()
        if self._commits:
            lines = sum(self._changed.values())
            work = Work(commits=self._commits, files=len(self._changed), lines=lines)
        return Scripted(
            kind=kind,
            facts=vitals.facts(work),
            landed=self.works and self._committed,
            events=len(self.events),
        )

    def _tell(self, event: SessionEvent) -> None:
        self.events.append((self._at, event))


Script = Callable[[Tape], None]


def steady(tape: Tape) -> None:
    """Looks, changes, tests red, changes, tests green, commits."""
    for _ in range(tape.dice.randint(1, 4)):
        tape.turn()
        tape.look(tape.dice.randint(1, 4))
        tape.turn()
        tape.change(tape.dice.randint(1, 3))
        tape.test(green=False)
        tape.turn()
        tape.change()
        tape.test(green=True)
        tape.commit()
    tape.works = tape.dice.random() < 0.95


def small(tape: Tape) -> None:
    """One edit in one file after much reading; tests once."""
    tape.turn()
    tape.look(tape.dice.randint(4, 15))
    tape.turn()
    tape.change()
    tape.test(green=True)
    tape.commit()
    tape.works = tape.dice.random() < 0.9


def thorough(tape: Tape) -> None:
    """Long and good: much is read and tested, some commands fail, checks go green one by one."""
    for step in range(tape.dice.randint(6, 12)):
        tape.turn()
        tape.look(tape.dice.randint(3, 9))
        tape.change(tape.dice.randint(1, 2))
        tape.test(green=False, command=f"pytest tests/test_{step}.py")
        tape.turn()
        tape.change()
        tape.test(green=True, command=f"pytest tests/test_{step}.py")
    tape.commit()
    tape.works = tape.dice.random() < 0.9


def untested(tape: Tape) -> None:
    """Writes quickly, tests nothing, commits: a coin decides."""
    tape.turn()
    tape.change(tape.dice.randint(2, 9))
    tape.turn()
    tape.commit()
    tape.works = tape.dice.random() < 0.4


def confident(tape: Tape) -> None:
    """Looks like steady work, and breaks what another issue needs: it never lands."""
    steady(tape)
    tape.works = False


def looper(tape: Tape) -> None:
    """The same commands again and again; a few find out in the end."""
    tape.turn()
    tape.change(tape.dice.randint(0, 2))
    for _ in range(tape.dice.randint(5, 25)):
        tape.turn()
        tape.test(green=False)
        tape.call("Bash", {"command": "git status"})
    if tape.dice.random() < 0.2:
        tape.change()
        tape.test(green=True)
        tape.works = True
    if tape.works or tape.dice.random() < 0.4:
        tape.commit()


def reverter(tape: Tape) -> None:
    """Edits back and forth between two versions, neither of which passes; a few get out of it."""
    for _ in range(tape.dice.randint(2, 8)):
        tape.turn()
        tape.edit("src/core.py", "first", "second")
        tape.test(green=False)
        tape.turn()
        tape.edit("src/core.py", "second", "first")
        tape.test(green=False)
    if tape.dice.random() < 0.25:
        tape.change(2)
        tape.test(green=True)
        tape.works = True
    tape.commit()


def silent(tape: Tape) -> None:
    """Begins well and falls silent; now and then it wakes up and finishes."""
    tape.turn()
    tape.look(3)
    tape.change(tape.dice.randint(0, 2))
    tape.wait(tape.dice.uniform(200, 900))
    if tape.dice.random() < 0.25:
        tape.turn()
        tape.change()
        tape.test(green=True)
        tape.commit()
        tape.works = True


def expensive(tape: Tape) -> None:
    """Reads itself full, each turn dearer than the last, and changes little."""
    for _ in range(tape.dice.randint(12, 30)):
        tape.turn(dear=4)
        tape.stuff(tape.dice.randint(4_000, 12_000))
    tape.change(tape.dice.randint(1, 2))
    tape.test(green=False)
    tape.turn(dear=4)
    tape.works = tape.dice.random() < 0.3
    if tape.works:
        tape.change()
        tape.test(green=True)
    if tape.works or tape.dice.random() < 0.5:
        tape.commit()


def refused(tape: Tape) -> None:
    """Tries what the rules forbid; half of them are steered and do it properly."""
    is_steered = tape.dice.random() < 0.5
    for number in range(tape.dice.randint(1, 3) if is_steered else tape.dice.randint(4, 12)):
        tape.turn()
        tape.call("Bash", {"command": f"git push --force {number}"}, refused=True, failed=True)
    if is_steered:
        steady(tape)


def fumbler(tape: Tape) -> None:
    """Edits that do not match and commands that do not exist, with little to show for it."""
    for number in range(tape.dice.randint(6, 20)):
        tape.turn()
        tape.edit(f"src/m{number}.py", f"not there {number}", "x", failed=True)
        tape.call("Bash", {"command": f"frobnicate {number}"}, failed=tape.dice.random() < 0.7)
        tape.look()
    if tape.dice.random() < 0.4:
        tape.change()
        tape.commit()
        tape.works = tape.dice.random() < 0.5


def sprawler(tape: Tape) -> None:
    """Rewrites half the project: it seldom merges with what the others did meanwhile."""
    for _ in range(tape.dice.randint(4, 8)):
        tape.turn()
        tape.change(tape.dice.randint(10, 25))
    tape.test(green=True)
    tape.commit()
    tape.works = tape.dice.random() < 0.2


def idle(tape: Tape) -> None:
    """Looks around, says that it is finished, and has committed nothing."""
    for _ in range(tape.dice.randint(1, 5)):
        tape.turn()
        tape.look(tape.dice.randint(1, 5))


KINDS: tuple[Script, ...] = (
    steady,
    small,
    thorough,
    untested,
    confident,
    looper,
    reverter,
    silent,
    expensive,
    refused,
    fumbler,
    sprawler,
    idle,
)
TIMES: Mapping[Script, int] = {steady: 20, small: 12, thorough: 12, confident: 4}
"""How often a kind is played, where not as often as any other: good sessions are the rule."""

USUALLY = 8


def scripted(seed: int) -> list[Scripted]:
    """All of them; the same seed gives the same."""
    found = []
    for script in KINDS:
        for number in range(TIMES.get(script, USUALLY)):
            tape = Tape(dice=random.Random(f"{seed}/{script.__name__}/{number}"))
            script(tape)
            found.append(tape.played(script.__name__))
    return found
