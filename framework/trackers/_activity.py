"""What is noted down of a change: its kind, and each field as it was and became."""

from __future__ import annotations

from ..domain.activity import FieldChange, Kind, Value
from ..domain.entry import Entry
from ..domain.issue import Issue
from ._catalogue import noun

_FIELDS = (
    *("title", "body", "state", "priority", "labels", "depends_on"),
    *("assignees", "milestone", "key"),
)
_FIELDS_OF_NEW = tuple(field for field in _FIELDS if field != "body")
_ENTRY_FIELDS = ("description", "color", "due", "is_closed", "kind")


def kind_of(before: Issue, after: Issue) -> Kind:
    if after.is_closed and not before.is_closed:
        return Kind.CLOSED
    return Kind.REOPENED if after.reopened > before.reopened else Kind.UPDATED


def changes(before: Issue | None, after: Issue | None) -> tuple[FieldChange, ...]:
    """The fields that differ; of a new or a deleted issue, those that hold something.

    Not the body of a new issue, which would be kept twice: the issue has it, or else the first
    change that took it away.
    """
    return _differences(_FIELDS_OF_NEW if before is None else _FIELDS, before, after)


def entry_changes(before: Entry | None, after: Entry | None) -> tuple[FieldChange, ...]:
    """First the name under `label`, `milestone` or `user`, even if it stays as it is."""
    (kind,) = {type(entry) for entry in (before, after) if entry is not None}
    name = FieldChange(
        field=noun(kind),
        before=before.name if before else None,
        after=after.name if after else None,
    )
    return (name, *_differences(_ENTRY_FIELDS, before, after))


def _differences(
    fields: tuple[str, ...], before: object | None, after: object | None
) -> tuple[FieldChange, ...]:
    pairs = ((field, _value(before, field), _value(after, field)) for field in fields)
    return tuple(
        FieldChange(field=field, before=old, after=new)
        for field, old, new in pairs
        if old != new and (old or new)
    )


def _value(of: object | None, field: str) -> Value:
    value = None if of is None else getattr(of, field, None)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, int):
        return value
    return str(value)
