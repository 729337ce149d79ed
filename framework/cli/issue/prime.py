"""`issue prime`: all that an agent needs to know, short enough to read at every start."""

from __future__ import annotations

from argparse import SUPPRESS, Action, Namespace
from collections.abc import Iterator

from ...domain.issue import Priority, State
from .._options import OK
from .command import Command, Group
from .commands import COMMANDS
from .context import Context
from .program import exit_codes, load, parser_of

_HEAD = """\
# issue: this project's issues

- Take work: `issue claim next --json`, or `issue ready` and `issue claim N`. The claim keeps \
others away for 30 minutes: `issue claim extend N`. `issue run N -- COMMAND` claims, renews and \
releases around a command.
- Report: `issue comment N TEXT`, `issue agent progress N 0.5`. Found more work: `issue create`.
- End: `issue close N --comment WHAT`, which ends the claim. Cannot go on: a comment that says \
why, then `issue edit N --state blocked`. Give it back: `issue claim release N`.
- Others' claims are theirs: exit code 3 means take another issue. `--force` is for people.
- Say who you are: ISSUE_AGENT_ID, ISSUE_AGENT_TYPE; ISSUE_SESSION_ID holds a session together.

Every command takes `--json` ({version, items, total, cursor} or {version, item}), `--format=json` \
(the bare data) and `--help`; lists take `--limit --cursor --fields --max-tokens`. An error is \
{code, what, why, next} on stderr.
Queries: `is:open assignee:me label:a,b -label:c priority:high created:>7d sort:priority words`.
"""
_IN_FULL = frozenset(
    ("list", "show", "create", "edit", "close", "reopen", "comment", "search", "ready", "claim",
     "depends", "run", "batch", "message", "agent", "activity", "history", "stats")
)  # fmt: skip
"""What agents use. Of the others only the names are told."""
_EVERYWHERE = frozenset(
    ("help", "json", "format", "project_dir", "backend", "limit", "cursor", "fields", "max_tokens",
     "explain", "force", "yes")
)  # fmt: skip
"""Options that are told of once, or are for people."""


def primer() -> str:
    """The whole text, its commands as they are now."""
    commands = [line for name in COMMANDS for line in _lines(name)]
    return "\n".join([f"{_HEAD}{_values()}", "", "## Commands", *commands, ""])


def _values() -> str:
    said = f"States: {', '.join(State)}. Priorities: {', '.join(Priority)}."
    return f"{said}\nExit codes: {exit_codes()}."


def _lines(name: str) -> Iterator[str]:
    command = load(name)
    match command:
        case Command() if name in _IN_FULL:
            yield _usage(("issue", name), command)
        case Group() if name in _IN_FULL:
            if command.default and command.default not in command.commands.values():
                yield _usage(("issue", name), command.default)
            for one, part in command.commands.items():
                if isinstance(part, Command):
                    yield _usage(("issue", name, one), part)
        case Command():
            yield f"issue {name}"
        case Group():
            yield f"issue {name} {'|'.join(command.commands)}"


def _usage(path: tuple[str, ...], command: Command) -> str:
    """The usage line, less what is told of once."""
    parser = parser_of(path, command)
    shown = [one for one in parser._actions if one.dest not in _EVERYWHERE and one.help != SUPPRESS]
    words = [_word(one) for one in shown if not one.option_strings]
    trailing = ["-- COMMAND"] if command.trails else []
    options = [_option(one) for one in shown if one.option_strings]
    return " ".join([*path, *words, *options, *trailing])


def _option(action: Action) -> str:
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"[{action.option_strings[0]}{value}]"


def _word(action: Action) -> str:
    name = str(action.metavar or action.dest)
    match action.nargs:
        case "+":
            return f"{name}..."
        case "?" | "*":
            return f"[{name}]"
        case _:
            return name


def _run(context: Context, options: Namespace) -> int:
    from ...domain.budget import tokens

    text = primer()
    context.out.item({"text": text, "tokens": tokens(text)}, text.rstrip("\n"))
    return OK


COMMAND = Command(
    help="what an agent needs to know, in short",
    description="Print instructions for an agent, made from the commands as they are: for its "
    "first message, or a hook at its start.",
    examples=("issue prime", "issue prime >> AGENTS.md"),
    run=_run,
)
