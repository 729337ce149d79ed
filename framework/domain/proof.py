"""A proof as text: for people on the issue, and for keeping."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from .brief import Brief
from .check import CheckResult
from .merge import Criterion, Proof


def covered(brief: Brief) -> tuple[Criterion, ...]:
    """Each acceptance criterion with the issue's own checks that stand for it: those that it
    quotes (`` `like this` ``), or else all of them."""
    return tuple(
        Criterion(text=text, checks=_quoted(text, brief.commands) or brief.commands)
        for text in brief.criteria
    )


def render(proof: Proof, *, rehearsed: bool) -> str:
    """The comment that closes an issue, as Markdown."""
    parts = [
        f"**Landed** on `{proof.target}` as `{proof.commit}`"
        + (" (rehearsed)" if rehearsed else ""),
        *([_criteria(proof)] if proof.criteria else []),
        _checks(proof),
        "\n".join(
            f"- {what}: {said}"
            for what, said in (
                ("tree", f"`{proof.tree}`"),
                ("the agent's last commit", f"`{proof.head}`"),
                ("merged onto", f"`{proof.base}`"),
                ("attempt", str(proof.epoch)),
            )
        ),
    ]
    if proof.red_before:
        failing = ", ".join(_code(one) for one in proof.red_before)
        parts.append(f"Failed before this work already, and still does: {failing}.")
    if proof.manual:
        reasons = "\n".join(f"- {reason}" for reason in proof.manual)
        parts.append(f"A person has to look at:\n\n{reasons}")
    if proof.issue:
        parts.append(f"To run the checks again on this tree: `nightshift verify {proof.issue}`")
    return "\n\n".join(parts) + "\n"


def encode(proof: Proof) -> str:
    return json.dumps(asdict(proof), indent=1)


def decode(text: str) -> Proof:
    """The inverse of `encode`. Raises ValueError, KeyError or TypeError for anything else."""
    fields = json.loads(text)
    return Proof(
        **{
            **fields,
            "checks": tuple(CheckResult(**check) for check in fields["checks"]),
            "red_before": tuple(fields["red_before"]),
            "manual": tuple(fields["manual"]),
            "criteria": tuple(_criterion(one) for one in fields.get("criteria", ())),
        }
    )


def _criterion(fields: Mapping[str, Any]) -> Criterion:
    return Criterion(text=fields["text"], checks=tuple(fields["checks"]))


def _quoted(text: str, commands: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in commands if f"`{one}`" in text)


def _criteria(proof: Proof) -> str:
    """The checks by their number in the table that follows."""
    numbers = {check.command: str(number) for number, check in enumerate(proof.checks, 1)}
    rows = "\n".join(f"| {_cell(one.text)} | {_judges(one, numbers)} |" for one in proof.criteria)
    return f"| acceptance criterion | stood for by check |\n|---|---|\n{rows}"


def _judges(criterion: Criterion, numbers: Mapping[str, str]) -> str:
    return ", ".join(numbers[one] for one in criterion.checks if one in numbers) or "a person"


def _checks(proof: Proof) -> str:
    if not proof.checks:
        return "No check was run."
    rows = "\n".join(
        f"| {number} | {_cell(_code(check.command))} | {_ended(check)} | {check.seconds:.1f} "
        f"| `{check.log[:16]}` |"
        for number, check in enumerate(proof.checks, 1)
    )
    return f"| | check | exit code | seconds | log (SHA-256) |\n|---|---|---|---|---|\n{rows}"


def _ended(check: CheckResult) -> str:
    return "time limit" if check.code is None else str(check.code)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    line = " ".join(text.split())
    return f"`` {line} ``" if "`" in line else f"`{line}`"
