"""Crash points: the named moments around every effect at which we may die.

An effect is whatever a dead run leaves behind: a record, a ref, a directory, a word on the
tracker. Each stands in a `with effect(NAME)` block, so that a test can kill the process with
SIGKILL just before it or just after it, and see that the next run ends as if nothing had been.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

EFFECTS: Mapping[str, str] = {
    "plan": "plan.yaml is written",
    "create": "an issue of the plan is made on the tracker",
    "claim": "a lease is taken",
    "tokens": "what is known of a token is written down",
    "epoch": "an attempt's epoch is recorded in the hub",
    "clone": "a workspace is made",
    "fetch": "commits are taken from a clone into the hub",
    "rescue": "the work in a clone is put under refs/rescue/",
    "tidy": "a clone is deleted",
    "land": "the target moves, with the record of the landing",
    "push": "landings are pushed to origin",
    "propose": "work for a pull request is recorded in the hub",
    "branch": "a pull request's branch is pushed",
    "pull": "a pull request is opened",
    "merge": "a pull request is merged by us",
    "keep": "a conversation is kept for the attempt that answers reviews",
    "deliver": "the person's branch is brought forward",
    "comment": "the tracker is told something",
    "state": "the tracker is told an issue's state",
    "board": "the cards of a forge's board are written",
    "outbox": "something that the tracker could not be told is kept for later",
    "release": "a lease is given back, with its failures",
    "journal": "an event is written down",
}

_armed: list[str] = []
"""The point to die at, as often as it is to be passed; empty in all but tests."""


def points() -> tuple[str, ...]:
    """Every moment that `arm` takes."""
    return tuple(f"{name}:{when}" for name in EFFECTS for when in ("before", "after"))


def arm(point: str) -> None:
    """Die at `point`, or with `NAME:before:3` when it is reached for the third time.

    Raises ValueError for one that there is not.
    """
    found = re.fullmatch(r"(\w+:\w+)(?::([1-9]\d*))?", point)
    if found is None or found[1] not in points():
        raise ValueError(f"{point!r} is no crash point; known are: {', '.join(points())}")
    _armed[:] = [found[1]] * int(found[2] or 1)


@contextmanager
def effect(name: str) -> Iterator[None]:
    """The block has the effect called `name`, one of EFFECTS."""
    _reach(f"{name}:before")
    yield
    _reach(f"{name}:after")


def _reach(point: str) -> None:
    if _armed and _armed[-1] == point:
        _armed.pop()
        if not _armed:
            os.kill(os.getpid(), signal.SIGKILL)
