"""Commits of the hub, read off one after another where they are nothing unusual."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ._git import decoded
from .hub import Hub

_FEW = 32
"""More commits than this one git process reads sooner than we do one after another."""
_WHO = rb"%s ([^\n<]*) <([^\n>]*)> \d+ [+-]\d+\n"
_PLAIN = re.compile(
    rb"tree ([0-9a-f]{40})\nparent ([0-9a-f]{40})\n"
    + _WHO % b"author"
    + _WHO % b"committer"
    + rb"\n"
)
"""The start of a commit with one parent that says nothing unusual, as of its encoding."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A commit, and all the `words` in it: names, addresses, the message."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    words: str


def row(hub: Hub, tip: str, head: str) -> tuple[Step, ...]:
    """The commits of `head` that `tip` does not have, the latest first, where they are a short
    row onto one that the target stood at. None of them says nothing: git has to be asked."""
    found: list[Step] = []
    name = head
    while name != tip and not hub.was_tip(name):
        step = _read(hub, name)
        if step is None or len(found) == _FEW:
            return ()
        found.append(step)
        (name,) = step.parents
    return tuple(found)


def _read(hub: Hub, name: str) -> Step | None:
    kind, data = hub.store.read(name) or ("", b"")
    said = _PLAIN.match(data) if kind == "commit" else None
    if said is None:
        return None
    tree, parent, *who = map(decoded, said.groups())
    words = f"{' '.join(who)}\n{decoded(data[said.end() :])}"
    return Step(commit=name, tree=tree, parents=(parent,), words=words)
