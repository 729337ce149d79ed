"""The issues that may be worked on, in order, without reading the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from itertools import groupby

from ..domain.graph import LAST_AFTER, is_free
from ..domain.lease import Record

# The index is named because SQLite would rather take one that begins with the state, and sort.
_IN_ORDER = """
    SELECT chain, priority, created_at, id FROM issues INDEXED BY ready
    WHERE waits = 0 AND is_meta = 0 AND state IN ('open', 'in_progress')
    ORDER BY chain DESC, priority, created_at, id
"""

_Row = tuple[int, int, str, int]


def ready(
    connection: sqlite3.Connection, records: Mapping[str, Record], now: datetime, limit: int
) -> list[int]:
    """The ids of the first `limit` of `domain.graph.ready`.

    Reads as many rows as it must: those before the last one given, and the rest of its equals
    where some of them have failed.
    """
    chosen: list[int] = []
    last: list[tuple[int, int, int, str, int]] = []
    with closing(connection.execute(_IN_ORDER)) as rows:
        for (chain, priority), group in groupby(rows, key=lambda row: (row[0], row[1])):
            failed: list[tuple[int, str, int]] = []
            for failures, created, id in _free(group, records, now):
                if len(chosen) >= limit:
                    return chosen[:limit]
                if failures >= LAST_AFTER:
                    last.append((-chain, priority, failures, created, id))
                elif failures:
                    failed.append((failures, created, id))
                else:
                    chosen.append(id)
            chosen += [id for _, _, id in sorted(failed)]
    return [*chosen, *(id for *_, id in sorted(last))][:limit]


def _free(
    rows: Iterable[_Row], records: Mapping[str, Record], now: datetime
) -> Iterable[tuple[int, str, int]]:
    """Failures, time of creation and id of those that nobody holds and nothing delays."""
    for _, _, created, id in rows:
        record = records.get(str(id))
        if is_free(record, now):
            yield len(record.failures) if record else 0, created, id
