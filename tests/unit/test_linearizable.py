"""Every lease store answers as if all calls had come one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.linearizable import Call, is_linearizable, overlaps

ROOT = Path(__file__).parents[2]
PROCESSES, KEYS = 16, 8


def contest(directory: Path, store: str, calls: int) -> dict[str, list[Call]]:
    """What processes that began at the same moment were answered, by key."""
    words = [sys.executable, "-m", "tests.chaos.claims", str(directory), store, str(KEYS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with ExitStack() as stack:
        every = [
            stack.enter_context(subprocess.Popen([*words, str(calls), str(seed)], **pipes))
            for seed in range(PROCESSES)
        ]
        for one in every:
            assert one.stdout.readline() == "ready\n"
        for one in every:
            one.stdin.write("go\n")
            one.stdin.flush()
        answers = [one.communicate()[0] for one in every]
    assert [one.returncode for one in every] == [0] * PROCESSES
    by_key = defaultdict(list)
    for answer in answers:
        for call in json.loads(answer):
            by_key[call["key"]].append(Call(**call))
    return by_key


@pytest.mark.parametrize("store", ["FileLeases", "SqliteLeases"])
def test_every_key_is_linearizable(tmp_path: Path, store: str) -> None:
    """16 processes make 10,000 calls on 8 keys: all 8 have an order, and no two grants overlap."""
    histories = contest(tmp_path, store, 625)
    assert sum(map(len, histories.values())) == 10_000
    assert [key for key, one in histories.items() if not is_linearizable(one)] == []
    assert sum(map(overlaps, histories.values())) == 0


@pytest.mark.parametrize("bug", ["Unlocked", "Undivided"])
def test_the_check_catches_a_store_without_lock(tmp_path: Path, bug: str) -> None:
    """On the planted bug some key has no order, so it would be noticed in a real store."""
    histories = contest(tmp_path, bug, 100)
    assert not all(map(is_linearizable, histories.values()))


def got(start: int, end: int, epoch: int | None) -> Call:
    return Call(key="k", start=start, end=end, epoch=epoch)


def freed(start: int, end: int, epoch: int) -> Call:
    return Call(key="k", start=start, end=end, released=epoch)


@pytest.mark.parametrize(
    ("history", "sound"),
    [
        ([got(0, 1, 1), freed(2, 3, 1), got(4, 5, 2)], True),
        ([got(0, 9, 1), got(1, 2, None)], True),  # the refused one came second all the same
        ([got(0, 1, 1), freed(2, 6, 1), got(3, 4, 2), got(5, 7, None)], True),
        ([got(0, 1, None)], False),  # refused, and nobody had it
        ([got(0, 1, 1), got(2, 3, 2)], False),  # granted twice
        ([got(0, 1, 2), freed(2, 3, 2), got(4, 5, 2)], False),  # the epoch did not rise
        ([got(0, 1, 1), freed(2, 3, 1), got(4, 5, None)], False),  # a release that was lost
        ([got(0, 1, 1), freed(2, 3, 7), got(4, 5, 2)], False),  # another's release freed it
    ],
)
def test_what_has_an_order_and_what_has_none(history: list[Call], sound: bool) -> None:
    """Each fault alone makes a history impossible; calls at one time may go in either order."""
    assert is_linearizable(history) is sound


def test_grants_that_overlap_are_counted() -> None:
    """A second grant before the first one's release began counts; one during it does not."""
    assert overlaps([got(0, 1, 1), freed(5, 6, 1), got(2, 3, 2)]) == 1
    assert overlaps([got(0, 1, 1), freed(2, 9, 1), got(3, 4, 2)]) == 0
