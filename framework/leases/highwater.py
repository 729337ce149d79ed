"""The highest epoch ever given, of any key: what is left when a record is gone.

A power cut may undo an acquisition, but never let its epoch be given again. So that this does
not cost a synced write each time, the number on the disk runs ahead: `high-water.mark` is at
least every epoch ever given, and is raised, synced, by a block at a time before any epoch of the
block is given. What was really given is noted in `high-water.given`, which is not synced: any
process of this boot finds it, since the system outlives processes. After a power cut it counts
for nothing, because it names the boot it was written in, and all goes on above the mark.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..domain.errors import LeaseCorrupt
from ..domain.frozen import dataclass, replace
from ..domain.lease import Record
from ..lockfile import exclusive
from .disk import busy, replace_file
from .process import this_boot
from .record import mark_gone, next_epoch

MARK = "high-water.mark"
GIVEN = "high-water.given"
BLOCK = 64
_PAUSE = 0.0003
"""Seconds between two looks at the mark's lock, which is rarely held for longer."""


@dataclass(frozen=True, kw_only=True)
class _Given:
    """What was given under the present `mark`: `highest` of any key; and by earlier boots at
    most `base`, whatever their records say, which a power cut may have brought back."""

    highest: int
    base: int
    mark: int


class HighWater:
    """Gives epochs. `established`: the store was used before.

    When the mark is gone from a store that was used, only a person brings it back: one that
    starts again from the records still there could be below an epoch of one that is lost.
    Not promised: a disk that forgets what was not synced while the machine goes on.
    """

    def __init__(self, directory: Path, *, established: bool, patience: float) -> None:
        self._path = directory / MARK
        self._given_path = directory / GIVEN
        self._established = established
        self._patience = patience

    def begin(self) -> None:
        """Write the mark of a store that was never used; otherwise do nothing."""
        with exclusive(self._lock, busy=busy, patience=self._patience, pause=_PAUSE):
            self._start()
            self._established = True

    def give(self, key: str, *, record: Record | None, floor: int) -> tuple[int, bool]:
        """A new epoch of `key`, and whether it is remembered here from now on, come what may.

        It is not when the mark is gone: then whoever asked has to see that the record lasts.
        Raises EpochsGone, and LeaseCorrupt when the mark holds no number.
        """
        with exclusive(self._lock, busy=busy, patience=self._patience, pause=_PAUSE):
            mark, place = self._start(), str(self._path)
            if mark is None:
                epoch = next_epoch(key, record=record, mark=None, floor=floor, place=place)
                return epoch, False
            given = self._given(mark)
            floor = max(floor, given.base)
            epoch = next_epoch(key, record=record, mark=given.highest, floor=floor, place=place)
            self._note(epoch, given)
            return epoch, True

    def wrong(self) -> list[str]:
        """What a person has to do where the mark is gone or unreadable. Changes nothing."""
        try:
            gone = read_mark(self._path) is None and self._is_used()
        except LeaseCorrupt as error:
            return [str(error)]
        return [mark_gone(str(self._path))] if gone else []

    def _note(self, epoch: int, given: _Given) -> None:
        if epoch <= given.highest:
            return
        mark = given.mark
        if epoch > mark:
            # Lasting: no epoch of the block may be given while a power cut could lower the mark.
            mark = epoch + BLOCK - 1
            replace_file(self._path, b"%d\n" % mark, lasting=True)
        self._write_given(replace(given, highest=epoch, mark=mark))

    def _start(self) -> int | None:
        mark = read_mark(self._path)
        if mark is None and not self._is_used():
            replace_file(self._path, b"0\n", lasting=True)
            return 0
        return mark

    def _is_used(self) -> bool:
        return self._established or any(self._path.parent.glob("*.json*"))

    @property
    def _lock(self) -> Path:
        return self._path.with_name(f"{MARK}.lock")

    def _given(self, mark: int) -> _Given:
        """As noted in this boot under this very mark. If a person wrote another mark, if the
        machine was started anew, or if there is no sound note, all goes on above the mark."""
        unknown = _Given(highest=mark, base=mark, mark=mark)
        try:
            words = self._given_path.read_bytes().decode("ascii", "replace").split()
        except FileNotFoundError:
            return unknown
        if len(words) != 4 or words[3] != this_boot() or not all(map(str.isdigit, words[:3])):
            return unknown
        highest, base, noted = map(int, words[:3])
        return _Given(highest=highest, base=base, mark=mark) if noted == mark else unknown

    def _write_given(self, given: _Given) -> None:
        """In place and not synced. All fields are of fixed width and `highest` is first: a write
        that breaks off in it leaves a number that is not below the old one."""
        text = f"{given.highest:019d} {given.base:019d} {given.mark:019d} {this_boot()}\n"
        descriptor = os.open(self._given_path, os.O_WRONLY | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())


def read_mark(path: Path) -> int | None:
    """None when the file is not there. Raises LeaseCorrupt when it holds no number."""
    try:
        text = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    if not text.isdigit() or len(text) > 18:
        raise LeaseCorrupt(
            f"The high-water mark of the epochs in {path} is not a number: write one into it "
            "that is above every epoch used so far (see the records beside it and the names of "
            "the agent/* branches)."
        )
    return int(text)
