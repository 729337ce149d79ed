"""From words on the command line to a command that runs. Imports only the command meant."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ...domain.errors import QueryError
from ...domain.nearest import nearest
from .._options import OK, WRONG_USAGE, Parser, ending, filled, misused, settle_streams
from .command import Command, Group, count
from .commands import COMMANDS

EXIT_CODES: Mapping[int, str] = {
    0: "ok",
    1: "not found or refused, or something bad is left",
    2: "wrong usage or configuration",
    3: "conflict or already claimed",
    4: "backend unreachable or unreadable",
    5: "not allowed",
    130: "interrupted",
}
"""What each means. Which error ends with which is in `_options`."""

_SUMMARY = "Any tracker's issues, for agents, people and scripts."
_HELP = ("-h", "--help", "help")
_EVERYWHERE = {"--json": False, "--format": True, "--project-dir": True, "--backend": True}
"""The options that all commands take, and whether a value follows. They may stand first."""


def main(argv: Sequence[str] | None = None) -> int:
    if argv is None:
        settle_streams()
    words = _reordered(list(sys.argv[1:] if argv is None else argv))
    if not words or words[0] in _HELP:
        sys.stdout.write(overview())
        return OK if words else WRONG_USAGE
    if words[0] == "--version":
        sys.stdout.write(f"{_version()}\n")
        return OK
    if words[0] not in COMMANDS:
        return _wrong("issue", words, COMMANDS)
    return _run(("issue", words[0]), load(words[0]), words[1:])


def _reordered(words: list[str]) -> list[str]:
    """`issue --json list` and `issue help list` as `issue list --json` and `issue list --help`."""
    if words[:1] == ["help"] and len(words) > 1:
        return [*words[1:], "--help"]
    at = 0
    while at < len(words) and (option := words[at].partition("=")[0]) in _EVERYWHERE:
        at += 1 + (_EVERYWHERE[option] and "=" not in words[at])
    return [*words[at : at + 1], *words[:at], *words[at + 1 :]]


def load(name: str) -> Command | Group:
    """The command or group of that name."""
    module = importlib.import_module(f".{COMMANDS[name]}", __package__)
    found: Command | Group = module.COMMAND
    return found


def wants_json(words: Sequence[str]) -> bool:
    """Whether a program is listening, which is to be told of errors in JSON too."""
    pairs = pairwise(words)
    return "--json" in words or "--format=json" in words or ("--format", "json") in pairs


def parser_of(path: Sequence[str], command: Command, *, as_json: bool = False) -> Parser:
    """The parser of one command. Every command takes the options that are added here."""
    parser = Parser(
        prog=" ".join(path),
        description=command.description,
        examples=command.examples,
        as_json=as_json,
    )
    command.arguments(parser)
    if command.lists:
        add_bounds(parser)
    add = parser.add_argument
    add("--json", action="store_true", help="for programs: an envelope with a version")
    add(
        "--format",
        choices=("text", "json"),
        metavar="FORMAT",
        help="text, or json: the bare array or object [text]",
    )
    add("--project-dir", type=Path, metavar="DIR", help="the project [found from here upwards]")
    add("--backend", metavar="NAME", help="another backend than the project's own")
    return parser


def add_bounds(parser: Parser) -> None:
    """Output is bounded unless somebody asks for more."""
    add = parser.add_argument
    add("--limit", type=count, default=20, metavar="COUNT", help="rows at most; 0 for all [20]")
    add("--cursor", type=count, default=0, metavar="CURSOR", help="where the last page ended")
    add("--fields", type=_names, metavar="NAME,...", help="only these fields of the JSON")
    add("--max-tokens", type=count, metavar="COUNT", help="end the output before this many")


def overview() -> str:
    """What `issue --help` prints."""
    lines = [
        _SUMMARY,
        "",
        "usage: issue COMMAND [OPTIONS]",
        "",
        "commands:",
        *(f"  {name:<12} {load(name).help}" for name in COMMANDS),
        "",
        "examples:",
        '  issue create "Parse amounts" --label feature',
        "  issue ready --json",
        "  issue claim next",
        "",
        filled(f"issue COMMAND --help says more. Exit codes: {exit_codes()}."),
    ]
    return "\n".join(lines) + "\n"


def exit_codes() -> str:
    """All of them, on one line."""
    return ", ".join(f"{code} {told}" for code, told in EXIT_CODES.items())


def group_overview(path: Sequence[str], group: Group) -> str:
    """What `--help` of a group prints."""
    name = " ".join(path)
    shown = [group.default] if group.default else []
    shown += [one for one in group.commands.values() if isinstance(one, Command)]
    default = [f"  {'N':<12} {group.default.help}"] if group.default else []
    lines = [
        filled(group.description),
        "",
        f"usage: {name} COMMAND [OPTIONS]",
        "",
        "commands:",
        *default,
        *(f"  {one:<12} {command.help}" for one, command in group.commands.items()),
        "",
        "examples:",
        *(f"  {one.examples[0]}" for one in shown[:3]),
        "",
        f"{name} COMMAND --help says more.",
    ]
    return "\n".join(lines) + "\n"


def _run(path: tuple[str, ...], command: Command | Group, words: list[str]) -> int:
    match command:
        case Command():
            return _execute(path, command, words)
        case Group():
            return _descend(path, command, words)


def _descend(path: tuple[str, ...], group: Group, words: list[str]) -> int:
    words = _reordered(words)
    first = words[0] if words else None
    if first is None or first in _HELP:
        sys.stdout.write(group_overview(path, group))
        return OK if first else WRONG_USAGE
    if first in group.commands:
        return _run((*path, first), group.commands[first], words[1:])
    if group.default and (first.startswith("-") or any(one.isdigit() for one in first)):
        return _execute(path, group.default, words)
    return _wrong(" ".join(path), words, group.commands)


def _execute(path: tuple[str, ...], command: Command, words: list[str]) -> int:
    own, trailing = _cut(words) if command.trails else (words, [])
    parser = parser_of(path, command, as_json=wants_json(own))
    options = parser.parse_args(own, Namespace(trailing=trailing))
    from .context import Context

    def body() -> int:
        with Context(options, command) as context:
            try:
                return command.run(context, options)
            except QueryError as error:
                context.out.point(options.query, error.column)
                raise

    return ending(" ".join(path), body, as_json=wants_json(own))


def _cut(words: list[str]) -> tuple[list[str], list[str]]:
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _wrong(prog: str, words: Sequence[str], known: Iterable[str]) -> int:
    kind = "option" if words[0].startswith("-") else "command"
    message = f"unknown {kind} {words[0]!r}{nearest(words[0], known)}"
    if words[0].partition("=")[0] in _EVERYWHERE:
        message = f"{words[0]} needs a command, such as `{prog} {next(iter(known))} {words[0]}`"
    sys.stderr.write(misused(prog, message, as_json=wants_json(words)))
    return WRONG_USAGE


def _version() -> str:
    from importlib.metadata import version

    return f"issue (nightshift) {version('nightshift')}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
