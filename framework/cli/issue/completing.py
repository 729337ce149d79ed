"""Which words could come next on a command line, from the commands as they are."""

from __future__ import annotations

from argparse import Action
from collections.abc import Iterable, Sequence

from .._options import Parser
from .command import Command, Group
from .commands import COMMANDS
from .program import load, parser_of

_HELP = "--help"


def candidates(words: Sequence[str]) -> list[str]:
    """What the last of `words`, which is not finished, can become; the others stand before it,
    without the program. Empty where only the caller can know, such as for a file."""
    *before, last = words or ("",)
    if not before:
        return _beginning((*COMMANDS, _HELP), last)
    if before[0] not in COMMANDS:
        return []
    return _of(load(before[0]), ("issue", before[0]), before[1:], last)


def _of(
    command: Command | Group, path: tuple[str, ...], before: Sequence[str], last: str
) -> list[str]:
    match command:
        case Command():
            return _words(parser_of(path, command), before, last)
        case Group(commands=commands) if before and before[0] in commands:
            return _of(commands[before[0]], (*path, before[0]), before[1:], last)
        case Group(default=Command() as default) if before or last.startswith("-"):
            return _words(parser_of(path, default), before, last)
        case Group(commands=commands):
            return _beginning((*commands, _HELP), last) if not before else []


def _words(parser: Parser, before: Sequence[str], last: str) -> list[str]:
    """Of one command. `--state=op` comes as it stands from zsh and fish, and from bash in the
    three parts `--state`, `=` and `op`."""
    options = parser._option_string_actions
    if "--" in before:
        return []
    name, equals, value = last.partition("=")
    if equals and name in options:
        return [f"{name}={one}" for one in _values(options[name], value)]
    parts = [*before, last] if last == "=" else before
    if parts and parts[-1] == "=":
        parts = parts[:-1]
    if parts and (option := options.get(parts[-1])) and option.nargs != 0:
        return _values(option, "" if last == "=" else last)
    if last.startswith("-"):
        return _beginning(options, last)
    return [one for action in parser._get_positional_actions() for one in _values(action, last)]


def _values(action: Action, begun: str) -> list[str]:
    return _beginning(map(str, action.choices or ()), begun)


def _beginning(known: Iterable[str], begun: str) -> list[str]:
    return [one for one in known if one.startswith(begun)]
