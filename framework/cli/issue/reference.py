"""docs/cli.md, written from the commands themselves:

python -m framework.cli.issue.reference > docs/cli.md
"""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ...domain.errors import IssueNotFound
from .._options import explained
from .command import Command, Group
from .commands import COMMANDS
from .output import VERSION
from .program import EXIT_CODES, group_overview, load, parser_of
from .samples import Sample, documents

_WIDTH = 96


def main() -> int:
    sys.stdout.write(reference())
    return 0


def reference() -> str:
    """The whole page. The same commands give the same text, whatever the terminal."""
    return "\n".join([*_beginning(), *_json(), *_documents(), *_commands()]) + "\n"


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
    for code, told in EXIT_CODES.items():
        yield f"| {code} | {told} |"
    yield "\n`issue run` ends with the code of the command that it runs.\n"


def _json() -> Iterator[str]:
    error = explained(IssueNotFound("There is no issue '99'. List the issues to see which exist."))
    document = {"id": "12", "...": "..."}
    yield "## JSON\n"
    yield (
        "With `--json`, lists answer with an envelope. `total` is how many there are in all, null "
        "where that was not counted; `cursor` is what `--cursor` takes for the next page, null "
        "on the last. `--fields` chooses fields of the items.\n"
    )
    yield _block({"version": VERSION, "items": [document], "total": 1, "cursor": None})
    yield (
        "\nCommands that answer with one thing; `item` is null where there is none, as of "
        "`claim next` when nothing is ready:\n"
    )
    yield _block({"version": VERSION, "item": document})
    yield (
        "\n`edit`, `close`, `reopen` and `delete` take several issues: they answer with items, one "
        "for each, and with the worst exit code:\n"
    )
    yield from _either({"id": "12", "ok": True, "item": document}, error)
    yield "\n`batch` answers each line with one, without an envelope:\n"
    yield from _either({"line": 1, "ok": True, "item": document}, error)
    yield (
        "\n`--format=json` is the bare array or object, as for `jq -r '.[0].number'`. Times are "
        "UTC in ISO 8601. Fields may be added; one that is there keeps its name and its meaning "
        "as long as `version` stays.\n\nErrors are on standard error; `code` is for programs:\n"
    )
    yield _block(error)
    yield ""


def _either(done: Mapping[str, Any], error: Mapping[str, Any]) -> Iterator[str]:
    """What became of one thing of several."""
    yield _block(done)
    yield ""
    kept = {key: value for key, value in done.items() if key not in ("ok", "item")}
    yield _block({**kept, "ok": False, "error": error})


def _documents() -> Iterator[str]:
    every = documents()
    for name, sample in every.items():
        yield f"### {name}\n"
        for where, commands in sample.answers.items():
            yield f"- {where.value}: {', '.join(f'`{one}`' for one in commands)}"
        yield ""
        base = every[sample.of].example if sample.of else {}
        if sample.of:
            yield f"All that [{sample.of}](#{sample.of.replace(' ', '-')}) has, and:\n"
        yield _block({key: one for key, one in sample.example.items() if key not in base})
        yield "".join(f"\n{line}\n" for line in _remarks(sample, base))


def _remarks(sample: Sample, base: Mapping[str, Any]) -> Iterator[str]:
    """On the fields that are not in `base`."""
    remarks = {
        "Null where there is none": sample.null,
        "Any JSON": sample.any,
        "An object with any keys": sample.free,
    }
    for remark, paths in remarks.items():
        own = [f"`{path}`" for path in paths if path.split(".")[0] not in base]
        if own:
            yield f"{remark}: {', '.join(own)}."


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
