"""The CLI's own sandbox, which stands in for the box on macOS, as far as Linux can show it: the
real CLI, a scripted model, and a sandbox that the CLI makes itself."""

from __future__ import annotations

import gc
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from framework.agents import trial
from framework.agents.base import Conversation
from framework.agents.claude import ClaudeAgent, Token
from framework.box import Cell, Seatbelt, Unboxed, programs
from framework.domain.session import (
    Completed,
    Limits,
    SessionEvent,
    ToolCalled,
    ToolEnded,
    Troubled,
)
from framework.rehearsal import escape, scenario, server

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        not (shutil.which("bwrap") and shutil.which("socat")),
        reason="on Linux the CLI's sandbox needs bubblewrap and socat",
    ),
    # Where the CLI has ended with an error, the SDK leaves its pipes to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*(Transport.__del__|FileIO)"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]
CANARY = "canary-41c7"
PATH = "/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _pipes_are_collected_here() -> Iterator[None]:
    """And not in somebody else's test, where the filter above does not hold."""
    yield
    gc.collect()


class Lacking(Unboxed):
    """A machine on which one program is missing."""

    def __init__(self, missing: str) -> None:
        super().__init__(programs(PATH))
        self._missing = missing

    def wrap(self, command: Sequence[str], cell: Cell) -> list[str]:
        hidden = ("--dev-bind", "/", "/", "--ro-bind", "/dev/null", self._missing)
        return ["bwrap", *hidden, "--", *super().wrap(command, cell)]


def lacking(missing: str, *private: Path) -> Seatbelt:
    box = Seatbelt(programs(PATH), private)
    box.outside = Lacking(missing)
    return box


async def play(root: Path, turns: Sequence[dict[str, Any]], box: Seatbelt) -> tuple[Any, Any]:
    """How a session of these turns ended, and whether each tool call was let through."""
    for name in ("scenario", "clone", "home"):
        (root / name).mkdir()
    (root / "scenario" / "app_spec.txt").write_text("x")
    text = {"name": "t", "description": "t", "spec": "app_spec.txt"}
    sessions = [{"issue": "Try it", "turns": [*turns, {"say": "ok"}]}]
    (root / "scenario" / "scenario.yaml").write_text(yaml.safe_dump({**text, "sessions": sessions}))
    script = scenario.load(root / "scenario" / "scenario.yaml")
    events: list[SessionEvent] = []
    async with server.serve(script, now=time.time) as endpoint:
        agent = ClaudeAgent(
            box=box,
            tokens={"": Token(value=CANARY, oauth=True)},
            model="sonnet",
            endpoint=endpoint.url,
        )
        conversation = Conversation(
            session=str(uuid.uuid4()),
            prompt="# Issue 1: Try it\n\nDo it.",
            system="You are brief.",
            directory=root / "clone",
            home=root / "home",
            log=root / "logs" / "session.jsonl",
            issue="1",
            branch="issue/1",
            limits=Limits(seconds=90),
        )
        end = await agent.converse(conversation, events.append)
    assert endpoint.faults == []
    names = {one.call: one.tool for one in events if isinstance(one, ToolCalled)}
    ended = [one for one in events if isinstance(one, ToolEnded)]
    return end, [(names[one.call], not one.failed) for one in ended]


def questions(*lines: str) -> list[dict[str, Any]]:
    """Turns that run each line and say `yes` or `no` in the clone's file `said`. In a file of its
    own, so that the guard, which only steers, does not see it."""
    text = "".join(f"if {line}; then echo yes; else echo no; fi\n" for line in lines)
    return [{"write": {"path": "ask.sh", "text": text}}, {"bash": "bash ask.sh >said 2>err"}]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: the CLI's sandbox has sockets, whose paths have 107 bytes."""
    with TemporaryDirectory(prefix="ns-") as place:
        yield Path(place)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Something private, with a file in it."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / ".env").write_text(f"TOKEN={CANARY}\n")
    return tmp_path / "theirs"


async def test_commands_reach_nothing_but_the_clone(tmp_path: Path, theirs: Path) -> None:
    """Writing outside, also beside the clone and into the CLI's own configuration, reading what
    is private, and the network are refused; the clone, its room and git work."""
    lines = (
        *("echo x >own", "git init -q .", "touch $TMPDIR/x", "touch $HOME/x"),
        *(f"grep -r {CANARY} {theirs}", f"echo x >>{tmp_path}/beside"),
        f"touch {tmp_path}/home/claude/settings.json",
        *("touch /usr/x", "touch ~root/x", "(exec 3<>/dev/tcp/1.1.1.1/53)"),
        '(exec 3<>"/dev/tcp/127.0.0.1/${ANTHROPIC_BASE_URL##*:}")',
        f"echo x >>{theirs}/.env && false",  # on Linux into what stands in its place
    )
    end, _ = await play(tmp_path, questions(*lines), Seatbelt(programs(PATH), (theirs,)))
    assert isinstance(end, Completed), end
    said = (tmp_path / "clone" / "said").read_text().split()
    assert said == ["yes"] * 4 + ["no"] * 8
    assert (theirs / ".env").read_text() == f"TOKEN={CANARY}\n"
    assert not (tmp_path / "beside").exists()


async def test_file_tools_keep_to_the_clone(tmp_path: Path, theirs: Path) -> None:
    """Read, Grep, Glob and Write outside are refused, also through links that a command made; a
    file of the clone can be written and read."""
    env, new = str(theirs / ".env"), str(theirs / "new")
    links = f"ln -s {theirs} link && ln -s {new} newlink"
    turns = [
        {"bash": links},
        *({"read": path} for path in (env, "link/.env")),
        *({"write": {"path": path, "text": "x"}} for path in (new, "newlink", "link/other")),
        {"blocks": [_use("Grep", pattern="TOKEN", path=str(theirs), output_mode="content")]},
        {"blocks": [_use("Glob", pattern="*", path=str(theirs))]},
        {"write": {"path": "own", "text": "x"}},
        {"read": "own"},
    ]
    end, calls = await play(tmp_path, turns, Seatbelt(programs(PATH), (theirs,)))
    assert isinstance(end, Completed), end
    assert [done for _, done in calls] == [True, *[False] * 7, True, True], calls
    assert os.listdir(theirs) == [".env"]


async def test_a_command_cannot_ask_to_be_let_out(tmp_path: Path, theirs: Path) -> None:
    """`dangerouslyDisableSandbox` changes nothing."""
    ask = _use(
        "Bash",
        command=f"echo x >>{tmp_path}/beside",
        description="x",
        dangerouslyDisableSandbox=True,
    )
    end, calls = await play(tmp_path, [{"blocks": [ask]}], Seatbelt(programs(PATH), (theirs,)))
    assert isinstance(end, Completed), end
    assert calls == [("Bash", False)]
    assert not (tmp_path / "beside").exists()


@pytest.mark.parametrize("missing", ["/usr/bin/socat", "/usr/bin/bwrap"])
async def test_without_its_sandbox_the_cli_does_not_start(
    tmp_path: Path, theirs: Path, missing: str
) -> None:
    """No question is asked and no command runs, where the CLI's sandbox cannot be had."""
    box = lacking(missing, theirs)
    end, calls = await play(tmp_path, [{"bash": "touch ran"}], box)
    assert isinstance(end, Troubled), end
    assert "sandbox required but unavailable" in end.trouble.why
    assert calls == []
    assert not (tmp_path / "clone" / "ran").exists()


async def test_tight(tmp_path: Path) -> None:
    """The trial finds nothing open, and leaves nothing behind. Its name is short because on Linux
    the CLI puts sockets into the session's room, whose names may have 107 bytes."""
    box = Seatbelt(programs(PATH), (tmp_path,))
    assert await escape.tried(tmp_path / "trial", partial(trial.speak, box, escape.PROMPT)) == ()
    assert not (tmp_path / "trial").exists()


async def test_the_trial_finds_a_missing_sandbox(tmp_path: Path) -> None:
    """A CLI that refuses to start is told of in its own words."""
    box = lacking("/usr/bin/socat", tmp_path)
    (found,) = await escape.tried(tmp_path / "trial", partial(trial.speak, box, escape.PROMPT))
    assert "socat not installed" in found


async def test_the_trial_finds_what_is_open(tmp_path: Path) -> None:
    """A session whose CLI has no sandbox at all can do all three, and is found out."""

    async def unconfined(endpoint: str, place: Path) -> object:
        box: Any = Unboxed(programs(PATH))
        return await trial.speak(box, escape.PROMPT, endpoint, place)

    found = await escape.tried(tmp_path / "trial", unconfined)
    assert [one.partition(" with ")[0] for one in found] == [
        "read what is private",
        "use the network",
        "write outside of its clone",
        "write outside of its clone",
    ]


def _use(name: str, **input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "input": input}
