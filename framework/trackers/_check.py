"""Looking through the SQLite file for damage, and making anew what can be made from the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..domain.errors import TrackerUnavailable
from ..domain.finding import Finding
from ..domain.graph import find_cycle
from ._backups import salvage, way_back
from ._damaged import WRONG, named
from ._database import Database
from ._entries import milestone_of
from ._log import activity_of
from ._rows import EVERY, comment_of, issue_of, stamp
from ._schema import RECOUNT, VERSION
from ._words import indexed

_WHOLE = "database"
_ROWS = "rows"
_CYCLE = "dependencies"
_SLACK = timedelta(minutes=5)
_FIRST = (_WHOLE, _ROWS, _CYCLE)
"""What has to be right before anything is made anew: a broken file may be made worse by any
write, what cannot be read cannot be counted or indexed, and a cycle has no longest chain."""
_READ: tuple[tuple[str, str, Callable[[Sequence[Any]], object]], ...] = (
    ("issues", EVERY, lambda row: issue_of(row, "")),
    ("comments", "SELECT * FROM comments", comment_of),
    ("activity", "SELECT id, at, kind, actor, issue, forced, changes FROM activity", activity_of),
    ("milestones", "SELECT * FROM milestones", milestone_of),
)
_WORDS = (
    "UPDATE texts SET title_words = indexed(title), body_words = indexed(body)"
    " WHERE title_words IS NOT indexed(title) OR body_words IS NOT indexed(body)"
)


def check(database: Database, now: datetime, *, repair: bool) -> Sequence[Finding]:
    """See `Checks.check`."""
    with database.reading() as connection:
        connection.create_function("indexed", 1, indexed, deterministic=True)
        findings = list(_facts(connection, database.path, now))
    if any(one.is_bad for one in findings if one.what.startswith(_FIRST)):
        return findings
    derived: dict[str, Callable[[sqlite3.Connection], int]] = {"text index": _mend_text_index}
    derived |= {what: _counted(statements) for what, statements in RECOUNT.items()}
    return [*findings, *(_derived(database, *one, repair=repair) for one in derived.items())]


def _facts(connection: sqlite3.Connection, path: Path, now: datetime) -> Iterator[Finding]:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    yield Finding(what=f"schema: version {version} of {VERSION}, journal mode {mode}")
    wrong = [row[0] for row in connection.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
    yield _told(_WHOLE, wrong, f"{_back(path)} {salvage(path)}")
    if wrong:
        return  # what stops reading here would hide what was found
    damaged = list(_damaged(connection))
    yield _told(_ROWS, damaged, f"Mend them by hand, or {way_back(path)}.")
    lost = [
        f"row {row} of {table} names something in {parent} that is not there"
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    yield _told("references", lost, f"Mend them by hand, or {way_back(path)}.")
    yield _told(
        _CYCLE, _cycle(connection), "Take one of them away: issue depends remove ID --on ID"
    )
    if not damaged:
        yield _clock(connection, now)


def _damaged(connection: sqlite3.Connection) -> Iterator[str]:
    """Each row of which no value can be made."""
    connection.text_factory = _text
    try:
        for table, question, make in _READ:
            for row in connection.execute(question):
                if wrong := _wrong(row, make):
                    yield named(table, row, wrong).removesuffix(".")
        for row in connection.execute(
            "SELECT id FROM issues WHERE id NOT IN (SELECT id FROM texts)"
        ):
            yield named("issues", row, ValueError("it has no text")).removesuffix(".")
    finally:
        connection.text_factory = str


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _wrong(row: Sequence[Any], make: Callable[[Sequence[Any]], object]) -> Exception | None:
    if any(isinstance(value, bytes) for value in row):
        return ValueError("a text is not UTF-8")
    try:
        make(row)
    except WRONG as error:
        return error
    return None


def _cycle(connection: sqlite3.Connection) -> list[str]:
    edges: dict[str, list[str]] = {}
    for issue, needs in connection.execute("SELECT issue, needs FROM dependencies"):
        edges.setdefault(str(issue), []).append(str(needs))
    cycle = find_cycle(edges)
    return [f"issues wait for themselves, {' -> '.join(cycle)}"] if cycle else []


def _told(what: str, wrong: list[str], advice: str) -> Finding:
    if not wrong:
        return Finding(what=f"{what}: sound")
    more = f" and {len(wrong) - 10} more" if len(wrong) > 10 else ""
    return Finding(what=f"{what}: {'; '.join(wrong[:10])}{more}. {advice}", is_bad=True)


def _back(path: Path) -> str:
    advice = way_back(path)
    return f"{advice[0].upper()}{advice[1:]}."


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
        advice = "To make it anew: issue doctor --repair"
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
