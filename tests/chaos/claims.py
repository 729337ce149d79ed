"""One process of a recorded contest for leases: `python -m tests.chaos.claims DIRECTORY STORE
KEYS CALLS SEED`.

Says "ready", waits for a line, claims and releases keys at random, and prints its calls as JSON.
It takes no part in pytest, so that it starts quickly.
"""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

from framework.leases.base import LeaseStore
from tests.unit.lease_race import STORES

_TTL = timedelta(hours=1)


def contest(leases: LeaseStore, keys: int, calls: int, seed: int) -> list[dict[str, object]]:
    """The calls as they went: what is held is released at its next turn."""
    choice = random.Random(seed)
    held, history = {}, []
    for _ in range(calls):
        key = str(choice.randrange(keys))
        lease, start = held.pop(key, None), time.monotonic_ns()
        if lease is not None:
            leases.release(lease)
            answer = {"released": lease.epoch}
        else:
            got = leases.acquire(key, f"holder {seed}", _TTL)
            answer = {"epoch": got and got.epoch}
            held |= {key: got} if got else {}
        history.append({"key": key, "start": start, "end": time.monotonic_ns(), **answer})
    return history


def main(directory: str, store: str, keys: str, calls: str, seed: str) -> None:
    leases = STORES[store](Path(directory))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(contest(leases, int(keys), int(calls), int(seed))))


if __name__ == "__main__":
    main(*sys.argv[1:])
