"""Scenarios: a whole run, written down. The format is described in docs/rehearsal.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import prose
from ..domain.errors import SettingsError
from ..domain.nearest import nearest
from . import plan
from .document import Node, parse
from .outage import Outage
from .script import Attempt, Script
from .shorthand import Source, turn
from .turn import Turn

BUNDLED = Path(__file__).parent / "scenarios"
_FILE = "scenario.yaml"
_MOST_TOKENS = 9
_PARTS = ("turns", "conflict", "unfinished")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`spec` is the text of the specification, `project` the first commit's files by path,
    `plan` what the planning session hands in, if there is one, `outage` when the tracker is
    away, if it ever is, `tokens` how many the run has, `stall` after how many seconds of
    silence a session ends where that is not the usual time, `max_failures` after how many
    failed attempts an issue is blocked where that is not the usual number."""

    name: str
    description: str
    spec: str
    scripts: tuple[Script, ...]
    project: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, Any] | None = None
    outage: Outage | None = None
    tokens: int = 1
    stall: float | None = None
    max_failures: int | None = None


def find(name: str) -> Path:
    """The file of a bundled scenario, or of one that a person wrote: a folder or a file.

    Raises SettingsError that lists the bundled ones.
    """
    bundled = sorted(path.parent.name for path in BUNDLED.glob(f"*/{_FILE}"))
    if name in bundled:
        return BUNDLED / name / _FILE
    path = Path(name) / _FILE if Path(name).is_dir() else Path(name)
    if not path.is_file():
        raise SettingsError(
            f"no scenario {name!r}: give a folder with a {_FILE} in it, such a file, "
            f"or a bundled one{nearest(name, bundled)}"
        )
    return path


def load(path: Path) -> Scenario:
    """Read a scenario with all files it names. Raises SettingsError for anything that is not in
    the format; it does not promise that the script makes sense."""
    root = parse(path)
    required = ("name", "description", "sessions")
    known = (*required, "spec", "project", "plan", "tracker", "tokens", "stall", "max_failures")
    fields = root.fields(known, required=required)
    source = Source(folder=path.parent)
    if "plan" in fields:
        source = replace(source, plan=plan.read(_plan_node(fields["plan"], source)))
    scripts = tuple(_script(node, source) for node in fields["sessions"].items())
    _refuse_twins(scripts, fields["sessions"])
    return Scenario(
        name=fields["name"].text(),
        description=fields["description"].text(),
        spec=source.text(fields["spec"]) if "spec" in fields else _shelved(fields["name"]),
        scripts=scripts,
        project=_project(fields["project"], source) if "project" in fields else {},
        plan=source.plan,
        tokens=_tokens(fields["tokens"]) if "tokens" in fields else 1,
        stall=fields["stall"].number() if "stall" in fields else None,
        max_failures=_failures(fields["max_failures"]) if "max_failures" in fields else None,
        outage=_outage(fields["tracker"]) if "tracker" in fields else None,
    )


def _tokens(node: Node) -> int:
    if not 1 <= (count := node.whole()) <= _MOST_TOKENS:
        raise node.wrong(f"must be from 1 to {_MOST_TOKENS}")
    return count


def _failures(node: Node) -> int:
    if (count := node.whole()) == 0:
        raise node.wrong("must be at least 1: an issue is blocked after a failure")
    return count


def _outage(node: Node) -> Outage:
    fields = node.fields(("away_after", "for"), required=("away_after", "for"))
    after = fields["away_after"].whole()
    if after == 0:
        raise fields["away_after"].wrong("must be at least 1: a run cannot begin without a tracker")
    return Outage(after=after, seconds=fields["for"].number())


def _shelved(name: Node) -> str:
    """The specification of that name in the library."""
    path = prose.FOLDER / name.text() / prose.SPEC_FILE
    try:
        return path.read_text("utf-8")
    except OSError as problem:
        raise name.wrong(f"names no specification of the library, so give 'spec': {problem}") from (
            problem
        )


def _plan_node(node: Node, source: Source) -> Node:
    """The plan itself, or the file that holds it."""
    return parse(source.path(node)) if isinstance(node.value, str) else node


def _project(node: Node, source: Source) -> dict[str, str]:
    return {
        path: source.content(one.fields(("text", "file")), one)
        for path, one in node.entries().items()
    }


def _script(node: Node, source: Source) -> Script:
    fields = node.fields(("issue", "planning", "attempts", *_PARTS))
    if ("attempts" in fields) == ("turns" in fields):
        raise node.wrong("needs 'turns', or 'attempts' if there are several")
    attempts = fields["attempts"].items() if "attempts" in fields else [_only(node)]
    if not attempts:
        raise node.wrong("needs at least one attempt")
    return Script(
        title=_title(fields, node, source),
        attempts=tuple(_attempt(one, source) for one in attempts),
    )


def _only(node: Node) -> Node:
    return replace(node, value={key: node.value[key] for key in _PARTS if key in node.value})


def _title(fields: Mapping[str, Node], node: Node, source: Source) -> str | None:
    if ("planning" in fields) == ("issue" in fields):
        raise node.wrong("needs either 'issue' with a title, or 'planning: true'")
    if "planning" in fields:
        fields["planning"].yes()
        return None
    title = fields["issue"].text()
    planned = [issue["title"] for issue in source.plan["issues"]] if source.plan else [title]
    if title not in planned:
        raise fields["issue"].wrong(f"the plan has no issue {title!r}{nearest(title, planned)}")
    return title


def _attempt(node: Node, source: Source) -> Attempt:
    fields = node.fields(_PARTS, required=("turns",))
    parts: dict[str, tuple[Turn, ...]] = {
        name: tuple(turn(one, source) for one in value.items()) for name, value in fields.items()
    }
    return Attempt(**parts)


def _refuse_twins(scripts: tuple[Script, ...], node: Node) -> None:
    names = [script.name for script in scripts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise node.wrong(f"{twice!r} has two scripts; a second session of it is an attempt")
