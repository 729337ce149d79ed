"""`issue create`: a new issue."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ...domain.errors import UsageError
from ...domain.issue import Draft, Priority
from .._options import OK, Parser
from .command import Command, issue_id, name
from .context import Context
from .drafting import add_body, body_of, people, priority_of

_EVERY = 5
"""How many issues are made between two looks at whether the board is copied: a command that makes
one is to end at once."""


def _arguments(parser: Parser) -> None:
    parser.add_argument("title", metavar="TITLE")
    add_body(parser)
    add = parser.add_argument
    names: dict[str, Any] = {"action": "append", "default": [], "type": name}
    add("--label", **names, metavar="LABEL", help="repeatable")
    add("--assignee", **names, metavar="USER", help="repeatable; `me` for yourself")
    add("--depends-on", action="append", default=[], type=issue_id, metavar="N", help="repeatable")
    add("--key", metavar="KEY", help="makes a repetition harmless: one issue for one key")


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document

    if not options.title.strip():
        raise UsageError("The title is empty. Say in a few words what is to be done.")
    facade = context.facade
    draft = Draft(
        title=options.title,
        body=body_of(options) or "",
        priority=priority_of(options) or Priority.MEDIUM,
        labels=frozenset(options.label),
        assignees=people(options.assignee, facade.identity),
        milestone=None if options.milestone == "none" else options.milestone,
        depends_on=tuple(options.depends_on),
        key=options.key,
    )
    issue = facade.create(draft)
    waits_for = facade.dependencies.waits_for(issue)
    context.out.item(document.issue(issue, waits_for), f"#{issue.id}")
    if issue.withheld:
        context.out.note(f"Nobody may start on it: {issue.withheld}.")
    if issue.id.isdecimal() and not int(issue.id) % _EVERY:
        from .copying import back_up

        back_up(context)
    return OK


COMMAND = Command(
    help="a new issue",
    description="Make an issue and print its id. In a directory without a board, one is made.",
    examples=(
        'issue create "Parse amounts" --label feature --label priority:high --assignee me',
        "issue create 'Sum amounts' --depends-on 1 --body-file notes.md",
        "issue create 'Nightly audit' --key audit/2026-11-21 --json",
    ),
    arguments=_arguments,
    run=_run,
    creates=True,
)
