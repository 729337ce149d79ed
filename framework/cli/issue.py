"""The `issue` command: the board's issues for people and scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ..dashboard.document import plain
from ..dashboard.wording import clean, clean_lines
from ..domain.graph import waits_for
from ..domain.issue import Change, Comment, Issue, State
from ..domain.query import Query
from ..domain.story import tag, tags
from ..trackers.base import Tracker
from ._options import OK, Parser, ending

_PERSON = "person"

Opener = Callable[[Path], Tracker]
"""Opens a project's tracker, and raises UsageError where there is none."""


def main(argv: Sequence[str] | None = None, *, opener: Opener | None = None) -> int:
    options = _parser().parse_args(argv)

    def body() -> int:
        with closing((opener or _open())(options.project_dir)) as tracker:
            return int(options.command(tracker, options))

    return ending("issue", body)


def _open() -> Opener:
    from ..attach import open_tracker

    return open_tracker


def _parser() -> Parser:
    parser = Parser(
        prog="issue",
        description="Look at the issues on a project's board, and put them back or away.",
        examples=("issue list --state blocked", "issue show 12 --json", "issue reopen 12"),
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    many = commands.add_parser(
        "list",
        help="the issues, oldest first",
        description="List the issues, oldest first.",
        examples=("issue list", "issue list --state blocked --json"),
    )
    many.add_argument(
        "--state",
        action="append",
        choices=[state.value for state in State],
        help="only these; may be repeated [all]",
        metavar="STATE",
    )
    many.set_defaults(command=_list)
    one = commands.add_parser(
        "show",
        help="one issue with its comments",
        description="Show an issue: text, dependencies, and comments with the proof.",
        examples=("issue show 12", "issue show 12 --json"),
    )
    one.add_argument("issue", metavar="N", help="the issue's id, such as 12 or #12")
    one.set_defaults(command=_show)
    again = commands.add_parser(
        "reopen",
        help="let it be worked on again",
        description="Put an issue that is blocked, closed or in review back to open.",
        examples=("issue reopen 12",),
    )
    again.set_defaults(command=_set, state=State.OPEN)
    done = commands.add_parser(
        "close",
        help="say that it is done",
        description="Close an issue by hand, for example one that needed your review.",
        examples=("issue close 12",),
    )
    done.set_defaults(command=_set, state=State.CLOSED)
    for command in (again, done):
        command.add_argument("issue", metavar="N", help="the issue's id, such as 12 or #12")
    said = commands.add_parser(
        "comment",
        help="say something that the next attempt is shown",
        description="Add a comment, for example the answer to a question.",
        examples=("issue comment 12 'Use the blue one.'",),
    )
    said.set_defaults(command=_comment)
    said.add_argument("issue", metavar="N", help="the issue's id, such as 12 or #12")
    said.add_argument("text", metavar="TEXT", help="what to say")
    for command in (many, one, again, done, said):
        command.add_argument("--json", action="store_true", help="for programs")
        command.add_argument(
            "--project-dir", type=Path, default=Path(), metavar="DIR", help="the project [.]"
        )
    return parser


def _list(tracker: Tracker, options: Any) -> int:
    every = {issue.id: issue for issue in tracker.list(Query())}
    states = frozenset(State(one) for one in options.state) if options.state else None
    query = Query(states=states)
    chosen = [issue for issue in every.values() if query.matches(issue)]
    if options.json:
        _write_json([_fields(issue, every) for issue in chosen])
    else:
        _draw(chosen, every)
    return OK


def _show(tracker: Tracker, options: Any) -> int:
    issue = tracker.get(options.issue.removeprefix("#"))
    comments = tracker.comments(issue.id)
    if options.json:
        _write_json({**plain(issue), "comments": plain(list(comments))})
    else:
        sys.stdout.write("\n".join(_text(issue, comments)) + "\n")
    return OK


def _set(tracker: Tracker, options: Any) -> int:
    issue = tracker.update(options.issue.removeprefix("#"), Change(state=options.state))
    if options.json:
        _write_json(plain(issue))
    else:
        sys.stdout.write(f"{tag(issue.id)} is {issue.state.value}\n")
    return OK


def _comment(tracker: Tracker, options: Any) -> int:
    comment = tracker.comment(options.issue.removeprefix("#"), options.text, author=_PERSON)
    if options.json:
        _write_json(plain(comment))
    else:
        sys.stdout.write(f"The comment is on {tag(comment.issue)}\n")
    return OK


def _write_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _fields(issue: Issue, every: dict[str, Issue]) -> dict[str, Any]:
    waiting = () if issue.is_closed else waits_for(issue, every)
    return {**plain(issue), "waits_for": list(waiting)}


def _draw(issues: Sequence[Issue], every: dict[str, Issue]) -> None:
    from rich.table import Table
    from rich.text import Text

    from ..dashboard.terminal import open_console

    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    for name in ("issue", "state", "priority"):
        table.add_column(name, no_wrap=True)
    table.add_column("title", ratio=3, no_wrap=True)
    table.add_column("waits for", ratio=1, no_wrap=True)
    for issue in issues:
        waiting = () if issue.is_closed else waits_for(issue, every)
        words = (tag(issue.id), issue.state.value, issue.priority.value, issue.title, tags(waiting))
        table.add_row(*(Text(clean(word)) for word in words))
    open_console().print(table)


def _text(issue: Issue, comments: Sequence[Comment]) -> list[str]:
    labels = ", ".join(sorted(issue.labels)) or "none"
    lines = [
        f"{tag(issue.id)} {clean(issue.title)}",
        f"state {issue.state.value}, priority {issue.priority.value}, labels {clean(labels)}",
        f"depends on {tags(issue.depends_on) or 'nothing'}",
    ]
    if issue.body:
        lines += ["", clean_lines(issue.body)]
    for comment in comments:
        head = f"{clean(comment.author)}, {plain(comment.created_at)}"
        lines += ["", f"-- {head}", clean_lines(comment.text)]
    return lines
