"""Whose issues are worked on: every combination of who opened, approved and changed them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from framework.trackers.github.eligibility import Approval, Facts, withheld

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)

AUTHORS = {
    "ours": {"is_ours": True},
    "writer": {"author_can_write": True},
    "reader": {},
    "gone": {"author": ""},
}
LABELS = {
    "none": {},
    "writer": {"is_approved": True, "approvals": (Approval(at=NOON, can_write=True),)},
    "stranger": {"is_approved": True, "approvals": (Approval(at=NOON, can_write=False),)},
    "taken off": {"is_approved": False, "approvals": (Approval(at=NOON, can_write=True),)},
}
CHANGES = {
    "never": {},
    "before": {"edited_at": BEFORE, "moved_at": BEFORE, "reopened_at": BEFORE},
    "same second": {"edited_at": NOON},
    "edited": {"edited_at": AFTER},
    "moved": {"moved_at": AFTER},
    "reopened": {"reopened_at": AFTER},
}
CASES = list(product(AUTHORS, LABELS, CHANGES))


@pytest.mark.parametrize(("author", "label", "change"), CASES)
def test_only_what_a_writer_wrote_or_saw_is_worked_on(author: str, label: str, change: str) -> None:
    """96 cases: the author may write, or a writer approved it after its last change."""
    facts = Facts(**{"author": "eve", **AUTHORS[author], **LABELS[label], **CHANGES[change]})
    allowed = author in ("ours", "writer") or (label == "writer" and change in ("never", "before"))
    assert (withheld(facts) == "") is allowed, withheld(facts)


def test_the_reason_says_the_way_out() -> None:
    """Who, why, and which label to put on."""
    assert withheld(Facts(author="eve")) == (
        "opened by eve, who cannot write to the repository: "
        "label it `approved` to have it worked on"
    )
    edited = Facts(author="eve", **LABELS["writer"], edited_at=AFTER)
    assert withheld(edited) == "edited after it was approved: put the label `approved` on again"


def test_a_second_approval_after_the_change_counts() -> None:
    """The latest one of somebody who may write."""
    approvals = (
        Approval(at=NOON, can_write=True),
        Approval(at=AFTER + timedelta(seconds=1), can_write=True),
    )
    facts = Facts(author="eve", is_approved=True, approvals=approvals, edited_at=AFTER)
    assert withheld(facts) == ""


def test_a_strangers_later_label_renews_nothing() -> None:
    """A bot or a reader that labels again does not count."""
    approvals = (
        Approval(at=NOON, can_write=True),
        Approval(at=AFTER + timedelta(seconds=1), can_write=False),
    )
    facts = Facts(author="eve", is_approved=True, approvals=approvals, edited_at=AFTER)
    assert withheld(facts).startswith("edited")


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"claims": frozenset({"ab12"})}, "claimed by another machine (label claimed:ab12)"),
        ({"twin": 3}, "a duplicate of 3, which was made for the same: close one of them"),
        ({"elsewhere": ("o/r#5",)}, "waits for o/r#5 in another repository"),
        ({"unmade": ("p/1",)}, "waits for an issue that is not made yet (p/1)"),
    ],
)
def test_even_our_own_are_withheld_for_what_others_do(fact: dict, reason: str) -> None:
    """Another machine's claim, a twin, and what is waited for out of sight."""
    assert withheld(Facts(author="bot", is_ours=True, **fact)) == reason
