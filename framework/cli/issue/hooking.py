"""What the commands of `issue webhook` share: the secret, and the forge that has the hooks."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.errors import SettingsError, UsageError
from .._options import Parser
from .context import Context
from .saving import project_of

if TYPE_CHECKING:
    from ...config.choice import Chosen
    from ...webhooks.hooks import Hooks

SECRET = "NIGHTSHIFT_WEBHOOK_SECRET"  # noqa: S105  the name of a variable
_SHORTEST = 16
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def add_secret(parser: Parser) -> None:
    parser.add_argument(
        "--secret-env",
        type=_variable,
        default=SECRET,
        metavar="NAME",
        help=f"the variable that holds the secret [{SECRET}]",
    )


def _variable(text: str) -> str:
    """The text is not repeated: it could be the secret itself."""
    if not _VARIABLE.fullmatch(text):
        raise ArgumentTypeError("it is the name of a variable, in capitals, never the secret")
    return text


def secret_of(project: Path, name: str) -> str:
    from ...config.environment import lookup, process

    found = lookup(project, name, process())
    if found is None:
        raise SettingsError(
            f"There is no secret: {name} is not set. Make one with `openssl rand -hex 32`, and "
            f"export it or write it into {project / '.env'}; the forge gets the same."
        )
    if len(found[0]) < _SHORTEST or not found[0].isprintable():
        raise SettingsError(
            f"The secret in {name} is shorter than {_SHORTEST} characters, or no line of text. "
            "Make one with `openssl rand -hex 32`; the forge gets the same."
        )
    return found[0]


@contextmanager
def hooks_of(context: Context, options: Namespace) -> Iterator[Hooks]:
    """Of the repository that the backend names."""
    from ...attach import of_forge
    from ...webhooks.hooks import Hooks

    chosen = chosen_of(context, options)
    _refuse_others(chosen)
    given = of_forge(chosen, project_of(context))
    with closing(given.client()) as api:
        yield Hooks(api, given.owner, given.repo)


def chosen_of(context: Context, options: Namespace) -> Chosen:
    from ...config.choice import choose
    from ...config.stores import stores_of

    project = project_of(context)
    return choose(project, options.backend or stores_of(project).tracker)


def _refuse_others(chosen: Chosen) -> None:
    """Raises UsageError where the backend is no GitHub."""
    if chosen.type == "sqlite":
        raise UsageError(
            f"The backend {chosen.name} is a file on this machine and sends no webhooks. Name "
            "a forge with --backend NAME; see which there are: issue backend list"
        )
    if chosen.type != "github":
        raise UsageError(
            f"Webhooks of a {chosen.type} backend are not managed from here. Add one in the "
            f"settings of the repository there; `issue webhook serve --scheme {chosen.type}` "
            "takes what it sends."
        )
