"""The structured part of an issue's body: what any tracker can hold as plain Markdown.

    ## Description
    ## Acceptance criteria      - [ ] one each
    ## Checks                   - `command`   or   - manual: reason
    ## Expected paths           - `path`

`render` and `parse` are inverse, but for white space around the description, line ends of other
systems, and line breaks in what is prose for people (criteria, reasons). People may write the
same by hand, and a body without these headings is a description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HEADING = re.compile(r"##\s+(.+?)\s*")
_ROW = re.compile(r"\s*[-*]\s+(?:\[[ xX]\]\s+)?(\S.*)")
_BACKTICKS = re.compile(r"`+")
_INDENT = "  "
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
    parts = [f"## Description\n\n{_escaped(brief.description.strip())}"]
    if criteria := [f"[ ] {_line(one)}" for one in brief.criteria if one.strip()]:
        parts.append("## Acceptance criteria\n\n" + _rows(criteria))
    if checks := [_check(one) for one in brief.checks if one.strip()]:
        parts.append("## Checks\n\n" + _rows(checks))
    if paths := [_code(one) for one in brief.paths if one.strip()]:
        parts.append("## Expected paths\n\n" + _rows(paths))
    return "\n\n".join(parts) + "\n"


def parse(body: str) -> Brief:
    found: dict[str, list[str]] = {name: [] for name in _SECTIONS.values()}
    current = "description"
    for line in body.replace("\r\n", "\n").split("\n"):
        if section := _section(line):
            current = section
        else:
            found[current].append(line)
    return Brief(
        description=_unescaped(found["description"]).strip(),
        criteria=_prose(found["criteria"]),
        checks=_codes(found["checks"]),
        paths=_codes(found["paths"]),
    )


def _section(line: str) -> str | None:
    heading = _HEADING.fullmatch(line)
    return _SECTIONS.get(heading[1].lower()) if heading else None


def _escaped(description: str) -> str:
    """Headings of ours inside a description get a backslash, so that they stay description."""
    lines = description.replace("\r\n", "\n").split("\n")
    return "\n".join("\\" + line if _section(line.lstrip("\\")) else line for line in lines)


def _unescaped(lines: Iterable[str]) -> str:
    return "\n".join(
        line.removeprefix("\\") if _section(line.lstrip("\\")) else line for line in lines
    )


def _rows(entries: Iterable[str]) -> str:
    return "\n".join(f"- {entry}" for entry in entries)


def _line(text: str) -> str:
    return " ".join(text.split())


def _check(check: str) -> str:
    return _line(check) if is_manual(check) else _code(check)


def _code(text: str) -> str:
    """A Markdown code span; its further lines are indented, as they belong to a list item."""
    text = text.replace("\r\n", "\n")
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("\n", "\n" + _INDENT)


def _prose(lines: Iterable[str]) -> tuple[str, ...]:
    """The rows of a list; indented lines go on with the row above."""
    entries: list[str] = []
    for line in lines:
        if row := _ROW.fullmatch(line):
            entries.append(_line(row[1]))
        elif entries and line.startswith(_INDENT) and line.strip():
            entries[-1] += " " + _line(line)
    return tuple(entries)


def _codes(lines: Iterable[str]) -> tuple[str, ...]:
    """The rows of a list, code spans without their backticks; only these may span lines."""
    entries: list[str] = []
    for line in lines:
        if entries and _is_open(entries[-1]):
            entries[-1] += "\n" + line.removeprefix(_INDENT)
        elif row := _ROW.fullmatch(line):
            entries.append(row[1])
    return tuple(_uncoded(entry.rstrip()) for entry in entries)


def _is_open(entry: str) -> bool:
    fence, *others = _BACKTICKS.findall(entry) if entry.startswith("`") else ("",)
    return fence != "" and fence not in others


def _uncoded(entry: str) -> str:
    fence = match[0] if (match := _BACKTICKS.match(entry)) else ""
    if not fence or len(entry) < 2 * len(fence) or not entry.endswith(fence):
        return entry
    inside = entry[len(fence) : -len(fence)]
    padded = inside[:1] == inside[-1:] == " " and inside.strip() != ""
    return inside[1:-1] if padded else inside
