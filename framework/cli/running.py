"""What the two entry scripts share: options, a run, its news as it goes, its summary."""

from __future__ import annotations

import argparse
import io
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
from rich.console import Console

from .. import attach, bootstrap, box, effect, forges, library, rehearse
from ..config import settings as config
from ..config.environment import environment
from ..dashboard import document, summary
from ..domain.board import Board, Standing
from ..domain.errors import NightshiftError, SettingsError, UsageError, sole
from ..runner.parts import Parts
from ..runner.run import Ending, run
from ._options import complain
from .news import News, told

_INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MOST = 1000


def positive(text: str) -> int:
    value = int(text)
    if not 1 <= value <= _MOST:
        raise argparse.ArgumentTypeError(f"must be at least 1 and at most {_MOST}, not {text}")
    return value


def command(text: str) -> str:
    """A check that says nothing would always pass."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty: give a command")
    return text


def add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--project-dir", type=Path, metavar="DIR", help="[./generations/<project-name>]")
    add("--project-name", metavar="NAME", help="a specification in prompts/ [the only one]")
    add("--model", metavar="MODEL", help=f"[{config.DEFAULT_MODEL}]")
    add("--plan-only", action="store_true", help="write plan.yaml and stop")
    add(
        "--rehearse",
        nargs="?",
        const="default",
        metavar="SCENARIO",
        help="run offline on a throwaway copy, against a scripted model [default]",
    )
    add(
        "--check",
        nargs="+",
        action="extend",
        type=command,
        metavar="CMD",
        help="the project's checks, instead of what is detected",
    )
    add(
        "--push",
        action=argparse.BooleanOptionalAction,
        help="push each landing to the remote; --no-push lands here only [if the branch has an "
        "upstream]",
    )
    add(
        "--tracker",
        metavar="NAME",
        help="where the issues are: local, github, or a backend of `issue backend list` "
        "[what the project uses]",
    )
    add(
        "--land",
        choices=("push", "pr"),
        default="push",
        metavar="HOW",
        help="push: onto the branch itself; pr: by a pull request on the forge [%(default)s]",
    )
    add(
        "--merge",
        choices=("human", "auto"),
        default="human",
        metavar="WHO",
        help="with --land pr: human, or auto as soon as its checks pass [%(default)s]",
    )
    add("--no-box", action="store_true", help="do not confine agents; see the README")
    add("--json", action="store_true", help="print the summary as JSON")


def main(options: argparse.Namespace, *, slots: int, attempts: int | None) -> int:
    """Run, and turn how it ended into an exit status."""
    news = News(sys.stderr if options.json else sys.stdout)
    try:
        ending = anyio.run(_main, options, slots, attempts, news)
    except KeyboardInterrupt:
        return _INTERRUPTED  # before anything was begun
    except Exception as error:
        known = sole(error)
        if isinstance(known, NightshiftError):
            complain("error", known, as_json=options.json)
            return 2 if isinstance(known, UsageError) else 1
        raise
    return ending.code


async def _main(
    options: argparse.Namespace, slots: int, attempts: int | None, news: News
) -> Ending:
    async with AsyncExitStack() as stack:
        settings = _settings(options, slots, attempts)
        forge: Callable[[int], str] | None = None
        if options.rehearse:
            rehearsal = await stack.enter_async_context(
                rehearse.rehearsed(
                    settings,
                    options.rehearse,
                    copy_of=options.project_dir,
                    tracker=options.tracker,
                )
            )
            settings, forge = rehearsal.settings, rehearsal.told
        news.tell(f"Working on {settings.project}")
        async with bootstrap.open_parts(settings) as parts, told(parts.journal, news):
            ending = await _interruptible(parts, options.plan_only, news)
        # Before the stack is left: a rehearsal takes its forge away with it.
        command = "" if options.rehearse else shlex.join([_python(), *sys.argv])
        gone = forge is not None
        board = _summarise(settings.project, ending, command, gone=gone, as_json=options.json)
        if board is not None and forge is not None:
            news.tell(forge(board.counts.get(Standing.CLOSED, 0)))
    return ending


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.merge == "auto" and options.land != "pr":
        raise UsageError("--merge auto is of no use without pull requests: add --land pr.")
    if options.rehearse and options.land == "pr" and options.tracker != "github":
        raise UsageError("A rehearsal has pull requests on GitHub only: add --tracker github.")


def _settings(options: argparse.Namespace, slots: int, attempts: int | None) -> config.Settings:
    _refuse_contradictions(options)
    project, spec = Path.cwd(), None
    if not options.rehearse:
        project, spec = library.resolve(options.project_dir, options.project_name)
    settings = config.load(
        project=project,
        slots=slots,
        attempts=attempts,
        model=options.model,
        checks=tuple(options.check) if options.check else None,
        boxed=not options.no_box,
        push=options.push,
        land=options.land,
        merge=options.merge,
        tracker=None if options.rehearse else options.tracker,
        variables=environment(),
    )
    if settings.run.crash:
        _arm(settings.run.crash)
    if not options.rehearse:
        bootstrap.require(settings)  # before anything is made in the person's directory
        weaker = isinstance(bootstrap.make_box(settings), box.Seatbelt)
        for text in (*((box.WEAKER,) if weaker else ()), *forges.require(settings)):
            sys.stderr.write(f"note: {text}\n")
        library.place(spec, project)
    return settings


def _arm(point: str) -> None:
    try:
        effect.arm(point)
    except ValueError as error:
        raise SettingsError(f"NIGHTSHIFT_CRASH: {error}.") from error


async def _interruptible(parts: Parts, plan_only: bool, news: News) -> Ending:
    """Run; the first Ctrl-C or SIGTERM stops with everything kept, the second stops at once.

    What a sudden stop leaves behind is put right by the next run, as after any other death.
    """
    ending = Ending(code=_INTERRUPTED, why="interrupted")
    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            group.start_soon(_listen, scope, news, name="signals")
            ending = await run(parts, plan_only=plan_only)
        group.cancel_scope.cancel()
    return ending


async def _listen(scope: anyio.CancelScope, news: News) -> None:
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async for _ in signals:
            if scope.cancel_called:
                os._exit(_INTERRUPTED)
            news.tell("Stopping; all work is kept. Once more stops at once.")
            scope.cancel()


def _summarise(
    project: Path, ending: Ending, command: str, *, gone: bool, as_json: bool
) -> Board | None:
    """Tell the table, or where the board cannot be read any more, at least how it ended. `gone`:
    its tracker will not be there any more."""
    try:
        board = _board(project)
    except NightshiftError as error:
        if not as_json:
            sys.stderr.write(f"{ending.why}\n")
        complain("error", error, as_json=as_json)
        return None
    if as_json:
        News(sys.stdout).tell(json.dumps(document.to_json(board), indent=2))
        return board
    text = io.StringIO()
    console = Console(file=text, highlight=False, width=Console().width)
    told = {"python": _python(), "command": command, "program": sys.argv[0]}
    summary.render(board, project, console, gone=gone, **told)
    News(sys.stdout).tell(text.getvalue().rstrip())
    return board


def _board(project: Path) -> Board:
    with attach.open_board(project) as read:
        return read()


def _python() -> str:
    """The interpreter that has our requirements, as it is typed in the current directory."""
    here, program = Path.cwd(), Path(sys.executable)
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)
