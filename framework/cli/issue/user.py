"""`issue user`: the people and agents that issues name."""

from __future__ import annotations

from argparse import SUPPRESS

from ...domain.entry import User
from ...domain.query import Field
from .._options import Parser
from .catalogue import Catalogue


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--kind", default=SUPPRESS, metavar="KIND", help="such as coder, reviewer or person"
    )


COMMAND = Catalogue(
    noun="user",
    kind=User,
    field=Field.ASSIGNEE,
    columns=("name", "kind", "issues"),
    arguments=_arguments,
    fields=("kind",),
    example="agent-coder",
    options="--kind coder",
).group()
