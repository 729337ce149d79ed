"""tally export"""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence

from tally.commands.options import ledger, ledger_option
from tally.money import show
from tally.report import Month, in_month

HELP = "Print expenses as CSV, for a spreadsheet."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--month", metavar="YYYY-MM", help="only those of one month")
    ledger_option(parser)


def run(options: Namespace) -> Iterator[str]:
    entries = ledger(options).entries()
    if options.month:
        entries = in_month(entries, Month.parse(options.month))
    yield _row(("day", "amount", "category", "note"))
    for entry in entries:
        yield _row((str(entry.day), show(entry.cents), entry.category, entry.note))


def _row(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
