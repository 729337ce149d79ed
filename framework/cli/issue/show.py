"""`issue show`: one issue whole."""

from __future__ import annotations

from argparse import Namespace

from .._options import OK, Parser
from .command import Command, add_issue
from .context import Context


def _arguments(parser: Parser) -> None:
    add_issue(parser)
    parser.add_argument("--comments", action="store_true", help="with its comments")


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document
    from ...facade.claims import holder_name
    from .text import comment_text, issue_text

    facade = context.facade
    issue = facade.get(options.issue)
    waiting = facade.dependencies.waits_for(issue)
    comments = facade.comments(issue.id)
    state = facade.messages.work_state(issue.id)
    claim = facade.claims.check(issue.id)
    lines = issue_text(issue, waiting)
    if claim:
        until = document.time(claim.expires_at)
        lines.insert(2, f"claimed by {holder_name(claim)} until {until}")
    if options.comments:
        lines += [line for comment in comments for line in comment_text(comment)]
    elif comments:
        number = "1 comment" if len(comments) == 1 else f"{len(comments)} comments"
        lines += ["", f"{number}: issue show {issue.id} --comments"]
    context.out.item(
        {
            **document.issue(issue, waiting),
            "claim": document.claim(claim, mine=facade.claims.is_mine(claim)) if claim else None,
            "work_state": document.work_state(state) if state else None,
            "comments": [document.comment(one) for one in comments] if options.comments else None,
        },
        "\n".join(lines),
    )
    return OK


COMMAND = Command(
    help="one issue whole",
    description="Show an issue: text, labels, dependencies, claim, and with --comments the "
    "comments, the proof among them.",
    examples=("issue show 12", "issue show 12 --comments --json"),
    arguments=_arguments,
    run=_run,
    reads=True,
)
