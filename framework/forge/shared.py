"""The limits of an account, kept to by all processes of this machine together.

One JSON file, changed under a lock; readers see the old content or the new, whoever is killed
when. It is a memory of what was sent, which costs at most a refusal by GitHub when it is lost: so
it is not synced to the disk, and a damaged file is begun anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock

from ..clock import Clock
from ..domain.errors import TrackerUnavailable
from ..lockfile import exclusive
from .allowance import Allowance
from .allowances import NONE, Allowances, decode, encode
from .away import limited as limit_reached
from .cost import Ask
from .patience import Patience

_LOCK_PATIENCE = 5.0


class Limits:
    """What may be sent to `server` with `token`, and when.

    `path` is a directory, or the file in it where it ends in .json; made when it is first written.
    None keeps everything in memory. Where the file cannot be used this process goes on with its
    own memory, and `say` tells it once; so does a call while somebody keeps it locked for long.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        server: str,
        token: str,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._path = path and _file(path)
        self._server = server
        self._token = _hash(server, token)
        self._clock = clock
        self._say = say
        self._own = NONE
        self._was_busy = False
        self._threads = Lock()

    def wait(self, ask: Ask, patience: Patience) -> None:
        """Until `ask` may be sent; it then counts as sent. Raises TrackerUnavailable, and nothing
        counts, when that takes longer than `patience`."""
        while pause := self._take(ask):
            if not patience.wait(pause):
                until = self._clock() + pause
                raise TrackerUnavailable(limit_reached(until), until)

    def heard(self, ask: Ask, headers: Mapping[str, str], *, limited: bool) -> datetime:
        """Take in what an answer to `ask` says of the limits; when the same may be asked again."""
        now = self._clock()
        pause = timedelta()

        def told(one: Allowance) -> Allowance:
            nonlocal pause
            new = one.heard(ask, headers, now, limited=limited)
            pause = new.before(ask, now)
            return new

        self._change(told)
        return now + pause

    def belongs_to(self, login: str) -> None:
        """The token is that of this account: it shares its limits with the account's others."""
        account = _hash(self._server, login)
        self._edit(lambda every: every.linked(self._token, account))

    def _take(self, ask: Ask) -> timedelta:
        now = self._clock()
        pause = timedelta()

        def taken(one: Allowance) -> Allowance:
            nonlocal pause
            pause = one.before(ask, now)
            return one if pause else one.sent(ask, now)

        self._change(taken)
        return pause

    def _change(self, edit: Callable[[Allowance], Allowance]) -> None:
        self._edit(lambda every: every.with_one(self._token, edit(every.of(self._token))))

    def _edit(self, edit: Callable[[Allowances], Allowances]) -> None:
        with self._threads:
            if self._path is None:
                self._own = edit(self._own)
                return
            try:
                with _alone(self._path):
                    self._replace(self._path, edit)
            except TimeoutError as error:
                self._say_busy(error)
                self._own = edit(self._own)
            except OSError as error:
                self._path = None
                self._say(
                    f"The file that keeps GitHub's limits cannot be used ({error}), so this "
                    "process keeps to them alone. Give this user the right to write there, or "
                    "make room on the disk."
                )
                self._own = edit(self._own)

    def _say_busy(self, error: TimeoutError) -> None:
        if not self._was_busy:
            self._was_busy = True
            self._say(
                f"GitHub's limits were kept to without those of other processes, as {error}. See "
                "whether a Nightshift process hangs or is stopped."
            )

    def _replace(self, path: Path, edit: Callable[[Allowances], Allowances]) -> None:
        old = self._read(path)
        new = edit(old).recent(int(self._clock().timestamp() * 1000))
        self._own = new
        if new != old:
            _write(path, encode(new))

    def _read(self, path: Path) -> Allowances:
        try:
            return decode(path.read_bytes())
        except FileNotFoundError:
            return NONE
        except ValueError as error:
            self._say(
                f"{path}, which keeps GitHub's limits, is damaged ({error}) and was begun anew. "
                "Nothing needs to be done."
            )
            return NONE


def _file(path: Path) -> Path:
    return path if path.suffix == ".json" or path.is_file() else path / "allowance.json"


def _hash(server: str, word: str) -> str:
    return sha256(f"{server} {word}".encode()).hexdigest()[:24]


def _write(path: Path, content: bytes) -> None:
    temporary = f"{path}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def _alone(path: Path) -> AbstractContextManager[None]:
    """One thread of one process at a time."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = path.with_name(f"{path.name}.lock")
    return exclusive(lock, busy=_busy, patience=_LOCK_PATIENCE, mode=0o600)


def _busy(lock: Path) -> TimeoutError:
    return TimeoutError(f"another process keeps {lock} locked")
