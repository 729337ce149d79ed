"""One file of a landing, as the content rules see it, and how issues name files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

SUBMODULE = "160000"
SYMLINK = "120000"


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """One changed path, never a rename. Modes are git's, `000000` where there is no file; `size`
    and `link` (a symlink's target) are the new file's. `before` and `after` are the texts, empty
    where there is none or it is too large to be looked at."""

    path: str
    old_mode: str
    new_mode: str
    size: int = 0
    link: str | None = None
    before: str = ""
    after: str = ""

    @property
    def existed(self) -> bool:
        return self.old_mode != "000000"

    @property
    def is_deletion(self) -> bool:
        return self.new_mode == "000000"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an issue may touch: `expected` are the paths that it names (files, directories,
    patterns), `claimed` those that other issues name."""

    expected: tuple[str, ...] = ()
    claimed: frozenset[str] = frozenset()

    def covers(self, path: str) -> bool:
        """Whether the issue names the file, a directory above it, or a pattern that fits."""
        return any(
            path == one.rstrip("/")
            or path.startswith(one.rstrip("/") + "/")
            or fnmatchcase(path, one)
            for one in self.expected
            if one.strip("/")
        )

    def names(self, path: str) -> bool:
        """Whether the issue names this very file."""
        return path in self.expected

    def is_claimed(self, path: str) -> bool:
        """Whether another issue names the file, or a pattern that fits. Directories do not
        count: too much lies in them."""
        return any(path == one or fnmatchcase(path, one) for one in self.claimed)


def shown(path: str) -> str:
    """A path as text that is safe to print and to put into a comment."""
    return "`" + path.encode("unicode_escape").decode("ascii")[:200].replace("`", "'") + "`"


def listed(paths: Iterable[str], *, most: int = 5) -> str:
    """Some paths, and how many more there are."""
    every = list(paths)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(shown(one) for one in every[:most]) + more
