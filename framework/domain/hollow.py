"""Commands that cannot fail, and so judge nothing: `true` in the clothes of a test."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .hollow_lines import Part, lists_of, parts_of, words_of

_PREFIX = re.compile(
    r"(?:(?:command|builtin|exec|env|time|nohup|busybox)\s+|[A-Za-z_]\w*=[^\s'\"$`]*\s+)+"
)
_QUIET = re.compile(r"\d?>& ?\d|[12&]?> ?/dev/null")
_VALUE = r"\$(?![({])|\$\{\w+\}"
_SAID = rf"(?=\s|$)(?:'[^']*+'|\"(?:[^\"`$\\]++|\\.|{_VALUE})*+\"|[^|<>&`$'\"]++|{_VALUE})*+"
"""Words that are only said: nothing is run for them, and nothing is read or written."""

_PRINTED = r"\((?:\\?[\"'][^\"'\\()]*\\?[\"']|\d*)\)"
_IDLE = re.compile(
    r"(?:/usr)?(?:/bin/)?true|:|exit\s+0|wait|set(?=\s|$)[^<>&|`$]*|sleep\s+\d+|!\s*(?:/bin/)?false"
    r"|\[\s+(?P<b>[\"']?)\w[\w./]*(?P=b)\s+\]|test\s+(?P<t>[\"']?)\w[\w./]*(?P=t)"
    rf"|echo{_SAID}|printf(?!\s+[-\"']*-|.*%(?![s%])|\s*$){_SAID}"
    rf"|python[\d.]*\s+-c\s+(?P<q>[\"']?)(?:pass|(?:import sys; ?sys\.)?exit\(0?\)"
    rf"|print{_PRINTED})?(?P=q)"
    rf"|node\s+-e\s+(?P<n>[\"']?)(?:[0;]|process\.exit\(0?\)|console\.log{_PRINTED})?(?P=n)",
    re.DOTALL,
)
_LEAVES = re.compile(r"\b(?:exit\b(?!\s+0\b)|exec|return|kill|trap)\b|\$\{\w+:?\?")
_DEMANDS = re.compile(r"\$\{\w+:?\?")
"""A variable that has to have a value."""
_SET = r"\bset(?:\s+[-+]?\w+){0,8}?\s+-\w*"
_STRICT = re.compile(rf"{_SET}[eu]|\b(?:errexit|nounset)\b")
_NAMED_ONLY = re.compile(rf"{_SET}u|\bnounset\b")
_HERE = re.compile(r"(?<!<)<<(?!<)")
_FILTERS = frozenset(
    {"cat", "tee", "head", "tail", "sort", "uniq", "wc", "nl", "ts", "less", "more"}
)
"""At the end of a pipe they hide how what is before them ended."""
_CHECKS = re.compile(r"sort\b.*\s(?:-\w*[cC]|--check)")

_SHELL = re.compile(
    r"(?:(?:/\S*/)?(?:ba|da|z|k|a)?sh\s+((?:-\w{1,9}\s+|-\w{0,8}o\s+\w+\s+)*?-\w{0,8}c\w{0,8})|eval)"
    r"\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))"
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
_COMPOUND = re.compile(r"if\s(.*)\bfi|(?:for|while|until|select)\s(.*)\bdone", re.DOTALL)
_DEEPEST = 8


@dataclass(frozen=True, kw_only=True)
class _Shell:
    """What a shell is told, by options of its own or by those around it. `strict`: to leave at
    what fails; `all_of`: a pipe fails with any of its commands; `named`: a variable without a
    value is a failure."""

    strict: bool = False
    all_of: bool = False
    named: bool = False
    deep: int = 0

    def told(self, text: str) -> _Shell:
        """Also by its own text, wherever it stands there."""
        return replace(
            self,
            strict=self.strict or _STRICT.search(text) is not None,
            all_of=self.all_of or "pipefail" in text,
            named=self.named or _NAMED_ONLY.search(text) is not None,
        )

    def within(self) -> _Shell:
        """For what stands in brackets, or is handed to it as a text."""
        return replace(self, deep=self.deep + 1)


def is_hollow(command: str) -> bool:
    """Whether a shell command ends with 0 whatever the tree is. What it says of honest commands
    is right. Not promised: to see through every disguise. Variables, functions, loops that stop
    early, here-documents, programs of the tree's own and what a runner of tests is told by its
    settings are not followed."""
    return _cannot_fail(command, _Shell())


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


def runs_none(words: Sequence[str], runner: str = "pytest") -> bool:
    """Whether with these options a runner of tests runs none, and ends with 0 all the same."""
    return not _NO_RUN[runner].isdisjoint(one.partition("=")[0] for one in words)


def _cannot_fail(text: str, shell: _Shell) -> bool:
    if "\n" in text and _HERE.search(text):
        return False
    return _lists_cannot_fail(parts_of(text), shell.told(text))


def _lists_cannot_fail(parts: Sequence[Part], shell: _Shell) -> bool:
    """They end as the last one does, unless one before leaves the shell."""
    if not parts or shell.deep > _DEEPEST:
        return False
    ok = every = True
    leaves = False
    for one in lists_of(parts):
        if _stops(one) and (every or not (shell.strict or leaves)):
            return True
        ok = _list_cannot_fail(one, shell)
        every = every and ok
        leaves = leaves or any(_leaves(part) for pipe in one for part in pipe)
    return every or (ok and not (shell.strict or leaves))


def _stops(pipes: list[list[Part]]) -> bool:
    """Whether the shell leaves here, content: what follows never runs."""
    first, behind = pipes[0], pipes[-1][-1].behind
    return len(first) == 1 and not behind and re.fullmatch(r"exit\s+0", first[0].text) is not None


def _list_cannot_fail(pipes: list[list[Part]], shell: _Shell) -> bool:
    if pipes[-1][-1].behind:
        return True
    ok = True
    for pipe in pipes:
        one = _pipe_cannot_fail(pipe, shell)
        if not one and any(_leaves(part) for part in pipe):
            return False  # and what follows is not asked
        ok = ok or one if pipe[0].before == "||" else ok and one
    return ok


def _leaves(part: Part) -> bool:
    """Whether it may end the whole shell, and not only itself, with anything but 0."""
    return not part.text.startswith("(") and _LEAVES.search(part.text) is not None


def _pipe_cannot_fail(pipe: list[Part], shell: _Shell) -> bool:
    """A pipe ends as its last command does; `!` before it turns that round."""
    first, *more = pipe
    if more and first.text.startswith("!"):
        return False
    ends = [_part_cannot_fail(first, shell)]
    ends += [_is_filter(one.text) or _part_cannot_fail(one, shell) for one in more]
    return all(ends) if shell.all_of else ends[-1]


def _part_cannot_fail(part: Part, shell: _Shell) -> bool:
    text = _QUIET.sub("", part.text).strip()
    text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    if (shell.named and "$" in text) or _DEMANDS.search(text):
        return False
    if not text or _IDLE.fullmatch(text) or _runs_nothing(words_of(text)):
        return True
    if text[0] + text[-1] in ("()", "{}"):
        return _cannot_fail(text[1:-1], shell.within())
    if inner := _SHELL.fullmatch(text):
        own = _Shell(deep=shell.deep).told(f"set {inner[1]}") if inner[1] else shell
        return _cannot_fail(inner[2] or inner[3] or inner[4] or "", own.within())
    compound = _COMPOUND.fullmatch(text)
    return compound is not None and _compound_cannot_fail(
        compound[1] or compound[2], shell.within()
    )


def _compound_cannot_fail(text: str, shell: _Shell) -> bool:
    """Nothing that `if` or a loop does can fail, and where it does nothing it ends with 0."""
    bodies: list[list[Part]] = []
    condition = True
    for part in parts_of(text):
        word = part.text.split(maxsplit=1)[0] if part.text else ""
        if word in ("then", "else", "do"):
            condition = False
            bodies.append([replace(part, before=";", text=part.text[len(word) :].strip())])
        elif word == "elif":
            condition = True
        elif not condition:
            bodies[-1].append(part)
        if condition and (_leaves(part) or (shell.named and "$" in part.text)):
            return False
    told = shell.told(text)
    return bool(bodies) and all(_lists_cannot_fail(body, told) for body in bodies)


def _is_filter(text: str) -> bool:
    return text.split(maxsplit=1)[0] in _FILTERS if text and not _CHECKS.match(text) else False


def _runs_nothing(words: Sequence[str]) -> bool:
    """Whether a program that runs tests is told not to."""
    name = words[0].rpartition("/")[2] if words else ""
    if name in _MAKES:
        return any(forgives(one) for one in words[1:])
    if name.startswith("python") and words[1:2] == ["-m"] and len(words) > 2:
        name = words[2]
    return name in _NO_RUN and runs_none(words[1:], name)
