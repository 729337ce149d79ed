"""tally report"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import date

from tally.commands.options import ledger, ledger_option
from tally.money import show
from tally.report import Month, by_category, in_month
from tally.table import lay_out

HELP = "Sum a month by category."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--month", metavar="YYYY-MM", help="this month, if not given")
    ledger_option(parser)


def run(options: Namespace) -> Iterator[str]:
    month = Month.parse(options.month) if options.month else Month.of(date.today())
    sums = by_category(in_month(ledger(options).entries(), month))
    rows = [(name, show(cents)) for name, cents in sums.items()]
    total = ("total", show(sum(sums.values())))
    yield from lay_out((str(month), "spent"), [*rows, total], right=("spent",))
