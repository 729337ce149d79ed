"""What a command works with: the facade, opened when it is first asked for, and the output."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ...domain.errors import UsageError
from .command import Command
from .output import Output

if TYPE_CHECKING:
    from ...facade.facade import Facade


class Context:
    def __init__(self, options: Namespace, command: Command) -> None:
        self._options = options
        self._command = command
        self._stack = ExitStack()
        self.out = Output(
            envelope=options.json,
            bare=options.format == "json",
            fields=getattr(options, "fields", None),
            max_tokens=getattr(options, "max_tokens", None),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def start(self) -> Path:
        """Where the project is looked for."""
        return self._options.project_dir or Path()

    @property
    def limit(self) -> int | None:
        """Of a command that lists: rows at most, None for all."""
        return self._options.limit or None

    @cached_property
    def facade(self) -> Facade:
        from ...attach import open_facade

        try:
            opened = open_facade(
                self.start, backend=self._options.backend, create=self._command.creates
            )
        except UsageError as error:
            opened = self._empty(error)
        return self._stack.enter_context(opened)

    def _empty(self, error: UsageError) -> Facade:
        """Instead of a board that was never made, for who only reads; else raises the error.
        Who follows a log waits for what comes, and an empty one would never tell."""
        from .boardless import boardless

        if not self._command.reads or getattr(self._options, "follow", False):
            raise error
        opened = boardless(self.start, self._options.backend)
        if opened is None:
            raise error
        facade, why = opened
        self.out.note(why)
        return facade
