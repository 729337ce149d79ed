"""Nightshift: many coding agents at once, unattended, so that what they hand back can be trusted.

The public Python API to any tracker: the names below, the object that `open_tracker` gives, the
values of `framework.domain` that go in and out of it, and `framework.domain.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attach import open_facade as open_tracker
    from .domain.issue import Change, Draft, Issue, Priority, State
    from .domain.query import Query

__all__ = ["Change", "Draft", "Issue", "Priority", "Query", "State", "open_tracker"]

_PLACES = {
    "Change": ("domain.issue", "Change"),
    "Draft": ("domain.issue", "Draft"),
    "Issue": ("domain.issue", "Issue"),
    "Priority": ("domain.issue", "Priority"),
    "State": ("domain.issue", "State"),
    "Query": ("domain.query", "Query"),
    "open_tracker": ("attach", "open_facade"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for, so that no command pays for what it does not
    use."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _PLACES[name]
    return getattr(import_module(f".{module}", __name__), attribute)
