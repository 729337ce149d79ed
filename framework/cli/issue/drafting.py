"""Options that say what an issue is to be, for making and for changing one."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ...domain.errors import UsageError
from ...domain.identity import Identity
from ...domain.issue import Priority
from .._options import Parser


def add_body(parser: Parser) -> None:
    add = parser.add_argument
    add("--description", "--body", dest="body", metavar="TEXT", help="the text")
    add("--body-file", metavar="FILE", help="the text from a file; - reads standard input")
    add("--priority", choices=[one.value for one in Priority], metavar="PRIORITY",
        help="urgent, high, medium or low")  # fmt: skip
    add("--milestone", metavar="NAME", help="`none` for no milestone")


def body_of(options: Namespace) -> str | None:
    """The text that was given, None when none was. Raises UsageError."""
    if options.body is not None and options.body_file is not None:
        raise UsageError("The text was given twice. Use either --description or --body-file.")
    if options.body_file is None:
        given: str | None = options.body
        return given
    if options.body_file == "-":
        return sys.stdin.read()
    try:
        return Path(options.body_file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{options.body_file} cannot be read as text ({error}). Name another file, or give "
            "the text with --description."
        ) from error


def priority_of(options: Namespace) -> Priority | None:
    return Priority(options.priority) if options.priority else None


def people(names: Sequence[str], identity: Identity) -> frozenset[str]:
    """The users that are meant: `me` is whoever acts, `none` nobody."""
    return frozenset(identity.named(one) for one in names if one != "none")
