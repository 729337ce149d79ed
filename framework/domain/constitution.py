"""The built-in content rules: what may not be in a landing, whatever the checks say.

Pure. `judge` looks at the changes between the target's tip and the tree that would land.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

LARGEST = 5 * 1024 * 1024
"""The size in bytes up to which a file may be committed."""

SUBMODULE = "160000"
SYMLINK = "120000"

_AT_THE_TOP = (
    *(".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/", ".gitlab-ci.yml"),
    *("workflow.md", "constitution.yaml", "app_spec.txt", "plan.yaml"),
)
_ANYWHERE = frozenset(
    {
        *(".claude", "claude.md", ".mcp.json", ".nightshift"),
        *(".gitmodules", ".gitattributes", ".husky"),
    }
)
_DECIDES = re.compile(
    r"(gnu)?makefile|pytest\.ini|tox\.ini|setup\.cfg|conftest\.py|noxfile\.py|phpunit\.xml.*"
    r"|(jest|vitest|karma|playwright|cypress)\.(config|conf)\..+|\.mocharc.*"
)
_SHADOWS = re.compile(r"(unittest|_?pytest|sitecustomize|usercustomize)(\.py|/.*)")
"""At the top of a tree these replace what a check imports."""
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\..*|.*\.test\..*|.*\.spec\..*")
_TEST_DIRECTORIES = frozenset({"tests", "__tests__"})
_GIT_ITSELF = re.compile(r"\.git[ .]*(:.*)?|git~\d+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """One changed path, never a rename. Modes are git's, `000000` where there is no file; `size`
    and `link` (a symlink's target) are the new file's."""

    path: str
    old_mode: str
    new_mode: str
    size: int = 0
    link: str | None = None

    @property
    def existed(self) -> bool:
        return self.old_mode != "000000"

    @property
    def is_deletion(self) -> bool:
        return self.new_mode == "000000"


def judge(
    changes: Iterable[FileChange], *, expected: tuple[str, ...] = (), claimed: frozenset[str]
) -> tuple[str, ...]:
    """Why these changes may not land, each reason with what to do; none when they may.

    `expected` are the paths that the issue names (files, directories, patterns), `claimed` those
    that other issues name.
    """
    return tuple(reason for change in changes for reason in _reasons(change, expected, claimed))


def is_test(path: str) -> bool:
    """Whether a file decides about the work of others."""
    *directories, name = path.split("/")
    return bool(_TEST_DIRECTORIES.intersection(directories)) or bool(_TEST_FILE.fullmatch(name))


def _reasons(
    change: FileChange, expected: tuple[str, ...], claimed: frozenset[str]
) -> Iterator[str]:
    path = change.path
    if _is_protected(path):
        yield f"{_shown(path)} is protected: leave it as it was, and ask a person for the change"
    if _is_unsafe(path):
        yield f"{_shown(path)} is a name that not every file system can hold: choose another one"
    if change.new_mode == SUBMODULE:
        yield f"{_shown(path)} is a submodule or a repository of its own: commit its files instead"
    if change.new_mode == SYMLINK and _leaves(path, change.link):
        yield f"{_shown(path)} is a link out of the project: make it relative, or copy the file"
    if not change.is_deletion and change.size > LARGEST:
        yield (
            f"{_shown(path)} has {change.size / 1024 / 1024:.1f} MB, and 5 MB is the most: "
            "make it when it is needed instead of committing it"
        )
    yield from _about_checks(change, expected)
    yield from _about_tests(change, expected, claimed)


def _about_checks(change: FileChange, expected: tuple[str, ...]) -> Iterator[str]:
    """Only an issue that names such a file may change, or make, what judges its own work."""
    path = change.path
    name = path.rpartition("/")[2].lower()
    shadows = _SHADOWS.fullmatch(path) is not None
    if _names(expected, path) or not (shadows or _DECIDES.fullmatch(name)):
        return
    if shadows or change.existed or expected:
        yield (
            f"{_shown(path)} decides what the checks do, and this issue does not name it: leave it "
            "as it was, and ask a person for the change"
        )


def _about_tests(
    change: FileChange, expected: tuple[str, ...], claimed: frozenset[str]
) -> Iterator[str]:
    path = change.path
    if not change.existed or not is_test(path) or _names(expected, path):
        return
    if change.is_deletion:
        yield f"{_shown(path)} is a test that this issue does not name: put it back"
    elif expected or _names_file(claimed, path):
        yield (
            f"{_shown(path)} is a test that this issue does not name: put it back as it was, and "
            "test your change in a file of your own"
        )


def _is_protected(path: str) -> bool:
    lower = path.lower()
    if _ANYWHERE.intersection(lower.split("/")):
        return True
    return any(lower.startswith(one) if one.endswith("/") else lower == one for one in _AT_THE_TOP)


def _is_unsafe(path: str) -> bool:
    return any(
        part in ("", ".", "..")
        or "\\" in part
        or _GIT_ITSELF.fullmatch(_visible(part)) is not None
        or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in part)
        for part in path.split("/")
    )


def _visible(part: str) -> str:
    """Without the letters that some file systems do not see."""
    return "".join(letter for letter in part if unicodedata.category(letter) != "Cf")


def _leaves(path: str, link: str | None) -> bool:
    if link is None or link.startswith(("/", "\\")) or "\0" in link or ":" in link[:2]:
        return True
    where = posixpath.normpath(posixpath.join(posixpath.dirname(path), link.replace("\\", "/")))
    return where == ".." or where.startswith("../")


def _names(paths: Iterable[str], path: str) -> bool:
    """Whether one of `paths` is the file, a directory above it, or a pattern that fits."""
    return any(
        path == one.rstrip("/") or path.startswith(one.rstrip("/") + "/") or fnmatchcase(path, one)
        for one in paths
        if one.strip("/")
    )


def _names_file(paths: Iterable[str], path: str) -> bool:
    return any(path == one or fnmatchcase(path, one) for one in paths)


def _shown(path: str) -> str:
    """A path as text that is safe to print and to put into a comment."""
    return "`" + path.encode("unicode_escape").decode("ascii")[:200].replace("`", "'") + "`"
