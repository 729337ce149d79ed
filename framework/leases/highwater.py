"""The highest epoch ever given, of any key: what is left when a record is gone."""

from __future__ import annotations

from pathlib import Path

from ..domain.errors import EpochsGone, LeaseCorrupt
from .disk import exclusive, replace_file

NAME = "high-water.mark"


class HighWater:
    """One number in one file, which only rises. `established`: the store was used before.

    When the file is gone from a store that was used, only a person brings it back: a mark that
    starts again from the records still there could be below an epoch of one that is lost.
    """

    def __init__(self, directory: Path, *, established: bool, patience: float) -> None:
        self._path = directory / NAME
        self._established = established
        self._patience = patience

    def begin(self) -> None:
        """Write the mark of a store that was never used; otherwise do nothing."""
        with exclusive(self._lock, patience=self._patience):
            self._start()

    def raise_to(self, epoch: int) -> None:
        """See that the mark is at least `epoch`, unless it is gone."""
        if self._reaches(epoch):
            return
        with exclusive(self._lock, patience=self._patience):
            if not self._reaches(epoch):
                self._write(epoch)

    def reserve(self, key: str, floor: int) -> int:
        """An epoch above the mark and above `floor`, which the mark then remembers."""
        with exclusive(self._lock, patience=self._patience):
            mark = self._start()
            if mark is not None:
                epoch = 1 + max(mark, floor)
                self._write(epoch)
                return epoch
        if floor:
            return floor + 1
        raise EpochsGone(self._gone(key))

    def read(self) -> int | None:
        """None when the file is not there. Raises LeaseCorrupt when it holds no number."""
        try:
            text = self._path.read_bytes().strip()
        except FileNotFoundError:
            return None
        if not text.isdigit() or len(text) > 18:
            raise LeaseCorrupt(
                f"The high-water mark of the epochs in {self._path} is not a number: write one "
                "into it that is above every epoch used so far (see the records beside it and "
                "the names of the agent/* branches)."
            )
        return int(text)

    @property
    def _lock(self) -> Path:
        return self._path.with_name(f"{NAME}.lock")

    def _reaches(self, epoch: int) -> bool:
        mark = self.read()
        return mark is None or mark >= epoch

    def _start(self) -> int | None:
        mark = self.read()
        if mark is None and not self._is_used():
            self._write(0)
            return 0
        return mark

    def _is_used(self) -> bool:
        return self._established or any(self._path.parent.glob("*.json*"))

    def _write(self, epoch: int) -> None:
        replace_file(self._path, b"%d\n" % epoch)

    def _gone(self, key: str) -> str:
        return (
            f"{key} cannot be claimed: its lease record, the high-water mark in {self._path} and "
            "the hub's epoch refs are all gone, although this project was worked on before, so a "
            "stale session could land. Restore the directory from a backup; or, when you know "
            "that no earlier session is at work any more, write a number above every epoch used "
            f"so far into {self._path} (1000000 will do)."
        )
