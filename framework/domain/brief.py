"""The structured part of an issue's body: what any tracker can hold as plain Markdown.

    ## Description
    ## Acceptance criteria      - [ ] one each
    ## Checks                   - `command`   or   - manual: reason
    ## Expected paths           - `path`

`render` and `parse` are inverse for what the runner needs; people may write the same by hand,
and a body without these headings is a description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HEADING = re.compile(r"^##\s+(.+?)\s*$")
_ROW = re.compile(r"^\s*[-*]\s+(?:\[[ xX]\]\s+)?(.*\S)\s*$")
_SECTIONS = {
    "description": "description",
    "acceptance criteria": "criteria",
    "checks": "checks",
    "expected paths": "paths",
}
MANUAL = "manual:"


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What is to be done and how it is judged.

    A check is a shell command that exits 0 on the tree to be landed, or `manual: reason` for
    what a person must look at.
    """

    description: str = ""
    criteria: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(check for check in self.checks if not is_manual(check))

    @property
    def manual(self) -> tuple[str, ...]:
        """The reasons why a person must look."""
        return tuple(check[len(MANUAL) :].strip() for check in self.checks if is_manual(check))


def is_manual(check: str) -> bool:
    return check.lower().startswith(MANUAL)


def render(brief: Brief) -> str:
    parts = [f"## Description\n\n{brief.description.strip()}"]
    if brief.criteria:
        parts.append("## Acceptance criteria\n\n" + _rows(f"[ ] {one}" for one in brief.criteria))
    if brief.checks:
        parts.append("## Checks\n\n" + _rows(_quoted(check) for check in brief.checks))
    if brief.paths:
        parts.append("## Expected paths\n\n" + _rows(f"`{path}`" for path in brief.paths))
    return "\n\n".join(parts) + "\n"


def parse(body: str) -> Brief:
    found: dict[str, list[str]] = {name: [] for name in _SECTIONS.values()}
    current = "description"
    for line in body.splitlines():
        heading = _HEADING.match(line)
        if heading and heading[1].lower() in _SECTIONS:
            current = _SECTIONS[heading[1].lower()]
        else:
            found[current].append(line)
    return Brief(
        description="\n".join(found["description"]).strip(),
        criteria=_entries(found["criteria"]),
        checks=_entries(found["checks"]),
        paths=_entries(found["paths"]),
    )


def _rows(entries: Iterable[str]) -> str:
    return "\n".join(f"- {entry}" for entry in entries)


def _quoted(check: str) -> str:
    return check if is_manual(check) else f"`{check}`"


def _entries(lines: list[str]) -> tuple[str, ...]:
    rows = (match[1] for line in lines if (match := _ROW.match(line)))
    return tuple(_unquoted(row) for row in rows)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "`" else text
