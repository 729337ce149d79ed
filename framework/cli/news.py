"""What is printed while a run goes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TextIO

import anyio

from ..dashboard import summary
from ..journals.base import Journal

_SECONDS = 0.1


class News:
    """Lines for whoever watches. When nobody does any more (a closed pipe, a full disk), the run
    goes on without telling."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._heard = True

    def tell(self, line: str) -> None:
        if not self._heard:
            return
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._heard = False
            with suppress(OSError, ValueError):  # what Python still flushes at its end goes nowhere
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


@asynccontextmanager
async def told(journal: Journal, news: News) -> AsyncIterator[None]:
    """Print what the journal takes in while the block runs, to its last entry."""
    cursor = max((entry.cursor for entry in journal.since()), default=0)

    def tell() -> None:
        nonlocal cursor
        for entry in journal.since(cursor):
            cursor = entry.cursor
            if line := summary.one_line(entry):
                news.tell(line)

    async def keep_telling() -> None:
        while True:
            tell()
            await anyio.sleep(_SECONDS)

    async with anyio.create_task_group() as group:
        group.start_soon(keep_telling, name="news")
        try:
            yield
        finally:
            group.cancel_scope.cancel()
            tell()
