"""What was recorded beside what is found: the lines of an audit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .brief import Brief
from .check import CheckResult
from .frozen import dataclass
from .issue import Comment
from .merge import Proof
from .proof import render


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One thing that a proof says, and how it is now."""

    what: str
    recorded: str
    found: str

    @property
    def is_same(self) -> bool:
        return self.recorded == self.found


def of_words(proof: Proof, brief: Brief, comments: Sequence[Comment]) -> Iterator[Comparison]:
    """A proof beside the issue: its own checks, how they ended, and the comment.

    A check that was edited after the landing is told too: what was proved is then not what the
    issue asks for now.
    """
    run = {check.command for check in proof.checks}
    missing = [one for one in brief.commands if one not in run]
    yield Comparison(
        what="the issue's own checks",
        recorded="all run",
        found=f"not in the record: {', '.join(missing)}" if missing else "all run",
    )
    failed = [one.command for one in proof.checks if _is_against(one, proof)]
    yield Comparison(
        what="the recorded checks",
        recorded="passed",
        found=f"failed: {', '.join(failed)}" if failed else "passed",
    )
    yield Comparison(what="the comment", recorded="the proof", found=_comment(proof, comments))


def of_check(recorded: CheckResult, again: CheckResult) -> Comparison:
    """A check that was run again. Only how it ended counts: logs hold times and paths."""
    return Comparison(
        what=f"check `{' '.join(recorded.command.split())}`",
        recorded=_ended(recorded),
        found=_ended(again),
    )


def _is_against(check: CheckResult, proof: Proof) -> bool:
    return not check.passed and check.command not in proof.red_before


def _comment(proof: Proof, comments: Sequence[Comment]) -> str:
    """Trackers that keep no keys are asked by the commit that the text names."""
    told = [one.text for one in comments if one.key == f"proof:{proof.commit}"]
    told = told or [one.text for one in comments if f"as `{proof.commit}`" in one.text]
    right = {render(proof, rehearsed=one).strip() for one in (True, False)}
    if not told:
        return "gone"
    return "the proof" if any(one.strip() in right for one in told) else "edited"


def _ended(check: CheckResult) -> str:
    return "time limit" if check.code is None else f"exit code {check.code}"
