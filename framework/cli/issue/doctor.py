"""`issue doctor`: whether everything behind the issues is sound, and mending what is safe to."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from .._options import FAILED, OK, Parser
from .command import Command
from .context import Context
from .saving import project_of

if TYPE_CHECKING:
    from ...facade.doctor import Check


def _arguments(parser: Parser) -> None:
    parser.add_argument("--repair", action="store_true", help="mend what is safe to mend")


def _run(context: Context, options: Namespace) -> int:
    from ...facade.doctor import Level, examine
    from .probes import probes

    checks = list(examine(probes(project_of(context), options.backend, repair=options.repair)))
    bad = [check for check in checks if check.level is Level.BAD]
    if context.out.is_json:
        context.out.items([check_document(check) for check in checks], header=(), rows=())
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


def check_document(check: Check) -> dict[str, Any]:
    """One thing that was looked at."""
    return {
        "name": check.name,
        "level": check.level.value,
        "text": check.text,
        "repaired": check.repaired,
    }


COMMAND = Command(
    help="whether everything is sound",
    description="Look at configuration, file system, git, leases, and of a local board at the "
    "file, its schema, text index, counters and clock. With --repair, what can be made anew from "
    "the issues is; the issues themselves are never changed. Exit code 1 when something bad is "
    "left.",
    examples=("issue doctor", "issue doctor --repair", "issue doctor --json"),
    arguments=_arguments,
    run=_run,
)
