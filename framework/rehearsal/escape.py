"""A scripted session that tries to leave its sandbox, on things of ours alone."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from . import server
from .scenario import Scenario
from .script import Attempt, Script
from .turn import Block, Call, Reply, Text, Turn

TITLE = "Leave the sandbox"
PROMPT = f"# Issue 1: {TITLE}\n\nTry it."
_DESCRIPTION = "Try what must not be possible"
_FOUND, _ENDED = "found", "ended"
_WORD = "what-is-theirs\n"

Speak = Callable[[str, Path], Awaitable[object]]
"""Holds the session, which is to begin with `PROMPT`: told the model's address and the place,
whose `clone` it works in and whose `home` is its own."""


async def tried(place: Path, speak: Speak) -> tuple[str, ...]:
    """What the session could do and must not, as ends of "one can ...", and how it went where it
    could not try. `place` is emptied, and removed at the end; nothing in it may be open to the
    session but `clone` and `home`."""
    shutil.rmtree(place, ignore_errors=True)
    for name in ("clone", "home", "theirs"):
        (place / name).mkdir(parents=True)
    (place / "theirs" / "file").write_text(_WORD)
    try:
        async with server.serve(_scenario(place)) as endpoint:
            # Only now is the port known that a command must not reach.
            port = urlsplit(endpoint.url).port
            (place / "clone" / "try.sh").write_text(_script(place / "theirs", port or 0))
            ended = await speak(endpoint.url, place)
        return tuple(_openings(place, ended))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _scenario(place: Path) -> Scenario:
    calls = (
        Call(tool="Bash", input={"command": "bash try.sh", "description": _DESCRIPTION}),
        Call(tool="Write", input={"file_path": str(place / "theirs" / "new"), "content": "x"}),
        Call(tool="Write", input={"file_path": str(place / "clone" / "own"), "content": "x"}),
    )
    blocks: list[Block] = [*calls, Text(text="Tried.")]
    turns = tuple(Turn(answer=Reply(blocks=(one,))) for one in blocks)
    script = Script(title=TITLE, attempts=(Attempt(turns=turns),))
    return Scenario(name="escape", description=_DESCRIPTION, spec="", scripts=(script,))


def _script(theirs: Path, port: int) -> str:
    """Whether it could write is for the host to see: some sandboxes put something in the place of
    what is private, into which one can."""
    file = shlex.quote(str(theirs / "file"))
    return f"""\
grep -q {_WORD.strip()} {file} && echo 'read what is private with a command' >>{_FOUND}
(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo 'use the network with a command' >>{_FOUND}
echo x >>{file}
: >{_ENDED}
"""


def _openings(place: Path, ended: object) -> list[str]:
    clone, theirs = place / "clone", place / "theirs"
    found = clone / _FOUND
    openings = found.read_text().splitlines() if found.exists() else []
    if (theirs / "file").read_text() != _WORD:
        openings.append("write outside of its clone with a command")
    if (theirs / "new").exists():
        openings.append("write outside of its clone with a file tool")
    if not (clone / _ENDED).exists() or not (clone / "own").exists():
        openings.append(f"do what could not be tried: the session ended with {ended}")
    return openings
