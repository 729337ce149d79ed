"""Content rules about tests that other issues stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .filechange import FileChange, Scope, shown

_TEST_FILE = re.compile(r"test_.*\.py|.*_test\..*|.*\.test\..*|.*\.spec\..*")
_TEST_DIRECTORIES = frozenset({"tests", "__tests__"})
_TEST = re.compile(
    r"^[ \t]*(async[ \t]+)?def[ \t]+test\w*[ \t]*\("
    r"|^func[ \t]+Test\w*[ \t]*\(|#\[(\w+::)?test\b|@Test\b"
    r"|\b(it|test)(\.(each|only|concurrent))?\s*[(`]",
    re.MULTILINE,
)
_SKIP = re.compile(
    r"pytest\.mark\.(skip|skipif|xfail)\b|\bpytest\.(skip|xfail|importorskip)\s*\("
    r"|\bunittest\.(skip\w*|expectedFailure|SkipTest)\b|@(skip\w*|expectedFailure)\b"
    r"|\braise\s+SkipTest\b|\.skipTest\s*\("
    r"|\b(it|test|describe|suite|context)\.(skip|todo|fails|failing)\b|\bx(it|test|describe)\s*\("
    r"|\bthis\.skip\s*\(|\bt\.Skip(f|Now)?\s*\(|#\[ignore\b|@(Disabled|Ignore)\b"
    r"|\b__test__\s*=\s*False\b|\bcollect_ignore\b"
)


def is_test(path: str) -> bool:
    """Whether a file decides about the work of others."""
    *directories, name = path.split("/")
    return bool(_TEST_DIRECTORIES.intersection(directories)) or bool(_TEST_FILE.fullmatch(name))


def tests_of_others(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """A test is for the issue that names it to change; without names, for anybody."""
    for one in changes:
        if not one.existed or not is_test(one.path) or scope.covers(one.path):
            continue
        if one.is_deletion:
            yield f"{shown(one.path)} is a test that this issue does not name: put it back"
        elif scope.expected or scope.is_claimed(one.path):
            yield (
                f"{shown(one.path)} is a test that this issue does not name: put it back as it "
                "was, and test your change in a file of your own"
            )


def weakened_tests(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """What two issues name, neither takes from the other. Whoever names the very file may also
    delete it, or some of its tests."""
    for one in changes:
        if one.existed and is_test(one.path) and scope.is_claimed(one.path):
            how = _weakened(one, whole=scope.names(one.path))
            if how and scope.covers(one.path):
                yield (
                    f"{shown(one.path)} {how}, and another issue stands on it: put its tests "
                    "back, or ask with the `blocked` tool"
                )


def _weakened(change: FileChange, *, whole: bool) -> str | None:
    """How a test lost its force. `whole` when all of the file is the issue's to change."""
    if change.is_deletion:
        return None if whole else "is deleted"
    before, after = len(_TEST.findall(change.before)), len(_TEST.findall(change.after))
    if before and not after:
        return "holds no test any more"
    if len(_SKIP.findall(change.after)) > len(_SKIP.findall(change.before)):
        return "skips tests that ran"
    if after < before and not whole:
        return f"has {before - after} test{'s' if before - after > 1 else ''} less"
    return None
