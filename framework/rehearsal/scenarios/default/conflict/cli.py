"""The command line: one table of commands, one place where errors become messages.

A command is a module with HELP (one line), arguments(parser) and run(options), which yields the
lines to print.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tally import TallyError, __version__
from tally.commands import add, export, listing, report

COMMANDS: dict[str, Any] = {
    "add": add,
    "export": export,
    "list": listing,
    "report": report,
}


def main(argv: Sequence[str] | None = None, commands: Mapping[str, Any] = COMMANDS) -> int:
    options = build_parser(commands).parse_args(argv)
    try:
        for line in commands[options.command].run(options):
            print(line)
    except TallyError as problem:
        print(f"tally: {problem}", file=sys.stderr)
        return 1
    return 0


def build_parser(commands: Mapping[str, Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tally", description="Keep track of what you spend.")
    parser.add_argument("--version", action="version", version=f"tally {__version__}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in commands.items():
        command.arguments(choices.add_parser(name, help=command.HELP, description=command.HELP))
    return parser
