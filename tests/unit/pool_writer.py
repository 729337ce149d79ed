"""Writers of the pool's file, to be run as processes of their own.

`python -m tests.unit.pool_writer hold FILE SESSIONS` takes accounts, says so, and holds them until
its input ends. `python -m tests.unit.pool_writer kill FILE STORE KILLS` forks one writer after the
other, kills each at a random moment, and prints how often the file could not be read afterwards.
It takes no part in pytest, so that it can fork safely.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from framework.agents.poolfile import Content, PoolFile, decode, encode
from framework.agents.tokens import TokenPool
from framework.domain.account import Seat
from framework.leases.process import is_alive, this_process

TOKENS = {"ONE": "1111", "TWO": "2222"}
MANY = {f"TOKEN_{number}": f"{number:04}" for number in range(300)}
"""A long text to be cut in."""


class InPlace(PoolFile):
    """A planted fault: it writes over the file that others read."""

    def _write(self, content: Content) -> None:
        self._path.write_bytes(encode(content))


STORES = {one.__name__: one for one in (PoolFile, InPlace)}


def opened(path: Path, tokens: dict[str, str] = TOKENS) -> TokenPool:
    return TokenPool(
        path,
        tokens=tokens,
        me=this_process(),
        is_alive=is_alive,
        clock=lambda: datetime.now(UTC),
    )


def hold(path: str, sessions: str) -> None:
    pool = opened(Path(path))
    for number in range(int(sessions)):
        assert isinstance(pool.take(f"{os.getpid()}-{number}"), Seat)
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()


def write_for_ever(path: Path, store: str, started: int) -> None:
    pool = opened(path, MANY)
    pool._file = STORES[store](path, clock=lambda: datetime.now(UTC))
    pool.take("first")
    os.write(started, b".")
    while True:
        pool.take("again")
        pool.give_back("again")


def kill_one(path: Path, store: str) -> None:
    listening, started = os.pipe()
    child = os.fork()
    if child == 0:
        write_for_ever(path, store, started)
    os.read(listening, 1)
    time.sleep(random.uniform(0, 0.008))  # the moment of death
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(listening)
    os.close(started)


def kill(path: str, store: str, kills: str) -> None:
    unreadable = 0
    for number in range(int(kills)):
        file = Path(f"{path}{number % 4}")
        kill_one(file, store)
        try:
            decode(file.read_bytes())
        except ValueError:
            unreadable += 1
        opened(file).take("next")  # no lock that a killed writer left stops anybody
    sys.stdout.write(str(unreadable))


if __name__ == "__main__":
    {"hold": hold, "kill": kill}[sys.argv[1]](*sys.argv[2:])
