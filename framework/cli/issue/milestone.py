"""`issue milestone`: what issues are to be done by."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentTypeError
from datetime import date
from functools import partial

from ...domain.entry import Milestone
from ...domain.query import Field
from .._options import Parser
from .catalogue import Catalogue


def _arguments(parser: Parser) -> None:
    add = partial(parser.add_argument, default=SUPPRESS)
    add("--due", type=_due, metavar="DATE", help="such as 2026-12-24, or none")
    add("--state", dest="is_closed", type=_is_closed, metavar="STATE", help="open or closed")
    add("--description", metavar="TEXT")


def _due(text: str) -> date | None:
    if text == "none":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date, such as 2026-12-24") from None


def _is_closed(text: str) -> bool:
    if text not in ("open", "closed"):
        raise ArgumentTypeError(f"{text!r} is neither open nor closed")
    return text == "closed"


COMMAND = Catalogue(
    noun="milestone",
    kind=Milestone,
    field=Field.MILESTONE,
    columns=("name", "state", "due", "issues", "description"),
    arguments=_arguments,
    fields=("due", "is_closed", "description"),
    example='"Q1 Release"',
    options="--due 2026-12-24",
).group()
