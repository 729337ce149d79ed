"""Whose words are worked on: decided from facts, without asking anybody."""

from __future__ import annotations

from datetime import datetime

from ...domain.frozen import dataclass
from .words import APPROVED, claimed


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Somebody put the label `approved` on the issue. `can_write`: they may change the
    repository, and are a person and no program."""

    at: datetime
    can_write: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """About one open issue. `claims` are other stores whose claim it shows. `is_ours`: our own
    account opened it. `is_approved`: it has the label now, by whoever's hand; `approvals` are the
    times it was put on. `edited_at` is when its text or title last changed, `moved_at` when it came
    from another repository, and `reopened_at` when somebody who may not write took it up again;
    None where that never happened. `elsewhere` are open issues of other repositories that it waits
    for, `unmade` the keys of issues that it is to wait for and that are not made yet."""

    author: str
    is_ours: bool = False
    author_can_write: bool = False
    claims: frozenset[str] = frozenset()
    is_approved: bool = False
    approvals: tuple[Approval, ...] = ()
    edited_at: datetime | None = None
    moved_at: datetime | None = None
    reopened_at: datetime | None = None
    elsewhere: tuple[str, ...] = ()
    unmade: tuple[str, ...] = ()
    twin: int | None = None


def withheld(facts: Facts) -> str:
    """Why nobody may start on the issue, empty where somebody may.

    A stranger's words are worked on only as somebody who may write saw them: after the latest
    change the label has to be put on again. A change in the very second of the label counts as
    a change after it.
    """
    if facts.claims:
        return f"claimed by another machine (label {claimed(min(facts.claims))})"
    if facts.twin is not None:
        return f"a duplicate of {facts.twin}, which was made for the same: close one of them"
    if facts.elsewhere:
        return f"waits for {', '.join(facts.elsewhere)} in another repository"
    if facts.unmade:
        return f"waits for an issue that is not made yet ({', '.join(facts.unmade)})"
    if facts.is_ours or facts.author_can_write:
        return ""
    return _unapproved(facts)


def _unapproved(facts: Facts) -> str:
    who = facts.author or "an account that is gone"
    times = [one.at for one in facts.approvals if one.can_write] if facts.is_approved else []
    if not times:
        return (
            f"opened by {who}, who cannot write to the repository: "
            f"label it `{APPROVED}` to have it worked on"
        )
    changes = {
        "edited": facts.edited_at,
        "moved here": facts.moved_at,
        "reopened": facts.reopened_at,
    }
    for what, at in changes.items():
        if at is not None and at >= max(times):
            return f"{what} after it was approved: put the label `{APPROVED}` on again"
    return ""
