"""The board on a terminal: printed once, or kept live."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from io import TextIOWrapper
from typing import NoReturn

from rich.console import Console
from rich.live import Live

from ..domain.board import Board
from ..domain.errors import JournalError, TrackerUnavailable
from .picture import Picture


def open_console() -> Console:
    """The console on standard output. What its encoding cannot write comes out as `?`."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console()


def render(board: Board, console: Console) -> None:
    """Print the board once, with every issue."""
    console.print(Picture(board=board))


def live(
    read: Callable[[], Board],
    interval: float,
    console: Console,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Keep the board on the terminal until KeyboardInterrupt, then leave its last state there.

    A read that fails is said on the board, which stays as it was; only the first one raises.
    """
    board = read()
    if not console.is_terminal:
        _follow(board, read, interval, console, sleep)
    try:
        with Live(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                screen.update(Picture(board=board, height=console.height), refresh=True)
                sleep(interval)
                board = _next(board, read)
    finally:
        render(board, console)


def _follow(
    board: Board,
    read: Callable[[], Board],
    interval: float,
    console: Console,
    sleep: Callable[[float], None],
) -> NoReturn:
    """Where nothing can be overwritten: the whole board again whenever something happened."""
    while True:
        render(board, console)
        seen = board.recent
        while board.recent == seen:
            sleep(interval)
            board = _next(board, read)


def _next(board: Board, read: Callable[[], Board]) -> Board:
    try:
        return read()
    except (TrackerUnavailable, JournalError) as error:
        told = f"not up to date: {error}"
        return replace(board, warnings=tuple(dict.fromkeys((told, *board.warnings))))
