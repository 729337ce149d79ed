"""A person's yes to what cannot be undone."""

from __future__ import annotations

from argparse import Namespace

from ...domain.errors import UsageError
from ...domain.legible import clean
from .._options import Parser
from .asking import ask, on_terminal


def add_yes(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def agreed(options: Namespace, question: str, otherwise: str) -> bool:
    """Whether to do it: said beforehand, or asked on a terminal. Off one nobody is asked, and
    UsageError names what to do `otherwise`."""
    if options.yes:
        return True
    if not on_terminal():
        raise UsageError(f"This cannot be undone, and there is no terminal to ask on. {otherwise}")
    return ask(f"{clean(question)} [y/N]").lower() in ("y", "yes")
