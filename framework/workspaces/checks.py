"""Running checks: in a box, without network, with a time limit and a bounded log."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, STDOUT

import anyio
from anyio import to_thread
from anyio.abc import Process

from ..box import Box, Cell
from ..domain.check import CheckResult
from .checkout import Checkout, Checkouts

KEPT_BYTES = 10_000_000
"""How much of a check's output its log holds; the rest is counted."""

_TAIL_LINES = 20
_TAIL_BYTES = 4000
_DRAIN_SECONDS = 2.0


class Checks:
    """Runs shell commands on trees, without `network` unless that is asked for. Logs go to
    `logs/checks/<sha256 of the log>.txt`."""

    def __init__(
        self,
        *,
        checkouts: Checkouts,
        box: Box,
        logs: Path,
        seconds: float,
        network: bool = False,
        clean: Callable[[str], str] = str,
    ) -> None:
        self._clean = clean
        self._network = network
        self._checkouts = checkouts
        self._box = box
        self._logs = logs.resolve() / "checks"
        self._seconds = seconds

    async def run(self, tree: str, commands: tuple[str, ...]) -> tuple[CheckResult, ...]:
        """One after the other in one fresh checkout of `tree`, all of them whatever fails.

        A command that is over its time limit is killed and has no exit code. Cancelling kills
        what runs. Not promised without a box: that what a command left in the background, in a
        session of its own, dies with it.
        """
        if not commands:
            return ()
        async with self._checkouts.open(tree) as checkout:
            return tuple([await self._run(command, checkout) for command in commands])

    async def _run(self, command: str, checkout: Checkout) -> CheckResult:
        started = time.perf_counter()
        output = _Output()
        # In the event loop's own thread: the box dies with the thread that started it.
        process = await anyio.open_process(
            self._box.wrap(["/bin/sh", "-c", command], _cell(checkout, self._network)),
            stdin=DEVNULL,
            stderr=STDOUT,
            start_new_session=True,
        )
        try:
            with anyio.move_on_after(self._seconds) as limit:
                await _follow(process, output)
            code = None if limit.cancelled_caught else process.returncode
        finally:
            _kill(process)
            with anyio.CancelScope(shield=True):
                await process.aclose()
        return CheckResult(
            command=command,
            code=code,
            seconds=time.perf_counter() - started,
            log=await to_thread.run_sync(self._keep, output.text()),
            tail=self._clean(output.tail()),
        )

    def _keep(self, text: bytes) -> str:
        """What is kept, and hashed, holds no secret of ours."""
        text = self._clean(text.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
        name = hashlib.sha256(text).hexdigest()
        path = self._logs / f"{name}.txt"
        self._logs.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_bytes(text)
        os.replace(new, path)
        return name


@dataclass(kw_only=True)
class _Output:
    """What a command printed: the beginning, the end, and how much there was between."""

    kept: bytearray = field(default_factory=bytearray)
    end: bytes = b""
    lost: int = 0

    def add(self, chunk: bytes) -> None:
        room = KEPT_BYTES - len(self.kept)
        self.kept += chunk[:room]
        self.lost += len(chunk[room:])
        self.end = (self.end + chunk)[-_TAIL_BYTES:]

    def text(self) -> bytes:
        more = f"\n[{self.lost} more bytes were not kept]\n" if self.lost else ""
        return bytes(self.kept) + more.encode()

    def tail(self) -> str:
        lines = self.end.decode("utf-8", "replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])


def _cell(checkout: Checkout, network: bool) -> Cell:
    return Cell(
        directory=checkout.directory,
        writable=(checkout.directory, checkout.home),
        network=network,
        environment={
            "CI": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(checkout.home),
        },
    )


async def _follow(process: Process, output: _Output) -> None:
    """Take in what it prints until it ends. What it left running may keep the pipe open, so
    that gets no more than a moment."""
    async with anyio.create_task_group() as tasks:
        drained = anyio.Event()
        tasks.start_soon(_drain, process, output, drained)
        await process.wait()
        _kill(process)
        with anyio.move_on_after(_DRAIN_SECONDS):
            await drained.wait()
        tasks.cancel_scope.cancel()


async def _drain(process: Process, output: _Output, drained: anyio.Event) -> None:
    assert process.stdout is not None
    async for chunk in process.stdout:
        output.add(chunk)
    drained.set()


def _kill(process: Process) -> None:
    """Kill the group, which may outlive the command that was its first."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
