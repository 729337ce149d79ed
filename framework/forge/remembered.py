"""What a server answered, for asking it "has this changed?": a 304 costs nothing of the limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from ..domain.frozen import dataclass

_MOST = 512
_BYTES = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """An answer that had an ETag."""

    etag: str
    headers: Mapping[str, str]
    body: bytes


class Memory:
    """The answers used last, of one token, by their URLs: what a server shows depends on who
    asks. In memory only, at most 512 answers and 16 MiB."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Remembered] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def find(self, url: str) -> Remembered | None:
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
            return self._kept.get(url)

    def keep(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Forgets what was there; keeps nothing of an answer without an ETag."""
        etag = headers.get("etag", "")
        with self._lock:
            self._drop(url)
            if etag:
                self._kept[url] = Remembered(etag=etag, headers=headers, body=body)
                self._bytes += len(body)
            while len(self._kept) > _MOST or self._bytes > _BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, url: str) -> None:
        if (old := self._kept.pop(url, None)) is not None:
            self._bytes -= len(old.body)
