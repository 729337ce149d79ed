"""What happened, in words: one line for each change."""

from __future__ import annotations

from datetime import UTC, datetime

from ...domain.activity import Activity, FieldChange, Kind, Value
from ...domain.legible import clean

_LONGEST = 60
_DEEDS = {
    Kind.CREATED: "created",
    Kind.UPDATED: "changed",
    Kind.CLOSED: "closed",
    Kind.REOPENED: "reopened",
    Kind.DELETED: "deleted",
    Kind.COMMENTED: "commented",
    Kind.LISTED: "saved",
    Kind.UNLISTED: "took away",
}


def when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def told(one: Activity, said: str | None = None) -> str:
    """What the actor did, without who and when; `said` is the text of a comment."""
    details = _short(said or "") if one.kind is Kind.COMMENTED else _details(one)
    forced = " (over somebody's claim)" if one.forced else ""
    return f"{_DEEDS[one.kind]}{forced}" + (f": {details}" if details else "")


def line(one: Activity) -> str:
    """The whole of it on one line."""
    what = f"#{one.issue} " if one.issue else ""
    return f"{when(one.at)}Z  {clean(one.actor)}  {what}{clean(told(one))}"


def _details(one: Activity) -> str:
    match one.kind:
        case Kind.CREATED:
            return _short(_value(next((c.after for c in one.changes if c.field == "title"), None)))
        case Kind.DELETED:
            return _short(_value(next((c.before for c in one.changes if c.field == "title"), None)))
        case _:
            is_entry = one.issue is None
            shown = one.changes[:1] if one.kind is Kind.UNLISTED else one.changes
            return ", ".join(_change(c, is_entry) for c in shown if not _is_said(one.kind, c))


def _is_said(kind: Kind, change: FieldChange) -> bool:
    """Whether the kind says it already."""
    ends = {Kind.CLOSED: "closed", Kind.REOPENED: "open"}
    return change.field == "state" and change.after == ends.get(kind)


def _change(change: FieldChange, is_entry: bool) -> str:
    match change:
        case FieldChange(field="body"):
            return "body"
        case FieldChange(field="is_closed"):
            return f"state {'closed' if change.after else 'open'}"
        case FieldChange(field="label" | "milestone" | "user", before=None, after=new) if is_entry:
            return f"{change.field} {_short(_value(new))}"
        case FieldChange(field="label" | "milestone" | "user", before=old, after=None) if is_entry:
            return f"{change.field} {_short(_value(old))}"
        case FieldChange(before=list() | None, after=list() | None):
            return f"{change.field} {_difference(change)}"
        case FieldChange(before=before, after=after) if before == after:
            return f"{change.field} {_value(after)}"
        case _:
            before = _short(_value(change.before)) or "none"
            return f"{change.field} {before} -> {_short(_value(change.after)) or 'none'}"


def _difference(change: FieldChange) -> str:
    """What was added to a set of names, and what was taken from it."""
    sign = "#" if change.field == "depends_on" else ""
    before, after = ([f"{sign}{one}" for one in _names(v)] for v in (change.before, change.after))
    gone = [f"-{one}" for one in before if one not in after]
    return " ".join([*(f"+{one}" for one in after if one not in before), *gone])


def _names(value: Value) -> list[str]:
    return value if isinstance(value, list) else []


def _value(value: Value) -> str:
    return "" if value is None else ", ".join(_names(value)) or str(value)


def _short(text: str) -> str:
    flat = clean(text)
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"
