"""What a command is: its place in the help, its options, and what it does."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...domain.frozen import dataclass
from .._options import Parser

if TYPE_CHECKING:
    from .context import Context

_MOST_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Command:
    """`run` returns the exit code. `creates` says that the project's board is made if there is
    none, `reads` that without one it answers as of a board without issues; `lists` gives the
    options of long output (--limit, --cursor, --fields, --max-tokens); `trails` that what follows
    `--` is somebody else's command, and no options of ours."""

    help: str
    description: str
    examples: tuple[str, ...]
    run: Callable[[Context, Any], int]
    arguments: Callable[[Parser], None] = lambda parser: None
    creates: bool = False
    reads: bool = False
    lists: bool = False
    trails: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Commands with a name in common. `default` is meant when an issue's id comes first."""

    help: str
    description: str
    commands: Mapping[str, Command | Group]
    default: Command | None = None


def add_issue(parser: Parser) -> None:
    parser.add_argument("issue", type=issue_id, metavar="N", help="the issue's id: 12 or #12")


def add_issues(parser: Parser) -> None:
    parser.add_argument(
        "issues", type=issue_id, nargs="+", metavar="N", help="the issues' ids: 12 or #12"
    )


def add_force(parser: Parser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="go over somebody's claim; recorded; for people"
    )


def issue_id(text: str) -> str:
    return text.removeprefix("#")


def name(text: str) -> str:
    """What somebody or something is called, for `type=`."""
    if not text.strip():
        raise ArgumentTypeError("it is empty")
    return text


def count(text: str) -> int:
    """A number of rows, for `type=`: 0 means all."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ArgumentTypeError(f"{text[:40]!r} is no whole number from 0 to a billion")
    return int(text)
