"""The box of macOS, where there is no bubblewrap: weaker, and it says so.

Two things stand in for one. A check, and whatever else of ours reads a clone, runs under
`sandbox-exec` with the profile written here. A session's program is started as it is, because
such a sandbox cannot be put into another: it confines the commands that it runs by a sandbox of
its own (see `agents.sandbox`), which is Seatbelt too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from .cell import Cell
from .unboxed import Unboxed

WEAKER = (
    "Sessions run in the sandbox of Claude Code itself, which is weaker than the box of Linux: it "
    "confines commands, and its rules the file tools, but not the program, which reaches what you "
    "can. Commands reach no network; they see your processes and read what is not named private."
)
"""What people are told before a run starts."""

_DEVICES = ("null", "zero", "tty", "ptmx", "dtracehelper", "stdout", "stderr")
_ELSEWHERE = ("lsopen", "appleevent-send", "job-creation")
"""How one has another program, outside, do something. Only where this macOS knows the word:
with one that is unknown no check would start at all."""


_WORD = "what-is-theirs"
_TRY = """
grep -q "$1" "$2" && echo 'read what is private with a check'
echo x >>"$2"
: >ended
"""


class Seatbelt:
    """`private` are paths that nothing in it may read, except what a cell names. `programs` are
    as for `Unboxed`.

    Not promised, other than by bubblewrap: that processes of the person cannot be seen, that
    what runs ends with us, that nothing of the system's services answers.
    """

    name = "seatbelt"
    confines = False

    def __init__(self, programs: Sequence[Path] = (), private: Sequence[Path] = ()) -> None:
        self.private = tuple(private)
        self.outside = Unboxed(programs)
        """How the program is started that confines its commands by itself."""

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        room = str(cell.writable[-1] if cell.writable else cell.directory)
        inside = replace(cell, environment={"TMPDIR": room, **cell.environment})
        profile = profile_of(cell, self.private)
        return self.outside.wrap(["/usr/bin/sandbox-exec", "-p", profile, *command], inside)


def has_seatbelt(platform: str = sys.platform) -> bool:
    """Whether this is a macOS that still has it."""
    return platform == "darwin" and shutil.which("sandbox-exec", path="/usr/bin") is not None


def loose(box: Seatbelt, place: Path) -> tuple[str, ...]:
    """What a check could do and must not, as ends of "one can ...". `place` is emptied, and
    removed at the end. A sandbox that does not start is told of too."""
    shutil.rmtree(place, ignore_errors=True)
    for name in ("mine", "theirs"):
        (place / name).mkdir(parents=True)
    theirs = place / "theirs" / "file"
    theirs.write_text(_WORD)
    cell = Cell(directory=place / "mine", writable=(place / "mine",))
    words = ["/bin/sh", "-c", _TRY, "sh", _WORD, str(theirs)]
    try:
        ran = subprocess.run(box.wrap(words, cell), capture_output=True, check=False)
        found = ran.stdout.decode(errors="replace").splitlines()
        if theirs.read_text() != _WORD:
            found.append("write outside of its checkout with a check")
        if not (place / "mine" / "ended").exists():
            found.append(
                f"do what could not be tried: {ran.stderr.decode(errors='replace')[-300:]}"
            )
        return tuple(found)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def profile_of(cell: Cell, private: Iterable[Path]) -> str:
    """What Seatbelt is told of a cell, in its own language, in which the last rule that fits
    counts. It names real paths, because that is what Seatbelt compares."""
    named = (cell.directory, *cell.writable, *cell.readable)
    return "\n".join(
        [
            "(version 1)",
            "(allow default)",
            "(deny signal)",
            "(allow signal (target same-sandbox))",
            *(f"(if (defined? '{one}) (deny {one}))" for one in _ELSEWHERE),
            *(() if cell.network else ("(deny network*)",)),
            "(deny file-write*)",
            *_rule("allow file-write*", _subpaths(cell.writable), _devices()),
            # Not what lies there: programs look at every directory above the one they are in.
            *_rule("deny file-read-data", _subpaths(private)),
            *_rule("allow file-read-data", _subpaths(named)),
        ]
    )


def _rule(what: str, *filters: Iterable[str]) -> Iterator[str]:
    """Nothing where there is no filter: a rule without one is for everything."""
    if words := [one for some in filters for one in some]:
        yield f"({what} {' '.join(words)})"


def _subpaths(paths: Iterable[Path]) -> Iterator[str]:
    return (f"(subpath {_quoted(os.path.realpath(path))})" for path in paths)


def _devices() -> Iterator[str]:
    return (f'(literal "/dev/{name}")' for name in _DEVICES)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
