"""How every command takes its options and ends: one parser, one table of exit codes."""

from __future__ import annotations

import argparse
import errno
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..domain.errors import (
    AlreadyClaimed,
    AlreadyThere,
    DependencyCycle,
    EntryNotFound,
    IssueDeleted,
    IssueNotFound,
    LeaseError,
    LeaseLost,
    NightshiftError,
    NotAllowed,
    NotClaimed,
    QueryError,
    TrackerError,
    TransitionRefused,
    UsageError,
)
from ..domain.nearest import nearest

OK = 0
FAILED = 1
REFUSED = 1
WRONG_USAGE = 2
CONFLICT = 3
UNREACHABLE = 4
NOT_ALLOWED = 5
INTERRUPTED = 130

_UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EBADF)
"""Of standard output; stores tell of theirs in their own words."""

_WIDTH = 90


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help of at most 90 columns. Its width is given because argparse, which makes a formatter
    for every option, would import `shutil` to ask for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_WIDTH)


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest known option or value for one that it does not know.

    Options cannot be abbreviated, so that a new one never changes what an old script means.
    Wrong usage ends with exit code 2 and one line that says what to do; `--help` ends with
    `examples`, or with an `epilog` of the caller's. Nothing is ever left over:
    `parse_known_args` refuses what it does not know. With `as_json`, or where `--json` is among
    the arguments, wrong usage is told as a JSON object.
    """

    def __init__(
        self, *, examples: Sequence[str] = (), as_json: bool = False, **settings: Any
    ) -> None:
        self._as_json = as_json
        shown = "\n".join(["examples:", *(f"  {one}" for one in examples)])
        defaults = {
            "allow_abbrev": False,
            "formatter_class": _Formatter,
            "epilog": shown if examples else None,
        }
        super().__init__(**{**defaults, **settings})

    def format_help(self) -> str:
        paragraphs = (self.description or "").split("\n\n")
        self.description = "\n\n".join(filled(one) for one in paragraphs)
        return super().format_help()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._as_json |= "--json" in (sys.argv[1:] if args is None else args)
        found, extra = super().parse_known_args(args, namespace)
        if extra:
            self.error(self._unknown(extra[0]))
        return found, extra

    def error(self, message: str) -> NoReturn:
        if message.endswith("expected one argument"):  # a query may begin with a minus
            message += "; one that begins with - is written after ="
        self.exit(WRONG_USAGE, misused(self.prog, message, as_json=self._as_json))

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word!r} is one argument too many"
        name = word.partition("=")[0]
        return f"unknown option {name}{nearest(name, self._option_string_actions)}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """argparse's own hook for `choices`, here with the nearest one named."""
        if action.choices is not None and value not in action.choices:
            known = [str(one) for one in action.choices]
            raise argparse.ArgumentError(
                action, f"unknown value {value!r}{nearest(str(value), known)}"
            )


def filled(paragraph: str) -> str:
    """Wrapped, unless its lines are indented: then they stay as they are."""
    import textwrap

    return paragraph if paragraph.startswith(" ") else textwrap.fill(paragraph, _WIDTH)


def misused(prog: str, message: str, *, as_json: bool) -> str:
    """What is written of wrong usage: a line for people, or a JSON object."""
    end = "" if message.endswith("?") else "."
    text = f"{message}{end} See {prog} --help"
    return f"{json.dumps(explained(UsageError(text)))}\n" if as_json else f"{prog}: {text}\n"


def seconds(text: str) -> float:
    """A length of time for `type=`: at least a tenth of a second."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.1 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.1 up")
    return value


def ending(prog: str, body: Callable[[], int], *, as_json: bool = False) -> int:
    """Run a command to its exit code. What Nightshift can name goes to stderr in its own words,
    or as a JSON object; anything else is a bug and stays a traceback."""
    try:
        code = body()
        sys.stdout.flush()
    except NightshiftError as error:
        complain(prog, error, as_json=as_json)
        return exit_code(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _silence()  # the reader (`| head`) has left
        return FAILED
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _silence()
        sys.stderr.write(
            f"{prog}: The answer could not be written ({error.strerror}). What was asked for is "
            "done: look before you repeat it.\n"
        )
        return FAILED
    return code


def settle_streams() -> None:
    """Make the standard streams usable however the program was started: closed ones lead nowhere,
    and what their encoding cannot say is escaped rather than an error after the deed."""
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for good
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(prog: str, error: NightshiftError, *, as_json: bool) -> None:
    """Tell of an error on stderr, in its own words or as a JSON object on one line."""
    where = f" (column {error.column})" if isinstance(error, QueryError) else ""
    text = json.dumps(explained(error)) if as_json else f"{prog}: {error}{where}"
    sys.stderr.write(f"{text}\n")


def explained(error: NightshiftError) -> dict[str, Any]:
    """What happened, why that is an error, and what to do next. `code` names the kind and stays
    the same between versions; of a query `column` says where, from 1."""
    what, _, next = re.sub(r"(?<=[.?]) ", "\0", str(error), count=1).partition("\0")
    kind = type(error)
    told = {
        "code": re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(),
        "what": what.removesuffix("."),
        "why": " ".join((kind.__doc__ or "").split()),
        "next": next or "See --help of the command.",
    }
    return {**told, "column": error.column} if isinstance(error, QueryError) else told


def exit_code(error: NightshiftError) -> int:
    match error:
        case UsageError() | QueryError():
            return WRONG_USAGE
        case AlreadyClaimed() | LeaseLost() | AlreadyThere():
            return CONFLICT
        case NotAllowed():
            return NOT_ALLOWED
        case (
            IssueNotFound()
            | IssueDeleted()
            | EntryNotFound()
            | TransitionRefused()
            | DependencyCycle()
            | NotClaimed()
        ):
            return REFUSED
        case TrackerError() | LeaseError():
            return UNREACHABLE
        case _:
            return FAILED
