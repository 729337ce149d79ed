"""tally budget"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import date

from tally.budget import compare, read_budget
from tally.commands.options import ledger, ledger_option
from tally.files import read_text
from tally.money import show
from tally.report import Month, by_category, in_month
from tally.table import lay_out

HELP = "Compare a month with a budget."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="lines such as food = 250.00")
    parser.add_argument("--month", metavar="YYYY-MM", help="this month, if not given")
    ledger_option(parser)


def run(options: Namespace) -> Iterator[str]:
    month = Month.parse(options.month) if options.month else Month.of(date.today())
    planned = read_budget(read_text(options.file))
    spent = by_category(in_month(ledger(options).entries(), month))
    rows = [
        (line.category, show(line.spent), show(line.planned), show(line.left), _mark(line.is_over))
        for line in compare(spent, planned)
    ]
    header = (str(month), "spent", "planned", "left", "")
    yield from lay_out(header, rows, right=("spent", "planned", "left"))


def _mark(over: bool) -> str:
    return "over" if over else ""
