"""A command of the caller's that runs as long as its claim lives, and a claim that lives as long
as the command runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Any, Self

from ...clock import Clock
from ...config.environment import process
from ...domain.errors import (
    AlreadyClaimed,
    IssueNotFound,
    LeaseError,
    LeaseLost,
    NotClaimed,
    UsageError,
)
from ...domain.lease import Lease
from ...facade.claims import Claims
from .asking import on_terminal

_PASSED_ON = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_GRACE = 10.0
"""Seconds between asking a command to end and ending it."""


class Errand:
    """To be entered before the claim is made: from then on a signal ends the command and not the
    claim's holder.

    Off a terminal the command leads a process group of its own, and signals reach all that it
    started. On a terminal it stays in ours, which the terminal's own signals reach.
    """

    def __init__(
        self,
        claims: Claims,
        clock: Clock,
        ttl: timedelta,
        *,
        tell: Callable[[str], None],
    ) -> None:
        self._claims = claims
        self._clock = clock
        self._ttl = ttl
        self._tell = tell
        self._own_group = not on_terminal()
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for name in _PASSED_ON:
            if number := getattr(signal, name, None):
                self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def run(self, lease: Lease, words: Sequence[str], variables: Mapping[str, str]) -> int:
        """Run the command to its exit code and give the issue back, whatever happens. Raises
        LeaseLost when the claim ended before the command, which is then ended too, and UsageError
        when it cannot be started."""
        try:
            self._child = self._started(words, variables)
            for number in self._early:
                self._pass_on(number)
            code = self._waited(self._child, lease)
        finally:
            self._child = None
            self._give_back(lease)
        return code if code >= 0 else 128 - code

    def _started(
        self, words: Sequence[str], variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        group = 0 if self._own_group else None
        try:
            return subprocess.Popen(words, env={**process(), **variables}, process_group=group)
        except OSError as error:
            raise UsageError(
                f"{words[0]} cannot be run: {error.strerror}. Name a program that is installed."
            ) from error

    def _waited(self, child: subprocess.Popen[bytes], lease: Lease) -> int:
        third: float | None = self._ttl.total_seconds() / 3
        while True:
            try:
                return child.wait(third)
            except subprocess.TimeoutExpired:
                if self._claims.is_settled(lease):
                    third = None  # the command has closed the issue, and tidies up
                else:
                    lease = self._kept(child, lease)

    def _kept(self, child: subprocess.Popen[bytes], lease: Lease) -> Lease:
        """A store that cannot be written for a moment is tried again while the claim lives."""
        try:
            return self._claims.renew(lease, self._ttl)
        except LeaseError as error:
            if not (isinstance(error, LeaseLost) or lease.is_over(self._clock())):
                self._tell(f"The claim could not be renewed and is tried again: {error}")
                return lease
            self._end(child)
            raise LeaseLost(
                f"The claim on issue {lease.key} was lost, so the command was ended. "
                f"See who holds it: issue claim check {lease.key}"
            ) from error

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        self._pass_on(signal.SIGTERM)
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._pass_on(signal.SIGKILL)
            child.wait()

    def _give_back(self, lease: Lease) -> None:
        # Lost, given back or deleted by the command itself: then there is nothing to end.
        with suppress(NotClaimed, AlreadyClaimed, IssueNotFound):
            self._claims.release(lease.key)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self._child is None:
            self._early.append(number)
        elif self._own_group or not _is_from_terminal(number):
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._child is None:
            return
        with suppress(ProcessLookupError):  # it has just ended
            if self._own_group:
                os.killpg(self._child.pid, number)
            else:
                self._child.send_signal(number)


def _is_from_terminal(number: int) -> bool:
    """Whether the terminal, whose foreground we share with the command, has told it already."""
    typed = number in (signal.SIGINT, signal.SIGQUIT)
    return typed and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
