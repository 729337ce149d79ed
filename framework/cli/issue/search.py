"""`issue search`: the issues that a query asks for."""

from __future__ import annotations

import re
from argparse import Namespace

from .._options import Parser
from .command import Command
from .context import Context
from .listing import COMMAND as LIST
from .selection import add_filters


def _arguments(parser: Parser) -> None:
    # `-label:blocked` is a part of the query. argparse takes words with one dash for options,
    # except for those that this pattern calls numbers.
    parser._negative_number_matcher = re.compile(r"-[^-].")
    parser.add_argument(
        "words", nargs="+", metavar="QUERY", help="words, and qualifiers such as label:bug"
    )
    parser.add_argument("--explain", action="store_true", help="say how the query was read")
    add_filters(parser)


def _run(context: Context, options: Namespace) -> int:
    options.query = " ".join(options.words)
    return LIST.run(context, options)


COMMAND = Command(
    help="the issues that a query asks for",
    description="List the issues that match a query: words in title or body, and qualifiers. "
    "Several arguments are one query. Closed issues are left out unless the query, or --state, "
    "speaks of states.",
    examples=(
        'issue search "is:open assignee:me label:bug,priority:high"',
        "issue search 'memory leak' --state all --limit 5",
        "issue search 'label:needs-review -label:blocked updated:>7d' --explain",
    ),
    arguments=_arguments,
    run=_run,
    reads=True,
    lists=True,
)
