"""`issue delete`: as if issues had never been."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from .._options import REFUSED, Parser
from .command import Command, add_force, add_issues
from .consent import add_yes, agreed
from .context import Context
from .several import each


def _arguments(parser: Parser) -> None:
    add_issues(parser)
    add_yes(parser)
    add_force(parser)


def _run(context: Context, options: Namespace) -> int:
    facade = context.facade
    named = ", ".join(f"#{id}" for id in options.issues)
    question = f"Delete {named} for good, comments and all?"
    if not agreed(options, question, "An issue that is not wanted can be closed: issue close N"):
        context.out.nothing("Nothing was deleted.")
        return REFUSED

    def deed(id: str) -> tuple[dict[str, Any], str]:
        facade.get(id)
        facade.delete(id, force=options.force)
        return {"id": id, "deleted": True}, f"#{id} is deleted"

    return each(context, "issue delete", options.issues, deed)


COMMAND = Command(
    help="take issues away for good",
    description="Delete one issue or several, with all that was said on them. This cannot be "
    "undone; what was done stays in the activity log. An issue that is done is closed instead.",
    examples=("issue delete 42", "issue delete 3 4 --yes --json"),
    arguments=_arguments,
    run=_run,
)
