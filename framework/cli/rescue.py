"""`nightshift rescue`: the work that did not land, listed, shown and given back."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..attach import open_tracker
from ..config.place import STATE_DIRECTORY, find_project
from ..domain.errors import TrackerError, UsageError, WorkspaceError
from ..domain.identifier import slug
from ..domain.issue import Issue
from ..domain.legible import clean, clean_lines
from ..domain.query import Query
from ..workspaces.rescues import Content, Rescues, Saved
from ._options import OK, Parser, ending

_PROG = "nightshift rescue"
_TITLE = 40


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One ref with all that is told of it; no `content` of what is no commit."""

    saved: Saved
    issue: Issue | None
    content: Content | None


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    run = {"list": _list, "show": _show, "restore": _restore}[options.command]
    return ending(_PROG, lambda: run(options), as_json=getattr(options, "json", False))


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="What an attempt committed or left uncommitted without its landing is saved "
        "before its clone is deleted. This shows what there is, and makes a branch of it.",
        examples=(
            f"{_PROG} list generations/todo",
            f"{_PROG} show 12 --patch",
            f"{_PROG} restore 12/e3 --branch parser-again",
        ),
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="all saved work, the latest of each issue first")
    _add_directory(listing)
    listing.add_argument("--issue", metavar="N", help="of this issue only")
    listing.add_argument("--json", action="store_true", help="for programs; times are UTC")
    show = commands.add_parser("show", help="what it changes")
    _add_which(show)
    how = show.add_mutually_exclusive_group()
    how.add_argument(
        "--stat", action="store_true", help="commits, and how much in each file [this]"
    )
    how.add_argument("--patch", action="store_true", help="the changes, as `git apply` takes them")
    restore = commands.add_parser("restore", help="make a branch of it in the project")
    _add_which(restore)
    restore.add_argument("--branch", metavar="NAME", help="[rescue/ISSUE-eN]")
    return parser


def _add_which(parser: Parser) -> None:
    parser.add_argument("what", metavar="REF|N", help="as in the list, or an issue: its latest")
    _add_directory(parser)


def _add_directory(parser: Parser) -> None:
    parser.add_argument(
        "directory", nargs="?", type=Path, default=Path(), help="the project [.]", metavar="DIR"
    )


def _list(options: Namespace) -> int:
    project = _project(options.directory)
    rescues = Rescues(_hub(project))
    every = rescues.all()
    if options.issue is not None:
        wanted = slug(options.issue.removeprefix("#"))
        every = [one for one in every if one.issue == wanted]
    issues = _issues(project) if every else {}
    rows = [_row(rescues, one, issues) for one in every]
    if options.json:
        items = [_document(row) for row in rows]
        _say(json.dumps({"version": 1, "items": items, "total": len(items)}, indent=2))
        if not rescues.is_there:
            sys.stderr.write(f"{_PROG}: {_none(rescues, _hub(project), None)}\n")
    else:
        _say("\n".join(_lines(rows)) if rows else _none(rescues, _hub(project), options.issue))
    return OK


def _none(rescues: Rescues, hub: Path, issue: str | None) -> str:
    """Without a hub nothing is known: it may have been moved with all that was saved in it."""
    if not rescues.is_there:
        return (
            f"There is no hub at {hub}, so nothing can be listed. The first run makes it; if it "
            "was renamed or moved, put it back to see the work that is saved in it."
        )
    of = f" of issue {issue.removeprefix('#')}" if issue else ""
    return f"Nothing is saved{of} in {hub}."


def _show(options: Namespace) -> int:
    rescues = Rescues(_hub(_project(options.directory)))
    saved = rescues.find(options.what)
    diff = rescues.diff(saved, patch=options.patch)
    if not options.patch:
        base = rescues.content(saved).base or "nothing"
        _say(f"{saved.ref} {saved.commit[:10]}, against {base[:10]}")
        _say(clean_lines(rescues.log(saved)))
    _write(diff)
    return OK


def _restore(options: Namespace) -> int:
    project = _project(options.directory)
    rescues = Rescues(_hub(project))
    saved = rescues.find(options.what)
    name = rescues.restore(saved, project, options.branch)
    _say(f"{saved.ref} is the branch {name} of {project}.")
    _say(f"Look at it:    git log --patch HEAD..{name}")
    _say(f"Work with it:  git switch {name}")
    return OK


def _project(directory: Path) -> Path:
    project = find_project(directory)
    if not (project / STATE_DIRECTORY).is_dir():
        raise UsageError(
            f"{project} has no {STATE_DIRECTORY}/: no run has worked there. Name the directory of "
            "a project."
        )
    return project


def _hub(project: Path) -> Path:
    return project / STATE_DIRECTORY / "hub.git"


def _issues(project: Path) -> Mapping[str, Issue]:
    """The project's issues by their ref components; none where they cannot be asked for, which
    is said: saved work can be had without them."""
    try:
        tracker = open_tracker(project)
        try:
            return {slug(one.id): one for one in tracker.list(Query())}
        finally:
            tracker.close()
    except (TrackerError, UsageError) as error:
        sys.stderr.write(f"{_PROG}: Without titles: {error}\n")
        return {}


def _row(rescues: Rescues, saved: Saved, issues: Mapping[str, Issue]) -> _Row:
    try:
        content: Content | None = rescues.content(saved)
    except WorkspaceError:
        content = None  # no commit, and listed as that
    return _Row(saved=saved, issue=issues.get(saved.issue), content=content)


def _document(row: _Row) -> dict[str, Any]:
    content = row.content
    return {
        "ref": row.saved.ref,
        "name": row.saved.short,
        "issue": row.issue.id if row.issue else row.saved.issue,
        "title": row.issue.title if row.issue else None,
        "state": row.issue.state if row.issue else None,
        "epoch": row.saved.epoch,
        "commit": row.saved.commit,
        "saved_at": row.saved.at.isoformat(timespec="seconds"),
        "base": content.base if content else None,
        "commits": content.commits if content else None,
        "files": content.files if content else None,
        "added": content.added if content else None,
        "removed": content.removed if content else None,
        "uncommitted": content.has_edits if content else None,
        "landed": content.has_landed if content else None,
    }


def _lines(rows: Sequence[_Row]) -> list[str]:
    cells = [("NAME", "SAVED", "COMMITS", "FILES", "LINES", "", "ISSUE"), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _cells(row: _Row) -> tuple[str, ...]:
    content = row.content
    issue = f"#{row.issue.id} {clean(row.issue.title)[:_TITLE]}" if row.issue else ""
    when = f"{row.saved.at.astimezone():%Y-%m-%d %H:%M}"
    if content is None:
        return (row.saved.short, when, "", "", "", "no commit", issue)
    return (
        row.saved.short,
        when,
        str(content.commits),
        str(content.files),
        f"+{content.added} -{content.removed}",
        "landed since" if content.has_landed else "with edits" if content.has_edits else "",
        issue,
    )


def _write(diff: bytes) -> None:
    """To a terminal as text that can do nothing there; to files and programs as it is."""
    if sys.stdout.isatty():
        _say(clean_lines(diff.decode("utf-8", "replace")))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(diff)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
