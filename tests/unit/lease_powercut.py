"""What a power cut may leave of a directory, worked out from what was synced and what was not.

A file's content is sure when the file was synced after its last change; otherwise it may be any
it had since, empty, or zeros. A name is sure when the directory was synced after its last change;
otherwise it may stand for any file it stood for since, or for none if there was none. Nothing is
assumed about the order in which the rest reaches the disk, which is worse than any real disk.
"""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

Content = bytes
File = int
"""A number of our own: the system gives the inode of a file that is gone to the next one."""


@dataclass
class Disk:
    """Watches `directory`. `at_any_moment` is called wherever the power may be cut."""

    directory: Path
    at_any_moment: Callable[[], None] = lambda: None
    contents: dict[File, list[Content]] = field(default_factory=dict)
    names: dict[str, list[File | None]] = field(default_factory=dict)
    _files: dict[int, File] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sync, rename = os.fsync, os.replace

        def noting_sync(descriptor: int) -> None:
            self._moment()
            sync(descriptor)
            self._synced(os.fstat(descriptor))

        def noting_rename(source: str, target: str) -> None:
            self._moment()
            rename(source, target)
            self._moment()

        monkeypatch.setattr(os, "fsync", noting_sync)
        monkeypatch.setattr(os, "replace", noting_rename)

    def leftover(self, chance: random.Random, place: Path) -> None:
        """One of the states that a power cut at this moment may leave, written to `place`."""
        place.mkdir()
        for name, files in self.names.items():
            file = chance.choice(files)
            if file is not None:
                (place / name).write_bytes(chance.choice(self.contents[file]))

    def look(self) -> None:
        """Note what has changed since the last look."""
        inodes = {path.name: path.stat().st_ino for path in self.directory.iterdir()}
        present = set(inodes.values())
        self._files = {inode: file for inode, file in self._files.items() if inode in present}
        for name in inodes.keys() | self.names.keys():
            self._named(name, self._file(inodes[name]) if name in inodes else None)

    def all_is_synced(self) -> None:
        self.look()
        self.contents = {file: known[-1:] for file, known in self.contents.items()}
        self._names_are_synced()

    def _file(self, inode: int) -> File:
        if inode not in self._files:
            self._files[inode] = next(self._numbers)
        return self._files[inode]

    def _named(self, name: str, file: File | None) -> None:
        files = self.names.setdefault(name, [None])
        if files[-1] != file:
            files.append(file)
        if file is not None:
            content, known = (self.directory / name).read_bytes(), self.contents
            if known.setdefault(file, [b""])[-1] != content:
                known[file] += [b"\0" * len(content), content]

    def _names_are_synced(self) -> None:
        self.names = {name: files[-1:] for name, files in self.names.items()}

    def _moment(self) -> None:
        self.look()
        self.at_any_moment()

    def _synced(self, status: os.stat_result) -> None:
        self.look()
        if stat.S_ISDIR(status.st_mode):
            self._names_are_synced()
        else:
            file = self._file(status.st_ino)
            self.contents[file] = self.contents[file][-1:]
