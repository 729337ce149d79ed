"""Looking through the SQLite file for damage, and making anew what can be made from the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from ..domain.errors import TrackerUnavailable
from ..domain.finding import Finding
from ..domain.graph import find_cycle
from ._database import Database
from ._rows import stamp
from ._schema import RECOUNT, VERSION
from ._words import indexed

_WHOLE = "database"
_CYCLE = "dependencies"
_SLACK = timedelta(minutes=5)
_WORDS = (
    "UPDATE texts SET title_words = indexed(title), body_words = indexed(body)"
    " WHERE title_words IS NOT indexed(title) OR body_words IS NOT indexed(body)"
)


def check(database: Database, now: datetime, *, repair: bool) -> Sequence[Finding]:
    """See `Checks.check`."""
    with database.reading() as connection:
        connection.create_function("indexed", 1, indexed, deterministic=True)
        findings = list(_facts(connection, now))
    if any(one.is_bad for one in findings if one.what.startswith((_WHOLE, _CYCLE))):
        return findings  # broken, it may be made worse by any write; a cycle has no longest chain
    derived: dict[str, Callable[[sqlite3.Connection], int]] = {"text index": _mend_text_index}
    derived |= {what: _counted(statements) for what, statements in RECOUNT.items()}
    return [*findings, *(_derived(database, *one, repair=repair) for one in derived.items())]


def _facts(connection: sqlite3.Connection, now: datetime) -> Iterator[Finding]:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    yield Finding(what=f"schema: version {version} of {VERSION}, journal mode {mode}")
    wrong = [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    yield _told(_WHOLE, wrong, "Put a backup in its place.")
    lost = [
        f"row {row} of {table} names something in {parent} that is not there"
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    yield _told("references", lost, "Put a backup in its place, or mend them by hand.")
    yield _told(_CYCLE, _cycle(connection), "Put a backup in its place, or remove one by hand.")
    yield _clock(connection, now)


def _cycle(connection: sqlite3.Connection) -> list[str]:
    edges: dict[str, list[str]] = {}
    for issue, needs in connection.execute("SELECT issue, needs FROM dependencies"):
        edges.setdefault(str(issue), []).append(str(needs))
    cycle = find_cycle(edges)
    return [f"issues wait for themselves, {' -> '.join(cycle)}"] if cycle else []


def _told(what: str, wrong: list[str], advice: str) -> Finding:
    if not wrong:
        return Finding(what=f"{what}: sound")
    return Finding(what=f"{what}: {'; '.join(wrong[:10])}. {advice}", is_bad=True)


def _clock(connection: sqlite3.Connection, now: datetime) -> Finding:
    (newest,) = connection.execute(
        "SELECT max(at) FROM (SELECT max(updated_at) AS at FROM issues UNION ALL"
        " SELECT max(created_at) FROM issues UNION ALL SELECT max(created_at) FROM comments"
        " UNION ALL SELECT max(at) FROM activity)"
    ).fetchone()
    if newest is None or newest <= stamp(now + _SLACK):
        return Finding(what="clock: nothing lies in the future")
    return Finding(
        what=f"clock: the newest entry is of {newest}, which is in the future: this machine's "
        "clock is slow, or it was fast. See that the time is right.",
        is_bad=True,
    )


def _derived(
    database: Database, what: str, mend: Callable[[sqlite3.Connection], int], *, repair: bool
) -> Finding:
    """Mend it and see how much was wrong; without `repair`, take that back."""
    try:
        with database.writing() as connection:
            wrong = mend(connection)
            if wrong and not repair:
                raise _TakeBack
    except _TakeBack:
        advice = "Run the check again with repair."
        return Finding(what=f"{what}: {wrong} wrong. {advice}", is_bad=True)
    except TrackerUnavailable as error:
        return Finding(what=f"{what}: not looked at, as this needs to write. {error}", is_bad=True)
    if not wrong:
        return Finding(what=f"{what}: right")
    return Finding(what=f"{what}: {wrong} were wrong", is_bad=True, repaired=True)


class _TakeBack(Exception):
    """The way out of a transaction that is not to be kept."""


def _counted(statements: Sequence[str]) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: sum(_changed(connection, one) for one in statements)


def _changed(connection: sqlite3.Connection, statement: str) -> int:
    """How many rows the statement itself changed; `rowcount` does not know it behind WITH."""
    connection.execute(statement)
    (rows,) = connection.execute("SELECT changes()").fetchone()
    return int(rows)


def _mend_text_index(connection: sqlite3.Connection) -> int:
    wrong = 0
    try:
        connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError:
        connection.execute("INSERT INTO found (found) VALUES ('rebuild')")
        wrong = 1
    return wrong + _changed(connection, _WORDS)
