"""Commands that cannot fail, and so judge nothing: `true` in the clothes of a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_RULE = re.compile(r"(?P<names>[^\s:=#][^:=#]*?)\s*::?(?!=)\s*(?P<needs>[^;#]*)(;(?P<command>.*))?")
_PARTS = re.compile(r"&&|;|\n")
_IDLE = re.compile(r"(true|:|exit 0|(echo|printf)\b[^|>&`$]*)?")
_PARDONED = re.compile(r"(\|\||;)\s*(true|:|exit 0|echo\b[^|;&]*)\s*$")
_TESTS = ("test", "check")


def is_hollow(command: str) -> bool:
    """Whether a shell command ends with 0 whatever the tree is. Not promised: to see through
    every disguise; what it says of honest commands is right."""
    text = command.strip()
    if _PARDONED.search(text):
        return True
    return all(_IDLE.fullmatch(part.strip()) for part in _PARTS.split(text))


def hollow_targets(makefile: str) -> tuple[str, ...]:
    """The targets of a Makefile that are taken for its tests, and cannot fail."""
    recipes = _recipes(makefile)
    return tuple(one for one in _TESTS if one in recipes and _succeeds(one, recipes, set()))


def hollow_script(package: str) -> bool:
    """Whether the `test` script of a package.json cannot fail."""
    try:
        command = json.loads(package)["scripts"]["test"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(command, str) and is_hollow(command)


Recipes = dict[str, tuple[list[str], list[str]]]
"""For each target what it needs, and its commands."""


def _recipes(makefile: str) -> Recipes:
    found: Recipes = {}
    current: list[str] = []
    for line in makefile.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for name in current:
                found[name][1].append(line.strip())
        elif rule := _RULE.fullmatch(line.strip()):
            current = rule["names"].split()
            for name in current:
                needs, commands = found.setdefault(name, ([], []))
                needs.extend(rule["needs"].split())
                commands.extend([rule["command"]] if rule["command"] else [])
    return found


def _succeeds(target: str, recipes: Recipes, seen: set[str]) -> bool:
    """Whether nothing that making the target runs can fail."""
    if target in seen or target not in recipes:
        return target in seen
    seen.add(target)
    needs, commands = recipes[target]
    return all(_is_idle(one) for one in commands) and _all_succeed(needs, recipes, seen)


def _all_succeed(needs: Iterable[str], recipes: Recipes, seen: set[str]) -> bool:
    return all(_succeeds(one, recipes, seen) for one in needs)


def _is_idle(line: str) -> bool:
    """As make runs a line: `-` before it forgives, `@` and `+` change nothing."""
    marks = line[: len(line) - len(line.lstrip("@-+ "))]
    return "-" in marks or is_hollow(line[len(marks) :])
