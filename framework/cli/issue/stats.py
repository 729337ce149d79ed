"""`issue stats`: the project's issues in numbers."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...domain.duration import told
from ...domain.legible import clean
from .._options import OK, Parser
from .command import Command
from .context import Context

if TYPE_CHECKING:
    from ...domain.statistics import Statistics

_MOST = 10


def _arguments(parser: Parser) -> None:
    parser.add_argument("--query", default="", metavar="QUERY", help="only of these [all]")


def _run(context: Context, options: Namespace) -> int:
    from ...facade import document

    facade = context.facade
    numbers = facade.statistics(facade.parse(options.query))
    context.out.item(document.statistics(numbers), "\n".join(_lines(numbers)))
    return OK


def _lines(numbers: Statistics) -> list[str]:
    states = ", ".join(f"{count} {state.value}" for state, count in numbers.states.items())
    lines = [
        f"{numbers.total} {'issue' if numbers.total == 1 else 'issues'}: {states}",
        *_counted("priority", {one.value: count for one, count in numbers.priorities.items()}),
        *_counted("label", numbers.labels),
        *_counted("assignee", numbers.assignees),
    ]
    if numbers.median_age is not None:
        lines.append(f"not closed: half of them older than {told(numbers.median_age)}")
    if numbers.median_to_close is not None:
        within = told(numbers.median_to_close)
        lines.append(f"closed: {numbers.closed_lately} in the last 7 days, half within {within}")
    return lines


def _counted(name: str, counts: Mapping[str, int]) -> list[str]:
    """Of the issues that are not closed; the most frequent."""
    shown = [f"{clean(one)} {count}" for one, count in list(counts.items())[:_MOST] if count]
    more = f", and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    return [f"not closed, by {name}: {', '.join(shown)}{more}"] if shown else []


COMMAND = Command(
    help="the issues in numbers",
    description="Count issues by state, and those that are not closed by priority, label and "
    "assignee.",
    examples=("issue stats", "issue stats --query 'milestone:\"Q1 Release\"' --json"),
    arguments=_arguments,
    run=_run,
    reads=True,
)
