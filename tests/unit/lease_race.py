"""One process of a race for leases: `python -m tests.unit.lease_race DIRECTORY STORE KEYS`.

Says "ready", waits for a line, claims every key it can get and prints what it got. It takes no
part in pytest, so that it starts quickly.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from framework.leases.file import FileLeases
from framework.leases.sqlite import SqliteLeases
from tests.unit.lease_bugs import Undivided, Unlocked

STORES = {one.__name__: one for one in (FileLeases, SqliteLeases, Unlocked, Undivided)}


def main(directory: str, store: str, keys: str) -> None:
    leases = STORES[store](Path(directory))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    got = [
        lease.key
        for key in range(int(keys))
        if (lease := leases.acquire(str(key), "racer", timedelta(hours=1)))
    ]
    sys.stdout.write(json.dumps(got))


if __name__ == "__main__":
    main(*sys.argv[1:])
