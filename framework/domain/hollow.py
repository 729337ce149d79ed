"""Commands that cannot fail, and so judge nothing: `true` in the clothes of a test."""

from __future__ import annotations

import json
import re

_NO_RULE = re.compile(r"[#=]")
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
    return tuple(one for one in _TESTS if one in recipes and _succeeds(one, recipes))


def hollow_script(package: str) -> bool:
    """Whether the `test` script of a package.json cannot fail."""
    try:
        command = json.loads(package)["scripts"]["test"]
    except (ValueError, KeyError, TypeError, RecursionError):
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
        elif rule := _rule(line):
            current, more, command = rule
            for name in current:
                needs, commands = found.setdefault(name, ([], []))
                needs.extend(more)
                commands.extend(command)
    return found


def _rule(line: str) -> tuple[list[str], list[str], list[str]] | None:
    """The targets of a line, what they need, and the command that stands on it; None for a line
    that is no rule."""
    names, colon, rest = line.partition(":")
    if not colon or not names.strip() or _NO_RULE.search(names) or rest.startswith(("=", ":=")):
        return None
    needs, semicolon, command = rest.lstrip(":").partition(";")
    if "=" in needs:
        return None
    return names.split(), needs.partition("#")[0].split(), [command.strip()] if semicolon else []


def _succeeds(target: str, recipes: Recipes) -> bool:
    """Whether nothing that making the target runs can fail."""
    waiting, seen = [target], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        needs, commands = recipes.get(one, ([], ["a file, or a rule that is not known"]))
        if not all(_is_idle(command) for command in commands):
            return False
        seen.add(one)
        waiting.extend(needs)
    return True


def _is_idle(line: str) -> bool:
    """As make runs a line: `-` before it forgives, `@` and `+` change nothing."""
    marks = line[: len(line) - len(line.lstrip("@-+ "))]
    return "-" in marks or is_hollow(line[len(marks) :])
