"""`issue edit`: change what issues say."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...domain.errors import UsageError
from ...domain.issue import Change, Issue, State
from .._options import Parser
from .command import Command, add_force, add_issues, name
from .context import Context
from .drafting import add_body, body_of, priority_of
from .several import each

_FIELDS = ("title", "body", "state", "priority", "milestone", "labels", "assignees")


def _arguments(parser: Parser) -> None:
    add_issues(parser)
    add = parser.add_argument
    add("--title", type=name, metavar="TEXT")
    add_body(parser)
    add("--no-milestone", action="store_true", help="take it off its milestone")
    add(
        "--state",
        choices=[state.value for state in State],
        metavar="STATE",
        help="open, in_progress, blocked, needs_review or closed",
    )
    labels: dict[str, Any] = {"action": "append", "default": [], "type": name, "metavar": "LABEL"}
    add("--add-label", **labels, help="repeatable")
    add("--remove-label", **labels, help="repeatable")
    add("--assignee", action="append", default=[], type=name, metavar="USER",
        help="in place of who it was; repeatable; `me`, or `none` for nobody")  # fmt: skip
    add_force(parser)


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document

    change = _change(options)
    if change == Change():
        raise UsageError("Nothing to change was given. Say what: issue edit --help lists it.")
    facade = context.facade
    change = _meant(change, facade.identity.name)

    def deed(id: str) -> tuple[dict[str, Any], str]:
        before = facade.get(id)
        after = facade.update(id, change, force=options.force)
        changed = _differing(before, after)
        told = f"changed: {', '.join(changed)}" if changed else "as you want it already"
        return document.issue(after, facade.dependencies.waits_for(after)), f"#{id} is {told}"

    return each(context, "issue edit", options.issues, deed)


def _change(options: Namespace) -> Change:
    """What was asked for, with `me` as it stands."""
    return Change(
        title=options.title,
        body=body_of(options),
        state=State(options.state) if options.state else None,
        priority=priority_of(options),
        milestone=_milestone(options),
        assignees=_assignees(options.assignee),
        add_labels=frozenset(options.add_label),
        remove_labels=frozenset(options.remove_label),
    )


def _meant(change: Change, me: str) -> Change:
    if change.assignees is None:
        return change
    named = frozenset(me if one == "me" else one for one in change.assignees)
    return replace(change, assignees=named)


def _milestone(options: Namespace) -> str | None:
    given: str | None = options.milestone
    if options.no_milestone and given is not None:
        raise UsageError(
            "Both a milestone and none were asked for. Use --milestone or --no-milestone."
        )
    return "" if options.no_milestone or given == "none" else given


def _assignees(given: Sequence[str]) -> frozenset[str] | None:
    if "none" not in given:
        return frozenset(given) if given else None
    if len(set(given)) > 1:
        raise UsageError(
            "Both somebody and nobody were asked for. Leave --assignee none out, or the others."
        )
    return frozenset()


def _differing(before: Issue, after: Issue) -> list[str]:
    return [field for field in _FIELDS if getattr(before, field) != getattr(after, field)]


COMMAND = Command(
    help="change issues",
    description="Change one issue or several. Each is tried; the exit code is the highest of "
    "any. What somebody else holds is refused with 3.",
    examples=(
        "issue edit 42 --assignee=agent-coder --state=in_progress",
        "issue edit 3 4 5 --add-label reviewed --remove-label needs-review",
        "issue edit 42 --body-file - --no-milestone --assignee none < text.md",
    ),
    arguments=_arguments,
    run=_run,
)
