"""`issue doctor`: whether everything behind the issues is sound, and mending what is safe to."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from .._options import FAILED, OK, Parser
from .command import Command
from .context import Context
from .saving import project_of

if TYPE_CHECKING:
    from ...facade.doctor import Check


def _arguments(parser: Parser) -> None:
    parser.add_argument("--repair", action="store_true", help="mend what is safe to mend")
    parser.add_argument("--backup", action="store_true", help="make a backup now, not once a day")


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document
    from ...facade.doctor import Level, examine
    from .probes import probes

    looked = probes(
        project_of(context), options.backend, repair=options.repair, backup=options.backup
    )
    checks = list(examine(looked))
    bad = [check for check in checks if check.level is Level.BAD]
    if context.out.is_json:
        context.out.items([document.check(check) for check in checks], header=(), rows=())
    else:
        context.out.item({}, _lines(checks))
        context.out.note(_verdict(bad))
    return FAILED if bad else OK


def _lines(checks: list[Check]) -> str:
    from ...domain.legible import clean

    return "\n".join(
        f"{'mended' if check.repaired else check.level:<8} {check.name}: {clean(check.text)}"
        for check in checks
    )


def _verdict(bad: list[Check]) -> str:
    from ...facade.doctor import REPAIR

    if not bad:
        return "Nothing is bad."
    count = "One thing is bad" if len(bad) == 1 else f"{len(bad)} things are bad"
    match sum(check.is_mendable for check in bad):
        case 0:
            return f"{count}. Do what the lines say; a repair mends nothing of it."
        case mendable if mendable == len(bad):
            return f"{count}. To mend it: {REPAIR}"
        case mendable:
            return f"{count}. {REPAIR} mends {mendable} of them; for the rest do what they say."


COMMAND = Command(
    help="whether everything is sound",
    description="Look at configuration, file system, git, leases, and of a local board at the "
    "file, its schema, text index, counters and clock. With --repair, what can be made anew from "
    "the issues is; the issues themselves are never changed. A local board that is sound is copied "
    "beside itself, once a day; the last three copies are kept. Exit code 1 when something bad is "
    "left.",
    examples=(
        "issue doctor",
        "issue doctor --repair",
        "issue doctor --backup",
        "issue doctor --json",
    ),
    arguments=_arguments,
    run=_run,
)
