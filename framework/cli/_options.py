"""How every command takes its options and ends: one parser, one table of exit codes."""

from __future__ import annotations

import argparse
import difflib
import math
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from ..domain.errors import IssueNotFound, NightshiftError, TrackerError, UsageError

OK = 0
FAILED = 1
NOT_FOUND = 1
WRONG_USAGE = 2
UNREACHABLE = 4
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest known option or value for one that it does not know.

    Options cannot be abbreviated, so that a new one never changes what an old script means.
    Wrong usage ends with exit code 2 and one line that says what to do; `--help` ends with
    `examples`, or with an `epilog` of the caller's. Nothing is ever left over:
    `parse_known_args` refuses what it does not know.
    """

    def __init__(self, *, examples: Sequence[str] = (), **settings: Any) -> None:
        shown = "\n".join(["examples:", *(f"  {one}" for one in examples)])
        defaults = {
            "allow_abbrev": False,
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "epilog": shown if examples else None,
        }
        super().__init__(**{**defaults, **settings})
        self.description = textwrap.fill(self.description or "", 90)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, extra = super().parse_known_args(args, namespace)
        if extra:
            self.error(self._unknown(extra[0]))
        return found, extra

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"{self.prog}: {message}. See {self.prog} --help\n")

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


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that names the known word most like `word`, or all when none is like it."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f", did you mean {close[0]}?" if close else f", known are {', '.join(words)}"


def seconds(text: str) -> float:
    """A length of time for `type=`: at least a tenth of a second."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.1 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.1 up")
    return value


def ending(prog: str, body: Callable[[], int]) -> int:
    """Run a command to its exit code. What Nightshift can name goes to stderr in its own words;
    anything else is a bug and stays a traceback."""
    try:
        code = body()
        sys.stdout.flush()
    except NightshiftError as error:
        sys.stderr.write(f"{prog}: {error}\n")
        return _code(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has left. Python would say so again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _code(error: NightshiftError) -> int:
    match error:
        case IssueNotFound():
            return NOT_FOUND
        case UsageError():
            return WRONG_USAGE
        case TrackerError():
            return UNREACHABLE
        case _:
            return FAILED
