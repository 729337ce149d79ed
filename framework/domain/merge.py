"""What came of trying to land a workspace's commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .check import CheckResult


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """An acceptance criterion and the commands that stand for it; none when a person does."""

    text: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Why an issue may be closed: these checks passed on exactly this tree.

    `commit` is the runner's merge commit on the target branch, `tree` its tree, `head` the
    agent's last commit, `base` the tip it was merged onto. `issue` is empty in records that
    were kept before proofs named it.
    """

    commit: str
    tree: str
    head: str
    base: str
    target: str
    epoch: int
    checks: tuple[CheckResult, ...] = ()
    red_before: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()
    issue: str = ""
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The commits are on the target branch, in one transaction with the epoch's verification."""

    proof: Proof


@dataclass(frozen=True, kw_only=True)
class Clash:
    """The commits do not merge onto `tip`; nothing moved."""

    tip: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Checks failed, or the content breaks a rule; nothing moved."""

    reasons: tuple[str, ...]
    checks: tuple[CheckResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """The workspace holds no commit that the target does not have."""


@dataclass(frozen=True, kw_only=True)
class Superseded:
    """A later epoch owns the issue, or it has landed already; nothing moved."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """The remote that the landings go to did not take this one, for a reason that is not the
    work's; nothing moved, and the workspace can be landed again.

    `why` is for people and says what to do. `wait` is how long to wait before another try; None
    says that no try helps before a person has acted.
    """

    why: str
    wait: timedelta | None = None


Landing = Merged | Clash | Refused | Nothing | Superseded | Held
