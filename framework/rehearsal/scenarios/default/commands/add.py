"""tally add"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import date

from tally.commands.options import ledger, ledger_option
from tally.entry import Entry, parse_day
from tally.money import parse, show

HELP = "Record an expense."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("amount", metavar="AMOUNT", help="such as 12 or 12.50")
    parser.add_argument("category", metavar="CATEGORY", help="one word, such as food")
    parser.add_argument("note", metavar="NOTE", nargs="*", help="anything to remember")
    parser.add_argument("--day", metavar="YYYY-MM-DD", help="today, if not given")
    ledger_option(parser)


def run(options: Namespace) -> Iterator[str]:
    day = parse_day(options.day) if options.day else date.today()
    entry = Entry(day, parse(options.amount), options.category, " ".join(options.note))
    ledger(options).append([entry])
    yield f"{entry.day}: {show(entry.cents)} for {entry.category}"
