"""Files that are whole at every moment, and what the system says of them in our words.

Two kinds of death are told apart. What a killed process wrote or renamed is there, since the
system keeps it. A power cut takes what was not synced, and a rename that was not synced may even
reach the disk before the content of the file that it names.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import LeaseError
from ..mounts import network_file_system

_ADVICE = {
    errno.ENOSPC: "make room on the disk, then start again",
    errno.EDQUOT: "make room in your quota, then start again",
    errno.EFBIG: "raise the limit on file sizes, then start again",
    errno.EROFS: "make the file system writable, then start again",
    errno.EACCES: "give this user the right to read and write there, then start again",
    errno.EPERM: "give this user the right to read and write there, then start again",
    errno.ENOSYS: "it cannot lock files: keep the leases on a local file system",
    errno.ENOLCK: "it cannot lock files: keep the leases on a local file system",
}


def replace_file(path: Path, content: bytes, *, lasting: bool) -> None:
    """Readers see the old content or the new, also after a power cut. With `lasting` it is the
    new one once this returns; without, a power cut may bring the old one back.

    Only for whoever holds the file's lock: the temporary file has one name, so that what a crash
    leaves behind is overwritten by the next change.
    """
    temporary = f"{path}.tmp"
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # else a power cut could leave the name with an empty file
    os.replace(temporary, path)
    if lasting:
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """See that the names in `directory` are on the disk. Does nothing where that cannot be."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Errors of the operating system as LeaseError that says what to do."""
    try:
        yield
    except OSError as error:
        raise LeaseError(
            f"The lease store in {directory} cannot be used ({error.strerror or error}): "
            f"{advice(error.errno)}."
        ) from error


def advice(number: int | None) -> str:
    """What a person can do about an error of the operating system."""
    return _ADVICE.get(number or 0, "nothing was changed; mend that, then start again")


def busy(path: Path) -> LeaseError:
    """The error for what others keep locked for longer than we wait."""
    return LeaseError(
        f"The lease store in {path.parent} is busy: another process keeps {path} locked. "
        "Nothing was changed; see whether a Nightshift process hangs or is stopped."
    )


def refuse_network(directory: Path) -> None:
    """Raise LeaseError when `directory` lies, or would lie, on a network file system."""
    if kind := network_file_system(directory):
        raise LeaseError(
            f"The leases of this project would lie in {directory}, which is on a network file "
            f"system ({kind}): its locks may overlap, so one issue could go to two sessions. "
            "Keep the project on a disk of this machine."
        )
