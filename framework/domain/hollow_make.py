"""Makefiles whose tests cannot fail: what their targets run, and how make is told to run it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .hollow import forgives, is_hollow

_NO_RULE = re.compile(r"[#=]")
_TESTS = ("test", "check")
_SETTING = re.compile(
    r"^(?:[\w./% -]+:)?[ \t]*(?:(?:export|override|private)[ \t]+)*"
    r"(SHELL|\.SHELLFLAGS|MAKE|MAKEFLAGS|GNUMAKEFLAGS)[ \t]*(?:::?:?|[?+!])?=[ \t]*([^\n#]*)",
    re.MULTILINE,
)
_CONDITION = re.compile(r"^ *(?:ifn?eq|ifn?def)\b", re.MULTILINE)
_INCLUDE = re.compile(r"^ *[-s]?include[ \t]+([^\n#]+)", re.MULTILINE)
_IDLE_PROGRAM = re.compile(r"(?:(?:/usr)?/bin/)?(?:env +)?(?:true|echo|printf|:)")
_LETTERS = re.compile(r"[a-zA-Z]+")
_NAMED_SHELL = re.compile(r"-[a-z]*c")


@dataclass
class _Target:
    """What a target needs, and its commands. `anew`: the next command is another rule's, and
    make takes the last rule that has any."""

    needs: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    anew: bool = False

    def add(self, command: str) -> None:
        if self.anew:
            self.commands.clear()
        self.anew = False
        self.commands.append(command)


Recipes = dict[str, _Target]


def hollow_targets(makefile: str, *, whole: bool = True) -> tuple[str, ...]:
    """The targets of a Makefile that are taken for its tests, and cannot fail; and the settings
    by which none can. `whole` is False for a file that others include: a target without commands
    says nothing there. Not promised: variables are not followed, nor what make's functions
    write."""
    text = makefile.replace("\\\n", " ")
    recipes = _recipes(text)
    flags = _flags(text)
    script = ".ONESHELL" in recipes
    forgiven = recipes[".IGNORE"].needs if ".IGNORE" in recipes else []
    return tuple(
        one
        for one in _TESTS
        if one in recipes
        and (whole or recipes[one].commands)
        and (one in forgiven or _succeeds(one, recipes, flags, script))
    )


def hollow_settings(makefile: str) -> tuple[str, ...]:
    """The settings of a Makefile by which make runs nothing, or minds no failure."""
    text = makefile.replace("\\\n", " ")
    found = [name for name, value in _SETTING.findall(text) if _is_bad(name, value.strip())]
    everything = [".IGNORE"] if re.search(r"^\.IGNORE[ \t]*:[ \t]*$", text, re.MULTILINE) else []
    return tuple(dict.fromkeys((*everything, *found)))


def included(makefile: str) -> frozenset[str]:
    """The files that a Makefile names to be read with it."""
    return frozenset(one for names in _INCLUDE.findall(makefile) for one in names.split())


def _is_bad(name: str, value: str) -> bool:
    words = value.split()
    match name:
        case "SHELL" | "MAKE":
            return _IDLE_PROGRAM.fullmatch(value) is not None or value.startswith("./")
        case ".SHELLFLAGS":
            return _runs_nothing(words)
        case _:
            letters = [f"-{one}" for one in words[:1] if _LETTERS.fullmatch(one)]
            return any(forgives(one) for one in (*letters, *words))


def _runs_nothing(flags: list[str]) -> bool:
    """Whether a shell with these flags only reads a command, or takes another for it."""
    named = [one for at, one in enumerate(flags) if at == 0 or flags[at - 1] != "-o"]
    for at, one in enumerate(named):
        if re.fullmatch(r"-[a-z]*n[a-z]*", one):
            return True
        if _NAMED_SHELL.fullmatch(one):
            return any(not later.startswith(("-", "$")) for later in named[at + 1 :])
    return False


def _flags(text: str) -> str:
    """The shell's flags, as a command that sets them."""
    found = [value for name, value in _SETTING.findall(text) if name == ".SHELLFLAGS"]
    return f"set {found[-1].replace('c', '')}; " if found else ""


def _recipes(text: str) -> Recipes:
    found: Recipes = {}
    current: list[_Target] = []
    chosen = _CONDITION.search(text) is not None
    for line in text.splitlines():
        if line.startswith("\t"):
            for one in current:
                one.add(line.strip())
        elif rule := _rule(line):
            names, needs, command, again = rule
            current = [found.setdefault(name, _Target()) for name in names]
            for one in current:
                one.needs.extend(needs)
                one.anew = not (chosen or again)
                if command is not None:
                    one.add(command)
    return found


def _rule(line: str) -> tuple[list[str], list[str], str | None, bool] | None:
    """The targets of a line, what they need, the command that stands on it, and whether other
    rules for them count too; None for a line that is no rule."""
    names, colon, rest = line.partition(":")
    if not colon or not names.strip() or _NO_RULE.search(names) or rest.startswith(("=", ":=")):
        return None
    needs, semicolon, command = rest.lstrip(":").partition(";")
    if "=" in needs:
        return None
    own = command.strip() if semicolon else None
    return names.split(), needs.partition("#")[0].split(), own, rest.startswith(":")


def _succeeds(target: str, recipes: Recipes, flags: str, script: bool) -> bool:
    """Whether nothing that making the target runs can fail."""
    waiting, seen = [target], set[str]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        known = recipes.get(one)
        if known is None:  # a file, or a rule that is not known
            return False
        lines = ["\n".join(known.commands)] if script else known.commands
        if not all(_is_idle(line, flags) for line in lines):
            return False
        seen.add(one)
        waiting.extend(known.needs)
    return True


def _is_idle(line: str, flags: str) -> bool:
    """As make runs a line: `-` before it forgives, `@` and `+` change nothing."""
    marks = line[: len(line) - len(line.lstrip("@-+ "))]
    return "-" in marks or is_hollow(flags + line[len(marks) :].replace("$$", "$"))
