"""Labels, milestones and users as things of their own, beside the issues that name them."""

from __future__ import annotations

from datetime import date

from .frozen import dataclass


@dataclass(frozen=True, kw_only=True)
class Label:
    """`color` is six hexadecimal digits, or empty for none."""

    name: str
    description: str = ""
    color: str = ""


@dataclass(frozen=True, kw_only=True)
class Milestone:
    name: str
    description: str = ""
    due: date | None = None
    is_closed: bool = False


@dataclass(frozen=True, kw_only=True)
class User:
    """A person or an agent. `kind` is free: `coder`, `reviewer`, `person`."""

    name: str
    kind: str = ""


Entry = Label | Milestone | User
