"""The pool of tokens on disk: one JSON file, changed by one thread of one process at a time.

Readers see the old content or the new, whoever is killed when. It is only a memory of what the
service says, which it says again when asked: so it is not synced to the disk, and a file that
cannot be read is set aside and begun anew, unlike anything that would lose work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..domain.account import Account, Ramp, Window
from ..domain.errors import AgentError
from ..domain.lease import Process
from ..effect import effect
from ..lockfile import exclusive

_VERSION = 1
_PATIENCE = 5.0


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A session that uses the account of this fingerprint, and the process that it is in."""

    account: str
    process: Process


@dataclass(frozen=True, kw_only=True)
class Content:
    """Accounts by fingerprint, and the sessions that use them by their ids."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    sessions: Mapping[str, Holding] = field(default_factory=dict)


class PoolFile:
    """The file at `path`, made when it is first written, with a lock file beside it."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self.warnings: tuple[str, ...] = ()
        """What people should know: that a damaged file was set aside, or would be."""

    def change(self, edit: Callable[[Content], Content]) -> None:
        """Replace the content by what `edit` makes of it, while every other writer waits.

        Raises AgentError, and nothing has changed, when the file cannot be used.
        """
        with self._explained(), self._alone():
            old = self._read_or_set_aside()
            new = edit(old)
            if new != old:
                self._write(new)

    def look(self) -> Content:
        """The content, without a lock and without changing anything on disk."""
        with self._explained():
            try:
                return self._read()
            except ValueError as error:
                self._warn(f"{self._path} is damaged ({error}). The next run begins it anew.")
                return Content()

    def _read_or_set_aside(self) -> Content:
        try:
            return self._read()
        except ValueError as error:
            aside = self._path.with_name(
                f"{self._path.name}.damaged-{self._clock().astimezone(UTC):%Y%m%dT%H%M%SZ}"
            )
            os.replace(self._path, aside)
            self._warn(
                f"What was known about the limits of the tokens could not be read ({error}) and "
                f"was begun anew. The damaged file is {aside}."
            )
            return Content()

    def _read(self) -> Content:
        """Raises ValueError for what we did not write."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return Content()
        return decode(text)

    def _write(self, content: Content) -> None:
        temporary = f"{self._path}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(encode(content))
        with effect("tokens"):
            os.replace(temporary, self._path)

    def _warn(self, text: str) -> None:
        self.warnings = (*self.warnings, text)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self._path.with_name(f"{self._path.name}.lock")
        with exclusive(lock, busy=_busy, patience=_PATIENCE, mode=0o600):
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AgentError(
                f"{self._path}, which remembers the limits of the tokens, cannot be used "
                f"({error.strerror or error}). Give this user the right to read and write there, "
                "or make room on the disk."
            ) from error


def _busy(lock: Path) -> AgentError:
    return AgentError(
        f"The pool of tokens is busy: another process keeps {lock} locked. See whether a "
        "Nightshift process hangs or is stopped, then start again."
    )


def encode(content: Content) -> bytes:
    """The content as a JSON document; times are UTC."""
    document = {
        "version": _VERSION,
        "accounts": {key: _account_row(one) for key, one in content.accounts.items()},
        "sessions": {
            name: {"account": one.account, "process": vars(one.process)}
            for name, one in content.sessions.items()
        },
    }
    return json.dumps(document).encode()


def _account_row(one: Account) -> dict[str, Any]:
    windows = {name: _window_row(window) for name, window in one.windows.items()}
    ramp = one.ramp and {"since": _text(one.ramp.since), "let_in": one.ramp.let_in}
    return {
        "windows": windows,
        "parked_until": _text(one.parked_until),
        "bad": one.bad,
        "blind": one.blind,
        "ramp": ramp,
        "used_at": _text(one.used_at),
    }


def _window_row(one: Window) -> dict[str, Any]:
    return {"used": one.used, "resets_at": _text(one.resets_at), "warned": one.warned}


def decode(text: bytes) -> Content:
    """What `encode` wrote. Raises ValueError for anything else."""
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise ValueError("it is of another version")
        return Content(
            accounts={key: _account(row) for key, row in document["accounts"].items()},
            sessions={
                name: Holding(account=str(row["account"]), process=_process(row["process"]))
                for name, row in document["sessions"].items()
            },
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it does not hold what it should") from error


def _account(row: Mapping[str, Any]) -> Account:
    ramp = row["ramp"]
    return Account(
        windows={str(name): _window(one) for name, one in row["windows"].items()},
        parked_until=_time(row["parked_until"]),
        bad=str(row["bad"]),
        blind=int(row["blind"]),
        ramp=ramp and Ramp(since=_time(ramp["since"]), let_in=int(ramp["let_in"])),
        used_at=_time(row["used_at"]),
    )


def _window(row: Mapping[str, Any]) -> Window:
    used = float(row["used"])
    if not 0 <= used < float("inf"):
        raise ValueError("a window is used by less than nothing")
    return Window(used=used, resets_at=_time(row["resets_at"]), warned=bool(row["warned"]))


def _process(row: Mapping[str, Any]) -> Process:
    return Process(
        host=str(row["host"]),
        boot=str(row["boot"]),
        pid=int(row["pid"]),
        started=float(row["started"]),
    )


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time is without its zone")
    return at
