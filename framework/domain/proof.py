"""A proof as text: for people on the issue, and for keeping."""

from __future__ import annotations

import json
from dataclasses import asdict

from .check import CheckResult
from .merge import Proof


def render(proof: Proof, *, rehearsed: bool) -> str:
    """The comment that closes an issue, as Markdown."""
    parts = [
        f"**Landed** on `{proof.target}` as `{proof.commit}`"
        + (" (rehearsed)" if rehearsed else ""),
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
        }
    )


def _checks(proof: Proof) -> str:
    if not proof.checks:
        return "No check was run."
    rows = "\n".join(
        f"| {_cell(check.command)} | {_ended(check)} | {check.seconds:.1f} | `{check.log[:16]}` |"
        for check in proof.checks
    )
    return f"| check | exit code | seconds | log (SHA-256) |\n|---|---|---|---|\n{rows}"


def _ended(check: CheckResult) -> str:
    return "time limit" if check.code is None else str(check.code)


def _cell(command: str) -> str:
    return _code(command).replace("|", "\\|")


def _code(text: str) -> str:
    line = " ".join(text.split())
    return f"`` {line} ``" if "`" in line else f"`{line}`"
