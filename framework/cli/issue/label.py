"""`issue label`: what marks issues."""

from __future__ import annotations

import re
from argparse import SUPPRESS, ArgumentTypeError
from functools import partial

from ...domain.entry import Label
from ...domain.query import Field
from .._options import Parser
from .catalogue import Catalogue


def _arguments(parser: Parser) -> None:
    add = partial(parser.add_argument, default=SUPPRESS)
    add("--color", type=_color, metavar="RRGGBB", help="six hexadecimal digits")
    add("--description", metavar="TEXT")


def _color(text: str) -> str:
    digits = text.removeprefix("#").lower()
    if digits and not re.fullmatch("[0-9a-f]{6}", digits):
        raise ArgumentTypeError(f"{text!r} is no colour, such as d73a4a")
    return digits


COMMAND = Catalogue(
    noun="label",
    kind=Label,
    field=Field.LABEL,
    columns=("name", "issues", "color", "description"),
    arguments=_arguments,
    fields=("color", "description"),
    example="bug",
    options='--color d73a4a --description "It does not work"',
).group()
