"""What the two entry scripts share: options, a run, its news as it goes, its summary."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
from rich.console import Console

from .. import attach, bootstrap, config, library
from ..dashboard import document, summary
from ..domain.errors import NightshiftError, UsageError, sole
from ..journals.base import Journal
from ..runner.parts import Parts
from ..runner.run import Ending, run

_NEWS_SECONDS = 0.1
_INTERRUPTED = 130


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return value


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
        metavar="CMD",
        help="the project's checks, instead of what is detected",
    )
    add("--no-box", action="store_true", help="do not confine agents; see the README")
    add("--json", action="store_true", help="print the summary as JSON")


def main(options: argparse.Namespace, *, slots: int, attempts: int | None) -> int:
    """Run, and turn how it ended into an exit status."""
    news = Console(stderr=options.json, highlight=False, soft_wrap=True)
    try:
        ending = anyio.run(_main, options, slots, attempts, news)
    except KeyboardInterrupt:
        return _INTERRUPTED  # before anything was begun
    except Exception as error:
        known = sole(error)
        if isinstance(known, NightshiftError):
            sys.stderr.write(f"error: {known}\n")
            return 2 if isinstance(known, UsageError) else 1
        raise
    return ending.code


async def _main(
    options: argparse.Namespace, slots: int, attempts: int | None, news: Console
) -> Ending:
    async with AsyncExitStack() as stack:
        settings = _settings(options, slots, attempts)
        if options.rehearse:
            settings = await stack.enter_async_context(
                bootstrap.rehearsed(settings, options.rehearse, copy_of=options.project_dir)
            )
        news.print(f"Working on {settings.project}", markup=False)
        async with bootstrap.open_parts(settings) as parts, _told(parts.journal, news):
            ending = await _interruptible(parts, options.plan_only, news)
    _summarise(settings.project, as_json=options.json)
    return ending


def _settings(options: argparse.Namespace, slots: int, attempts: int | None) -> config.Settings:
    variables = config.environment()
    if options.rehearse:
        project = Path.cwd()
    else:
        project, spec = library.resolve(options.project_dir, options.project_name)
        project.mkdir(parents=True, exist_ok=True)
        library.place(spec, project)
    return config.load(
        project=project,
        slots=slots,
        attempts=attempts,
        model=options.model,
        checks=tuple(options.check) if options.check else None,
        boxed=not options.no_box,
        variables=variables,
    )


@asynccontextmanager
async def _told(journal: Journal, news: Console) -> AsyncIterator[None]:
    """Print what the journal takes in while the block runs, to its last entry."""
    cursor = max((entry.cursor for entry in journal.since()), default=0)

    def tell() -> None:
        nonlocal cursor
        for entry in journal.since(cursor):
            cursor = entry.cursor
            if line := summary.one_line(entry):
                news.print(line, markup=False)

    async def keep_telling() -> None:
        while True:
            tell()
            await anyio.sleep(_NEWS_SECONDS)

    async with anyio.create_task_group() as group:
        group.start_soon(keep_telling, name="news")
        try:
            yield
        finally:
            group.cancel_scope.cancel()
            tell()


async def _interruptible(parts: Parts, plan_only: bool, news: Console) -> Ending:
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


async def _listen(scope: anyio.CancelScope, news: Console) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if scope.cancel_called:
                os._exit(_INTERRUPTED)
            news.print("Stopping; all work is kept. Once more stops at once.")
            scope.cancel()


def _summarise(project: Path, *, as_json: bool) -> None:
    with attach.open_board(project) as read:
        board = read()
    if as_json:
        sys.stdout.write(json.dumps(document.to_json(board), indent=2) + "\n")
    else:
        summary.render(board, project, Console(highlight=False), python=_python())


def _python() -> str:
    """The interpreter that has our requirements, as it is typed in the current directory."""
    here, program = Path.cwd(), Path(sys.executable)
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)
