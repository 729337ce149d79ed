"""A proof reads well on an issue and survives being kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from framework.domain.brief import Brief
from framework.domain.check import CheckResult
from framework.domain.merge import Criterion, Proof
from framework.domain.proof import covered, decode, encode, render

PROOF = Proof(
    commit="c" * 40,
    tree="7" * 40,
    head="a" * 40,
    base="b" * 40,
    target="main",
    epoch=3,
    checks=(
        CheckResult(command="make test | tee x", code=0, seconds=1.26, log="d" * 64, tail="ok"),
        CheckResult(command="echo `date`\nexit 1", code=None, seconds=900, log="e" * 64, tail=""),
    ),
    red_before=("echo `date`\nexit 1",),
    manual=("look at the colours",),
    issue="12",
    criteria=(
        Criterion(text="It works | all of it", checks=("make test | tee x", "echo `date`\nexit 1")),
        Criterion(text="It is beautiful"),
    ),
)


def test_a_proof_names_everything() -> None:
    """Commit, tree, parents, attempt, and every check with its code, time and log."""
    assert (
        render(PROOF, rehearsed=False)
        == f"""\
**Landed** on `main` as `{"c" * 40}`

| acceptance criterion | stood for by check |
|---|---|
| It works \\| all of it | 1, 2 |
| It is beautiful | a person |

| | check | exit code | seconds | log (SHA-256) |
|---|---|---|---|---|
| 1 | `make test \\| tee x` | 0 | 1.3 | `{"d" * 16}` |
| 2 | `` echo `date` exit 1 `` | time limit | 900.0 | `{"e" * 16}` |

- tree: `{"7" * 40}`
- the agent's last commit: `{"a" * 40}`
- merged onto: `{"b" * 40}`
- attempt: 3

Failed before this work already, and still does: `` echo `date` exit 1 ``.

A person has to look at:

- look at the colours

To run the checks again on this tree: `nightshift verify 12`
"""
    )


def test_a_rehearsed_proof_says_so() -> None:
    """Nobody takes a rehearsal for the real thing."""
    assert "(rehearsed)" in render(PROOF, rehearsed=True).split("\n")[0]


def test_a_proof_without_checks_says_so() -> None:
    """A landing that nothing has checked does not look like one that passed."""
    bare = Proof(commit="c", tree="t", head="h", base="b", target="main", epoch=1)
    assert "No check was run." in render(bare, rehearsed=False)


def test_a_kept_proof_comes_back_equal() -> None:
    """`decode` is the inverse of `encode`; other texts are refused."""
    assert decode(encode(PROOF)) == PROOF
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode("{}")


def test_a_proof_of_before_the_criteria_can_still_be_read() -> None:
    """Records that were kept without an issue and criteria are proofs as before."""
    fields = json.loads(encode(PROOF))
    del fields["issue"], fields["criteria"]
    assert decode(json.dumps(fields)) == replace(PROOF, issue="", criteria=())


def test_criteria_are_stood_for_by_what_they_quote_or_by_all() -> None:
    """Only the issue's own commands count, a person's check never."""
    brief = Brief(
        criteria=("`a -b` says 1.", "It works.", "`make` passes."),
        checks=("a -b", "c", "manual: look"),
    )
    assert [one.checks for one in covered(brief)] == [("a -b",), ("a -b", "c"), ("a -b", "c")]
    assert covered(replace(brief, checks=("manual: look",)))[0].checks == ()
