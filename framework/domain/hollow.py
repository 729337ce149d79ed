"""Commands that cannot fail, and so judge nothing: `true` in the clothes of a test."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\\.|\$\([^()]*\)|\d*>&[\d-]|\d+|&>|&&|\|\||;;|[;&|\n()]"""
    r"""|(?<![^\s;&|(])\#[^\n]*|[ \t]+|[^\s'"`\\$;&|()>\d#]+|.""",
    re.DOTALL,
)
_SEPARATORS = frozenset({"&&", "||", ";;", ";", "&", "|", "\n"})
_OPEN, _CLOSE = (
    frozenset({"if", "case", "do", "{", "("}),
    frozenset({"fi", "esac", "done", "}", ")"}),
)
_LEADS = frozenset({"then", "else", "elif", "do", "if", "while", "until", "!", "{", "("})
"""After these words a command begins."""

_PREFIX = re.compile(
    r"(?:(?:command|builtin|exec|env|time|nohup|busybox)\s+|[A-Za-z_]\w*=[^\s'\"$`]*\s+)+"
)
_QUIET = re.compile(r"\d?>& ?\d|[12&]?> ?/dev/null")
_IDLE = re.compile(
    r"(?:/usr)?(?:/bin/)?true|:|exit\s+0|wait|set\b.*|sleep\s+\d+|!\s*(?:/bin/)?false"
    r"|\[\s+[^\s\]$`!-][^\s\]$`]*\s+\]|test\s+[^\s$`!-][^\s$`]*"
    r"|(?:echo|printf)\b(?:[^|>&`$]|\$(?!\())*"
    r"|python[\d.]*\s+-c\s+(?P<q>[\"']?)(?:pass|(?:sys\.)?exit\(0?\)|print\([^()]*\))?(?P=q)"
    r"|node\s+-e\s+(?P<n>[\"']?)(?:[0;]|process\.exit\(0?\)|console\.log\([^()]*\))?(?P=n)"
)
_LEAVES = re.compile(r"\b(?:exit\b(?!\s+0\b)|exec|return|kill|trap)\b")
_STRICT = re.compile(r"\bset\s+(?:-o\s+\w+\s+)*-\w*e|\berrexit\b")
_FILTERS = frozenset(
    {"cat", "tee", "head", "tail", "sort", "uniq", "wc", "nl", "ts", "less", "more"}
)
"""At the end of a pipe they hide how what is before them ended."""

_SHELL = re.compile(
    r"(?:(?:/\S*/)?(?:ba|da|z|k|a)?sh\s+(?:-\w+\s+)*?-\w*c|eval)\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))"
)
_NO_RUN = {
    "pytest": {
        *("--co", "--collect-only", "--collectonly", "--setup-plan", "--setup-only"),
        *("--setuponly", "--fixtures", "--markers", "--help", "-h"),
    },
    "cargo": {"--no-run"},
    "jest": {"--listTests", "--showConfig"},
    "mocha": {"--dry-run"},
    "tox": {"--notest", "--listenvs"},
    "ctest": {"-N", "--show-only"},
}
"""Options with which a runner of tests runs none, and is content."""

_MAKES = frozenset({"make", "gmake", "$(MAKE)", "${MAKE}"})
_FORGIVING = re.compile(
    r"--(?:ignore-errors|dry-run|just-print|recon|touch)|-[bBdeikLmnpqrRsStvw]*[int][a-zA-Z]*"
)
_RUN = re.compile(r"(?:npm|pnpm|yarn)\s+(?:run(?:-script)?\s+)?(?:-s\s+|--silent\s+)?([\w:.-]+)")
_DEEPEST = 8


@dataclass(frozen=True)
class _Part:
    """A command, and what stands before it: `;`, `&&`, `||` or `|`. `behind`: in the
    background."""

    before: str
    text: str
    behind: bool = False


def is_hollow(command: str) -> bool:
    """Whether a shell command ends with 0 whatever the tree is. What it says of honest commands
    is right. Not promised: to see through every disguise. Variables, functions, loops that stop
    early, programs of the tree's own and what a runner of tests is told by its settings are not
    followed."""
    return _cannot_fail(command, 0)


def hollow_script(package: str) -> bool:
    """Whether the `test` script of a package.json cannot fail, also by way of another script."""
    try:
        scripts = json.loads(package)["scripts"]
        command = scripts["test"]
        for _ in range(_DEEPEST):
            if not isinstance(command, str) or is_hollow(command):
                break
            command = scripts[named[1]] if (named := _RUN.fullmatch(command.strip())) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return isinstance(command, str) and is_hollow(command)


def forgives(word: str) -> bool:
    """Whether an option keeps make from running anything, or from minding how it ends."""
    return _FORGIVING.fullmatch(word) is not None


def runs_none(words: list[str], runner: str = "pytest") -> bool:
    """Whether with these options a runner of tests runs none, and ends with 0 all the same."""
    return not _NO_RUN[runner].isdisjoint(one.partition("=")[0] for one in words)


def _cannot_fail(text: str, deep: int) -> bool:
    if deep > _DEEPEST:
        return False
    parts = _split(text)
    return _list_cannot_fail(parts, deep, all_of="pipefail" in text, strict=_is_strict(text))


def _is_strict(text: str) -> bool:
    return _STRICT.search(text) is not None


def _split(text: str) -> list[_Part]:
    """The commands of a line; what stands in brackets, quotes and compound commands stays whole,
    comments go."""
    parts: list[_Part] = []
    current: list[str] = []
    before, depth, begins = ";", 0, True
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word.startswith("#"):
            continue
        if begins or word in "()":
            depth += (word in _OPEN) - (word in _CLOSE and depth > 0)
        if word in _SEPARATORS and depth == 0:
            parts.append(_Part(before, "".join(current).strip(), word == "&"))
            current, before, begins = [], word if word in ("&&", "||", "|") else ";", True
            continue
        current.append(word)
        if not word.isspace():
            begins = word in _LEADS or word in _SEPARATORS
    last = "".join(current).strip()
    return [*parts, _Part(before, last)] if last or before != ";" or not parts else parts


def _list_cannot_fail(parts: list[_Part], deep: int, *, all_of: bool, strict: bool) -> bool:
    """A list ends as its last command does, unless one before leaves the shell."""
    ends: list[bool] = []
    for at, part in enumerate(parts):
        ok = part.behind or _part_cannot_fail(part, deep)
        match part.before:
            case "&&":
                ends[-1] = ends[-1] and ok
            case "||":
                ends[-1] = ends[-1] or ok
            case "|":
                ends[-1] = (ends[-1] or not all_of) and (ok or _is_filter(part.text))
            case _ if _stops(parts, at, ends, strict):
                return True
            case _:
                ends.append(ok)
    leaves = any(_LEAVES.search(part.text) for part in parts)
    return all(ends) if strict else (bool(ends) and ends[-1] and (all(ends) or not leaves))


def _stops(parts: list[_Part], at: int, ends: list[bool], strict: bool) -> bool:
    """Whether the shell leaves here, content: what follows never runs."""
    piped = at + 1 < len(parts) and parts[at + 1].before == "|"
    if piped or not re.fullmatch(r"exit\s+0", parts[at].text):
        return False
    return all(ends) or not (strict or any(_LEAVES.search(one.text) for one in parts[:at]))


def _part_cannot_fail(part: _Part, deep: int) -> bool:
    text = _QUIET.sub("", part.text).strip()
    text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    if not text or _IDLE.fullmatch(text) or _runs_nothing(text.split()):
        return True
    if text[0] in "({" and text[-1] in ")}":
        return _cannot_fail(text[1:-1], deep + 1)
    if inner := _SHELL.fullmatch(text):
        return _cannot_fail(inner[1] or inner[2] or inner[3] or "", deep + 1)
    if text.startswith("do") and text.endswith("done"):
        return _cannot_fail(text[2:-4], deep + 1)
    return bool(re.match(r"if\s", text)) and text.endswith("fi") and _if_cannot_fail(text, deep)


def _if_cannot_fail(text: str, deep: int) -> bool:
    """Nothing of what it does can fail, and where it does nothing it ends with 0."""
    bodies: list[list[_Part]] = []
    condition = True
    for part in _split(text[2:-2]):
        word = part.text.split(maxsplit=1)[0] if part.text else ""
        if word in ("then", "else"):
            condition = False
            bodies.append([_Part(";", part.text[len(word) :].strip(), part.behind)])
        elif word == "elif":
            condition = True
        elif not condition:
            bodies[-1].append(part)
        elif _LEAVES.search(part.text):
            return False
    return bool(bodies) and all(
        _list_cannot_fail(body, deep + 1, all_of="pipefail" in text, strict=_is_strict(text))
        for body in bodies
    )


def _is_filter(text: str) -> bool:
    return text.partition(" ")[0] in _FILTERS


def _runs_nothing(words: list[str]) -> bool:
    """Whether a program that runs tests is told not to."""
    name = words[0].rpartition("/")[2]
    if name in _MAKES:
        return any(forgives(one) for one in words[1:])
    if name.startswith("python") and words[1:2] == ["-m"] and len(words) > 2:
        name = words[2]
    return name in _NO_RUN and runs_none(words[1:], name)
