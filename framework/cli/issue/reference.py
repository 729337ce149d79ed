"""docs/cli.md, written from the commands themselves:

python -m framework.cli.issue.reference > docs/cli.md
"""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from functools import partial

from ...domain.errors import IssueNotFound
from .._options import explained
from .command import Command, Group
from .commands import COMMANDS
from .output import VERSION
from .program import group_overview, load, parser_of
from .samples import documents

_WIDTH = 96
_CODES = {
    0: "done",
    1: "not found, refused, or something bad is left",
    2: "wrong usage or configuration",
    3: "conflict, or already claimed",
    4: "the backend cannot be reached, or its data cannot be read",
    5: "not allowed",
    130: "interrupted",
}


def main() -> int:
    sys.stdout.write(reference())
    return 0


def reference() -> str:
    """The whole page. The same commands give the same text, whatever the terminal."""
    return "\n".join([*_beginning(), *_json(), *_commands()]) + "\n"


def _beginning() -> Iterator[str]:
    yield "# `issue`: the command\n"
    yield (
        "Generated from the commands by `python -m framework.cli.issue.reference`; a test "
        "compares. [queries.md](queries.md) tells the query language, "
        "[configuration.md](configuration.md) where settings come from, [api.md](api.md) the "
        "same for Python.\n"
    )
    yield "| command | |\n|---|---|"
    for name in COMMANDS:
        yield f"| [`issue {name}`](#issue-{name}) | {load(name).help} |"
    yield "\n## Exit codes\n\n| code | |\n|---|---|"
    for code, told in _CODES.items():
        yield f"| {code} | {told} |"
    yield "\n`issue run` ends with the code of the command that it runs.\n"


def _json() -> Iterator[str]:
    error = IssueNotFound("There is no issue '99'. List the issues to see which exist.")
    document = {"id": "12", "...": "..."}
    yield "## JSON\n"
    yield (
        "With `--json`, lists answer with an envelope. `total` is how many there are in all, null "
        "where that was not counted; `cursor` is what `--cursor` takes for the next page, null "
        "on the last. `--fields` chooses fields of the items.\n"
    )
    yield _block({"version": VERSION, "items": [document], "total": 1, "cursor": None})
    yield "\nCommands that answer with one thing:\n"
    yield _block({"version": VERSION, "item": document})
    yield (
        "\nCommands that change several issues answer with items, one for each, and with the worst "
        "exit code:\n"
    )
    yield _block({"id": "12", "ok": True, "item": document})
    yield ""
    yield _block({"id": "99", "ok": False, "error": explained(error)})
    yield (
        "\n`--format=json` is the bare array or object, as for `jq -r '.[0].number'`. Times are "
        "UTC in ISO 8601. Fields may be added; one that is there keeps its name and its meaning "
        "as long as `version` stays.\n\nErrors are on standard error; `code` is for programs:\n"
    )
    yield _block(explained(error))
    yield ""
    for name, (commands, sample) in documents().items():
        yield f"### {name}\n\nAnswer of: {commands}.\n"
        yield _block(sample) + "\n"


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield from (part for name in COMMANDS for part in _told(("issue", name), load(name)))


def _told(path: tuple[str, ...], command: Command | Group) -> Iterator[str]:
    yield f"{'#' * min(6, len(path) + 1)} {' '.join(path)}\n"
    match command:
        case Command():
            parser = parser_of(path, command)
            parser.formatter_class = partial(RawDescriptionHelpFormatter, width=_WIDTH)
            yield _fenced(parser.format_help(), "text")
        case Group():
            yield _fenced(group_overview(path, command), "text")
            if command.default and command.default not in command.commands.values():
                yield from _told((*path, "N"), command.default)
            for name, one in command.commands.items():
                yield from _told((*path, name), one)


def _block(value: object) -> str:
    return _fenced(json.dumps(value, indent=2, ensure_ascii=False), "json").rstrip("\n")


def _fenced(text: str, kind: str) -> str:
    return f"```{kind}\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    raise SystemExit(main())
