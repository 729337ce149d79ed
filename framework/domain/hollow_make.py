"""Makefiles whose tests cannot fail: what their targets run, and how make is told to run it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .hollow import forgives, is_hollow

_NO_RULE = re.compile(r"[#=]")
_TESTS = ("test", "check")
_SETTING = re.compile(
    r"^(?:[\w./% -]+:)?[ \t]*(?:(?:export|override|private)[ \t]+)*"
    r"(SHELL|SHELLOPTS|\.SHELLFLAGS|MAKE|MAKEFLAGS|GNUMAKEFLAGS)"
    r"[ \t]*(?:::?:?|[?+!])?=[ \t]*([^\n#]*)",
    re.MULTILINE,
)
_CONDITION = re.compile(r"^ *(?:ifn?eq|ifn?def)\b", re.MULTILINE)
_INCLUDE = re.compile(r"^ *[-s]?include[ \t]+([^\n#]+)", re.MULTILINE)
_IDLE_PROGRAM = re.compile(r"(?:(?:/usr)?/bin/)?(?:env +)?(?:true|echo|printf|:)")
_LETTERS = re.compile(r"[a-zA-Z]+")
_OPTION = re.compile(r"[-+]?\w+|-o \w+")
_NAMED_SHELL = re.compile(r"-[a-z]*c")


@dataclass
class _Rule:
    """What its targets need, and its commands; all its targets share them. `anew`: with commands
    of its own it is in the place of the rules before it."""

    needs: list[str]
    anew: bool
    commands: list[str] = field(default_factory=list)


Recipes = dict[str, list[_Rule]]


def hollow_targets(makefile: str, *, whole: bool = True) -> tuple[str, ...]:
    """The targets of a Makefile that are taken for its tests, and cannot fail; and the settings
    by which none can. `whole` is False for a file that others include: a target without commands
    says nothing there. Not promised: variables are not followed, nor what make's functions
    write."""
    text = makefile.replace("\\\n", " ")
    recipes = _recipes(text)
    flags = _flags(text, posix=".POSIX" in recipes)
    script = ".ONESHELL" in recipes
    return tuple(
        one
        for one in _TESTS
        if one in recipes
        and (whole or any(rule.commands for rule in recipes[one]))
        and (_is_forgiven(one, recipes) or _succeeds(one, recipes, flags, script))
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
        case "SHELLOPTS":
            return "noexec" in value.split(":")
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


def _flags(text: str, *, posix: bool) -> str:
    """What the shell is told before a command, as a command that says it: by words beside its
    name, by its flags, which are `-ec` when make keeps to POSIX, by the options it inherits."""
    told = dict(_SETTING.findall(text))
    words = told.get("SHELL", "").split()[1:]
    words += told.get(".SHELLFLAGS", "-ec" if posix else "").split()
    words += [f"-o {one.strip()}" for one in told.get("SHELLOPTS", "").split(":") if one.strip()]
    options = [one.replace("c", "") if _NAMED_SHELL.fullmatch(one) else one for one in words]
    said = " ".join(one for one in options if _OPTION.fullmatch(one))
    return f"set {said}; " if said else ""


def _recipes(text: str) -> Recipes:
    found: Recipes = {}
    current: _Rule | None = None
    chosen = _CONDITION.search(text) is not None
    for line in text.splitlines():
        if line.startswith("\t"):
            if current:
                current.commands.append(line.strip())
        elif rule := _rule(line):
            names, needs, command, again = rule
            own = [] if command is None else [command]
            current = _Rule(needs=needs, anew=not (chosen or again), commands=own)
            for name in dict.fromkeys(names):
                found.setdefault(name, []).append(current)
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


def _is_forgiven(target: str, recipes: Recipes) -> bool:
    return any(target in rule.needs for rule in recipes.get(".IGNORE", []))


def _succeeds(target: str, recipes: Recipes, flags: str, script: bool) -> bool:
    """Whether nothing that making the target runs can fail."""
    made = _made(target, recipes)
    if not recipes.keys() >= made:  # a file, or a rule that is not known
        return False
    rules = {id(rule): rule for one in made for rule in _in_force(recipes[one])}
    return all(
        _is_idle(line, flags)
        for rule in rules.values()
        for line in (["\n".join(rule.commands)] if script else rule.commands)
    )


def _made(target: str, recipes: Recipes) -> set[str]:
    """The target and all that it needs. Each rule is read once, however many targets share it."""
    waiting, made, read = [target], {target}, set[int]()
    while waiting:
        for rule in recipes.get(waiting.pop(), []):
            if id(rule) not in read:
                read.add(id(rule))
                waiting += (fresh := set(rule.needs) - made)
                made |= fresh
    return made


def _in_force(rules: list[_Rule]) -> list[_Rule]:
    """The rules of a target whose commands are run."""
    found: list[_Rule] = []
    for rule in rules:
        if rule.commands:
            found = [] if rule.anew else found
            found.append(rule)
    return found


def _is_idle(line: str, flags: str) -> bool:
    """As make runs a line: `-` before it forgives, `@` and `+` change nothing."""
    marks = line[: len(line) - len(line.lstrip("@-+ "))]
    return "-" in marks or is_hollow(flags + line[len(marks) :].replace("$$", "$"))
