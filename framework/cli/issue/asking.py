"""Questions to whoever is there to answer: a person at a terminal, or the lines of standard input
(`issue backend add mine gitea <<INPUT`)."""

from __future__ import annotations

import select
import sys
from functools import cache

_PATIENCE = 1.0
"""Seconds for the first line of a pipe: an agent's standard input may be one that stays silent."""


def on_terminal() -> bool:
    """Whether a person can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, default: str = "") -> str:
    """One line; `default` where it is empty or nobody answers. Never asked for secrets."""
    if on_terminal():
        sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
        sys.stderr.flush()
    elif not _speaks():
        return default
    return sys.stdin.readline().strip() or default


def agree(question: str) -> bool:
    """Whether a person at the terminal agrees; Enter does."""
    return ask(f"{question} [Y/n]").lower() in ("", "y", "yes")


@cache
def _speaks() -> bool:
    """Whether standard input has something to say, or has ended. Looked at once: a line that is
    read ahead is no longer seen from outside."""
    if sys.stdin is None:
        return False
    readable, _, _ = select.select([sys.stdin], [], [], _PATIENCE)
    return bool(readable)
