"""`issue comment`: say something on an issue."""

from __future__ import annotations

from argparse import Namespace

from ...domain.errors import UsageError
from .._options import OK, Parser
from .command import Command, add_force, add_issue
from .context import Context
from .drafting import body_of


def _arguments(parser: Parser) -> None:
    add_issue(parser)
    add = parser.add_argument
    add("body", nargs="?", metavar="BODY", help="the text")
    add("--body-file", metavar="FILE", help="the text from a file; - reads standard input")
    add("--key", metavar="KEY", help="makes a repetition harmless: one comment for one key")
    add_force(parser)


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document

    text = body_of(options)
    if text is None or not text.strip():
        raise UsageError("There is nothing to say. Give the text, or its file with --body-file.")
    facade = context.facade
    facade.get(options.issue)
    comment = facade.comment(options.issue, text, key=options.key, force=options.force)
    context.out.item(document.comment(comment), f"#{options.issue} has comment {comment.id}")
    return OK


COMMAND = Command(
    help="say something on an issue",
    description="Add a comment. It is read with: issue show N --comments",
    examples=(
        'issue comment 42 "Completed database schema migration"',
        "make test 2>&1 | issue comment 42 --body-file -",
    ),
    arguments=_arguments,
    run=_run,
)
