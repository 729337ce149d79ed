"""tally list"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from tally.commands.options import ledger, ledger_option
from tally.money import show
from tally.table import lay_out

HELP = "Print all expenses, oldest first."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--category", metavar="NAME", help="only those of one category")
    ledger_option(parser)


def run(options: Namespace) -> Iterator[str]:
    wanted = [
        entry
        for entry in ledger(options).entries()
        if options.category in (None, entry.category)
    ]
    rows = [(str(one.day), show(one.cents), one.category, one.note) for one in wanted]
    yield from lay_out(("day", "amount", "category", "note"), rows, right=("amount",))
