"""The words in which GitHub shows what an issue is: its labels for state, priority and claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...domain.issue import Priority, State

STATES: Mapping[State, str] = {
    State.IN_PROGRESS: "in progress",
    State.BLOCKED: "blocked",
    State.NEEDS_REVIEW: "in review",
}
APPROVED = "approved"
"""With this label somebody who may write has a stranger's issue worked on."""

CATALOGUE: Mapping[str, str] = {
    "priority:urgent": "B60205",
    "priority:high": "D93F0B",
    "priority:medium": "FBCA04",
    "priority:low": "0E8A16",
    "functional": "1D76DB",
    "style": "5319E7",
    "infrastructure": "006B75",
    "meta": "FFFFFF",
    "in progress": "C5DEF5",
    "blocked": "E99695",
    "in review": "D4C5F9",
}
"""The labels that Nightshift itself uses, and their colours."""

CLAIMED_COLOR = "EDEDED"
_PRIORITY = "priority:"
_CLAIMED = "claimed:"
_STATE_WORDS = {word: state for state, word in STATES.items()}
_LONGEST = 50


def state_of(is_closed: bool, labels: Iterable[str]) -> State:
    """Closed is closed; of several labels for states the one that says most counts."""
    if is_closed:
        return State.CLOSED
    said = {_STATE_WORDS[name.lower()] for name in labels if name.lower() in _STATE_WORDS}
    for state in (State.NEEDS_REVIEW, State.BLOCKED, State.IN_PROGRESS):
        if state in said:
            return state
    return State.OPEN


def priority_of(labels: Iterable[str]) -> Priority:
    """The most urgent that is said; medium where none is."""
    said = {name.lower() for name in labels}
    for priority in Priority:
        if shown_priority(priority) in said:
            return priority
    return Priority.MEDIUM


def claims_of(labels: Iterable[str]) -> frozenset[str]:
    """The stores whose claim is shown."""
    return frozenset(name[len(_CLAIMED) :] for name in labels if name.lower().startswith(_CLAIMED))


def plain(labels: Iterable[str]) -> frozenset[str]:
    """Those that are labels to everybody, and not our words for something else."""
    return frozenset(name for name in labels if not is_ours(name))


def is_ours(name: str) -> bool:
    return bool(state_words([name]) or priority_words([name]) or claims_of([name]))


def shown(priority: Priority, labels: Iterable[str]) -> set[str]:
    """All labels of a new issue on GitHub."""
    return {*labels, shown_priority(priority)}


def shown_priority(priority: Priority) -> str:
    return f"{_PRIORITY}{priority}"


def claimed(store: str) -> str:
    """The label that shows a claim of this store."""
    return f"{_CLAIMED}{store}"


def shown_state(state: State, store: str) -> set[str]:
    """With the claim that goes with work in progress."""
    claim = {claimed(store)} if state is State.IN_PROGRESS else set()
    return claim | ({STATES[state]} if state in STATES else set())


def state_words(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.lower() in _STATE_WORDS}


def priority_words(names: Iterable[str]) -> set[str]:
    known = {shown_priority(one) for one in Priority}
    return {name for name in names if name.lower() in known}


def claim_words(names: Iterable[str], store: str) -> set[str]:
    """Those that show a claim of this store."""
    return {name for name in names if claims_of([name]) == {store}}


def fits(name: str) -> bool:
    """Whether GitHub takes it as the name of a label that means just that, letter by letter."""
    return (
        0 < len(name) <= _LONGEST
        and name == name.strip()
        and name.isprintable()
        and "," not in name
        and not is_ours(name)
    )
