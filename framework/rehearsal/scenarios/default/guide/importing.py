"""tally import"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from tally.commands.options import ledger, ledger_option
from tally.files import read_text
from tally.importer import read_statement
from tally.money import show

HELP = "Take over a bank statement in CSV."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="date, amount, category, description")
    ledger_option(parser)


def run(options: Namespace) -> Iterator[str]:
    entries = read_statement(read_text(options.file))
    ledger(options).append(entries)
    yield f"{len(entries)} expenses, {show(sum(entry.cents for entry in entries))} in all"
