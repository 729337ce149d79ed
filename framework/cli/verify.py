"""`nightshift verify`: whether a landed issue is what its proof says, checks run again."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from ..attach import open_tracker
from ..bootstrap import make_box, state_of
from ..box import Network
from ..config import settings as config
from ..config.place import STATE_DIRECTORY, find_project
from ..config.settings import Settings
from ..domain.comparison import Comparison
from ..domain.errors import IssueNotFound, TargetMissing, UsageError
from ..domain.issue import Comment, Issue
from ..domain.legible import clean
from ..domain.merge import Proof
from ..workspaces import refs
from ..workspaces._git import Git
from ..workspaces.audit import Audit
from ..workspaces.checkout import Checkouts
from ..workspaces.checks import Checks
from ..workspaces.hub import Hub
from ._options import FAILED, OK, Parser, ending

_PROG = "nightshift verify"


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return ending(_PROG, lambda: _verify(options), as_json=options.json)


def _parser() -> Parser:
    parser = Parser(
        prog=_PROG,
        description="Hold the record of an issue's landing against the target branch, the issue "
        "and its comment, and run the recorded checks again in a throwaway checkout of exactly "
        "that tree. Exit code 0: all is the same. 1: something differs. 2: there is no such "
        "landing. Nothing is changed.",
        examples=(f"{_PROG} 12", f"{_PROG} 12 generations/todo --json"),
    )
    add = parser.add_argument
    add("issue", metavar="N", help="an issue that has landed")
    add("directory", nargs="?", type=Path, default=Path(), help="the project [.]", metavar="DIR")
    add("--no-box", action="store_true", help="run the checks without bubblewrap")
    add("--json", action="store_true", help="for programs")
    return parser


def _verify(options: argparse.Namespace) -> int:
    project = find_project(options.directory)
    settings = config.load(project=project, boxed=not options.no_box)
    hub = _hub(settings)
    issue, comments = _issue(project, options.issue.removeprefix("#"))
    audit = Audit(hub, issue, logs=settings.directory / "logs")
    record = audit.record()
    if isinstance(record, Proof):
        found = _compare(settings, hub, audit, record, comments)
    else:
        found = (record,)
    _say(_json(issue, record, found) if options.json else _lines(issue, found))
    return OK if all(one.is_same for one in found) else FAILED


def _compare(
    settings: Settings, hub: Hub, audit: Audit, proof: Proof, comments: Sequence[Comment]
) -> tuple[Comparison, ...]:
    import anyio

    with tempfile.TemporaryDirectory(prefix="nightshift-verify-") as logs:
        checks = Checks(
            checkouts=Checkouts(hub, state_of(settings)),
            box=make_box(settings),
            logs=Path(logs),
            seconds=settings.run.check_seconds,
            network=settings.box.check_network == Network.OPEN.value,
        )
        return anyio.run(audit.compare, proof, comments, checks)


def _hub(settings: Settings) -> Hub:
    """The project's hub as it is: what is missing there is told, and not made anew."""
    path = settings.directory / "hub.git"
    if not path.is_dir():
        raise UsageError(
            f"{settings.project} has no {STATE_DIRECTORY}/hub.git: no run has worked there. Name "
            "the directory of a project."
        )
    git = Git("--git-dir", str(path))
    target = git.run("symbolic-ref", "--short", "HEAD")
    if git.call("rev-parse", "--quiet", "--verify", refs.target(target)).code != 0:
        raise TargetMissing(
            f"The branch {target} is gone from {path}, so nothing of it can be verified. Start a "
            "run, and it is made from the project's."
        )
    return Hub(project=settings.project, path=path, target=target)


def _issue(project: Path, id: str) -> tuple[Issue, Sequence[Comment]]:
    with closing(open_tracker(project)) as tracker:
        try:
            return tracker.get(id), tracker.comments(id)
        except IssueNotFound as error:
            raise UsageError(str(error)) from error


def _lines(issue: Issue, found: Sequence[Comparison]) -> Iterable[str]:
    yield f"Issue {issue.id}: {clean(issue.title)}"
    for one in found:
        yield f"{'same' if one.is_same else 'DIFFERENT':<10} {clean(one.what)}: {_told(one)}"
    wrong = sum(not one.is_same for one in found)
    count = f"{len(found)} thing" + ("" if len(found) == 1 else "s")
    yield f"{wrong} of {count} different." if wrong else f"All the same: {count}."


def _told(one: Comparison) -> str:
    if one.is_same:
        return clean(one.found)
    return f"recorded {clean(one.recorded)}; found {clean(one.found)}"


def _json(issue: Issue, record: object, found: Sequence[Comparison]) -> Iterable[str]:
    document = {
        "version": 1,
        "issue": issue.id,
        "commit": record.commit if isinstance(record, Proof) else None,
        "same": all(one.is_same for one in found),
        "comparisons": [
            {"what": one.what, "recorded": one.recorded, "found": one.found, "same": one.is_same}
            for one in found
        ],
    }
    yield json.dumps(document, indent=2)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
