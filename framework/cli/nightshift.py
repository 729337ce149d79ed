"""`nightshift`: one name for the entry scripts, once the package is installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from ..domain.nearest import nearest

_SCRIPTS = {
    "run": ("framework.cli.parallel", "work with several sessions at once"),
    "auto": ("framework.cli.autonomous", "work with one session at a time"),
    "monitor": ("framework.cli.monitor", "see how a run is doing"),
}
"""What has a script of its own, too, and is told by which name it was called."""

_COMMANDS = {
    **_SCRIPTS,
    "extend": ("framework.cli.extend", "allow an issue, a run or a day more than its cap"),
    "tokens": ("framework.cli.tokens", "see which accounts can be used, and until when not"),
    "health": ("framework.cli.health", "see how well sessions worked, and why"),
    "rescue": ("framework.cli.rescue", "see and get back the work that did not land"),
    "outbox": ("framework.cli.outbox", "see what the tracker refused; retry or drop it"),
    "verify": ("framework.cli.verify", "hold a landed issue's proof against what is there"),
    "clean": ("framework.cli.clean", "free what is of no more use"),
}


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["help"] and len(words) > 1:
        words = [*words[1:], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_usage())
        return 0 if words else 2
    if words[0] == "--version":
        sys.stdout.write(f"{_version()}\n")
        return 0
    name, *rest = words
    if name not in _COMMANDS:
        sys.stderr.write(f"nightshift: unknown command {name!r}{nearest(name, _COMMANDS)}\n")
        return 2
    called = {"prog": f"nightshift {name}"} if name in _SCRIPTS else {}
    code: int = importlib.import_module(_COMMANDS[name][0]).main(rest, **called)
    return code


def _version() -> str:
    from importlib.metadata import version

    return f"nightshift {version('nightshift')}"


def _usage() -> str:
    rows = "".join(f"  {name:<9}{what}\n" for name, (_, what) in _COMMANDS.items())
    return (
        f"usage: nightshift COMMAND [options]\n\n{rows}\n"
        "example: nightshift run --rehearse\n"
        "Every command has --help. Issues are shown by the command `issue`; the version by "
        "--version.\n"
    )
