"""Content rules about what decides how checks end: their files, and the settings in others."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .filechange import FileChange, Scope, shown
from .hollow import hollow_script
from .hollow_make import hollow_settings, hollow_targets, included
from .hollow_python import hollow_python, leaves_tests_out

_DECIDES = re.compile(
    r"(gnu)?makefile|pytest\.(ini|toml)|\.pytest\.(ini|toml)|tox\.ini|setup\.cfg|\.coveragerc"
    r"|conftest\.py|noxfile\.py|phpunit\.xml.*|\.mocharc.*"
    r"|(jest|vitest|karma|playwright|cypress)\.(config|conf|setup|workspace)\..+"
)
_SHADOWS = re.compile(
    r"(unittest|_?pytest|sitecustomize|usercustomize)(\.py|/.*)|test|check|GNUmakefile|makefile"
)
"""At the top of a tree these replace what a check imports, the target that make would make, and
the Makefile itself."""
_STARTS = re.compile(r"^import[ \t]", re.MULTILINE)
"""With such a line a `.pth` file is run whenever Python starts."""
_SCRIPT_SHELL = re.compile(
    r"^[ \t]*script-shell[ \t]*=[ \t]*(?!\S*sh(?:\.exe)?[ \t]*$)", re.MULTILINE
)
_MAKEFILE = re.compile(r"(gnu)?makefile")
_SCRIPTS = ("pretest", "test", "posttest")
_PACKAGE = ("jest", "vitest", "mocha", "ava", "tap", "nyc", "c8", "karma")
_TOOLS = ("pytest", "coverage", "tox", "nox", "unittest", "hatch", "poe", "pdm")
_RUN = ("the target", "the script")
_UNREADABLE = {"": "cannot be read"}


def deciding_files(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """Only an issue that names such a file may change, or make, what judges its own work."""
    for one in changes:
        shadows = _shadows(one)
        if scope.covers(one.path) or not (shadows or _DECIDES.fullmatch(one.name.lower())):
            continue
        if shadows or one.existed or scope.expected:
            yield (
                f"{shown(one.path)} decides what the checks do, and this issue does not name it: "
                "leave it as it was, and ask a person for the change with the `blocked` tool"
            )


def deciding_settings(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """The same for the parts of a file that also holds other things. The first settings of their
    kind may be made where the issue says nothing of paths."""
    for one in changes:
        if scope.covers(one.path) or one.path not in _READERS:
            continue
        before, after = _settings(one.path, one.before), _settings(one.path, one.after)
        changed = sorted(
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        )
        if changed and (before or scope.expected):
            yield (
                f"{shown(one.path)} changes what the checks do ({', '.join(changed)}), and this "
                "issue does not name it: revert that part, or ask with the `blocked` tool"
            )


def hollow_tests(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """Whoever may write the project's tests may not write ones that cannot fail."""
    makes = [one.after for one in changes if _MAKEFILE.fullmatch(one.path.lower())]
    parts = frozenset[str]().union(*map(included, makes))
    for one in changes:
        is_part = one.path in parts or one.path.endswith(".mk")
        before = _hollow(one.path, one.before, is_part=is_part)
        if hollow := sorted(_hollow(one.path, one.after, is_part=is_part) - before):
            does = "succeeds" if hollow[0].startswith(_RUN) else "lets the tests succeed"
            yield (
                f"{hollow[0]} of {shown(one.path)} {does} whatever the tree is: make it run the "
                "tests, or ask with the `blocked` tool"
            )


def _shadows(one: FileChange) -> bool:
    """Whether a new file of this name changes what the checks do, whatever else there is."""
    return (
        _SHADOWS.fullmatch(one.path) is not None
        or (one.path.endswith(".pth") and _STARTS.search(one.after) is not None)
        or (leaves_tests_out(one.name, one.after) and not leaves_tests_out(one.name, one.before))
    )


def _hollow(path: str, text: str, *, is_part: bool) -> frozenset[str]:
    """What in a file looks like the project's tests and cannot fail."""
    whole = _MAKEFILE.fullmatch(path.lower()) is not None
    if whole or is_part:
        targets = [f"the target `{one}`" for one in hollow_targets(text, whole=whole)]
        return frozenset((*targets, *(f"the setting `{one}`" for one in hollow_settings(text))))
    if path == "package.json" and hollow_script(text):
        return frozenset({"the script `test`"})
    if path == ".npmrc" and _SCRIPT_SHELL.search(text):
        return frozenset({"the setting `script-shell`"})
    return frozenset(hollow_python(path.rpartition("/")[2], text))


def _settings(path: str, text: str) -> Mapping[str, Any]:
    """What of a file decides how checks end, by its name in there."""
    if not text.strip():
        return {}
    try:
        return _READERS[path](text)
    except (ValueError, AttributeError, RecursionError):
        return {**_UNREADABLE, "text": text}


def _of_package(text: str) -> Mapping[str, Any]:
    package = json.loads(text)
    scripts = package.get("scripts", {})
    return {
        **{f"scripts.{name}": scripts[name] for name in _SCRIPTS if name in scripts},
        **{name: package[name] for name in _PACKAGE if name in package},
    }


def _of_pyproject(text: str) -> Mapping[str, Any]:
    tools = tomllib.loads(text).get("tool", {})
    return {f"tool.{name}": tools[name] for name in _TOOLS if name in tools}


def _of_cargo(text: str) -> Mapping[str, Any]:
    """A target can be taken out of the tests."""
    manifest = tomllib.loads(text)
    package = manifest.get("package", {})
    return {
        **{name: manifest[name] for name in ("test", "lib", "bin") if name in manifest},
        **{f"package.{name}": package[name] for name in ("autotests",) if name in package},
    }


_READERS = {
    "package.json": _of_package,
    "pyproject.toml": _of_pyproject,
    "Cargo.toml": _of_cargo,
}
