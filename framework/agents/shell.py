"""What a shell command would run, as far as can be told without running it.

Good enough to understand an honest command. Whoever wants to hide one from it can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_DEEPEST = 6
_OPERATOR = re.compile(r"\d*(?:&>>?|>>|>\||>&|<&|<>|>|<)|\|\||&&|;;|\|&|[;&|()\n]")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.]+))")
_PLAIN = re.compile(r"[^\s\\'\"$`;&|()<>#]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_KEYWORDS = frozenset(
    {
        *("!", "{", "}", "time"),
        *("if", "then", "elif", "else", "fi"),
        *("while", "until", "do", "done"),
    }
)
_SHELLS = frozenset(["sh", "bash", "dash", "zsh", "ksh", "ash"])
_CARRIERS: dict[str, int] = {
    **dict.fromkeys(("env", "command", "exec", "builtin", "xargs"), 0),
    **dict.fromkeys(("nohup", "nice", "ionice", "stdbuf", "setsid"), 0),
    **dict.fromkeys(("timeout", "flock", "chrt", "taskset"), 1),
}
"""Programs that run their arguments, and how many words of their own come before."""

_WITH_VALUE = frozenset(
    {
        *("-n", "-u", "-k", "-s", "-I", "-L", "-P"),
        *("-d", "-S", "-C", "-i", "-o", "-e", "--signal"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One program with its arguments, without quotes, and the files that its input and output
    are redirected to. `piped` is the program whose output it reads, if any."""

    words: tuple[str, ...]
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    piped: str = ""

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2] if self.words else ""


def commands(text: str, depth: int = 0) -> Iterator[Command]:
    """Every command in `text`: in lists, pipes and substitutions, behind `env`, `timeout`,
    `xargs` and their like, in `bash -c` and `eval` and `find -exec`. Text in quotes, comments
    and here-documents is no command."""
    if depth > _DEEPEST:
        return
    scanner = _Scanner(text)
    before = ""
    for found, end in scanner.simple():
        command = replace(found, piped=before)
        yield from _carried(command, depth)
        before = command.program if end in ("|", "|&") else ""
    for inner in scanner.inner:
        yield from commands(inner, depth + 1)


def _carried(command: Command, depth: int) -> Iterator[Command]:
    """The command without what stands before it, and those that it carries."""
    words = list(command.words)
    while words and (words[0] in _KEYWORDS or _ASSIGNMENT.match(words[0])):
        words.pop(0)
    bare = replace(command, words=tuple(words))
    yield bare
    if depth > _DEEPEST or not words:
        return
    name, rest = bare.program, words[1:]
    if name in _CARRIERS:
        inner = _behind_options(rest, _CARRIERS[name])
        yield from _carried(Command(words=tuple(inner), piped=command.piped), depth + 1)
    elif name in _SHELLS and (at := _position_of_script(rest)) is not None:
        yield from commands(rest[at], depth + 1)
    elif name == "eval":
        yield from commands(" ".join(rest), depth + 1)
    elif name == "find":
        for at, word in enumerate(rest):
            if word in ("-exec", "-execdir", "-ok", "-okdir"):
                yield from _carried(Command(words=tuple(rest[at + 1 :])), depth + 1)


def _behind_options(words: list[str], taken: int) -> list[str]:
    at = 0
    while at < len(words):
        if words[at] in _WITH_VALUE:
            at += 2
        elif words[at].startswith("-") or _ASSIGNMENT.match(words[at]):
            at += 1
        else:
            break
    return words[at + taken :]


def _position_of_script(words: list[str]) -> int | None:
    """Where the text of `-c` stands among a shell's arguments."""
    for at, word in enumerate(words[:-1]):
        if re.fullmatch(r"-[a-z]*c", word):
            return at + 1
        if not word.startswith("-"):
            return None
    return None


class _Scanner:
    """Reads a text once; `inner` are then the texts of its substitutions."""

    def __init__(self, text: str) -> None:
        self._text = _without_heredocs(text)
        self._at = 0
        self.inner: list[str] = []

    def simple(self) -> Iterator[tuple[Command, str]]:
        """Each simple command, and the operator that ends it."""
        words: list[str] = []
        reads: list[str] = []
        writes: list[str] = []
        while True:
            self._skip_blanks()
            operator = _OPERATOR.match(self._text, self._at)
            mark = operator[0] if operator else ""
            self._at += len(mark)
            if not mark and self._at < len(self._text):
                words.append(self._word())
            elif "<" in mark or ">" in mark:
                (writes if ">" in mark else reads).extend(self._target())
            else:
                if words or reads or writes:
                    yield Command(words=(*words,), reads=(*reads,), writes=(*writes,)), mark
                words, reads, writes = [], [], []
                if not mark:
                    return

    def _target(self) -> Iterator[str]:
        """The file that a redirection names; none where it names a descriptor."""
        self._skip_blanks()
        word = self._word()
        if not re.fullmatch(r"\d+|-", word):
            yield word

    def _skip_blanks(self) -> None:
        while self._at < len(self._text):
            if self._text[self._at] in " \t\r":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = end if end >= 0 else len(self._text)
            else:
                return

    def _word(self) -> str:
        parts: list[str] = []
        while self._at < len(self._text):
            one = self._text[self._at]
            if one in " \t\r\n;&|()<>":
                break
            parts.append(self._part(one))
        return "".join(parts)

    def _part(self, one: str) -> str:
        match one:
            case "\\":
                self._at += 2
                taken = self._text[self._at - 1 : self._at]
                return "" if taken == "\n" else taken
            case "'":
                return self._until_quote()
            case '"':
                return self._quoted()
            case "$" | "`":
                return self._dollar()
            case _:
                plain = _PLAIN.match(self._text, self._at)
                taken = plain[0] if plain else one
                self._at += len(taken)
                return taken

    def _until_quote(self) -> str:
        end = self._text.find("'", self._at + 1)
        end = end if end >= 0 else len(self._text)
        taken = self._text[self._at + 1 : end]
        self._at = end + 1
        return taken

    def _quoted(self) -> str:
        parts: list[str] = []
        self._at += 1
        while self._at < len(self._text) and (one := self._text[self._at]) != '"':
            if one in "$`":
                parts.append(self._dollar())
            else:
                self._at += 2 if one == "\\" else 1
                parts.append(self._text[self._at - 1 : self._at])
        self._at += 1
        return "".join(parts)

    def _dollar(self) -> str:
        """A substitution stays in the word as it is written, and is looked into as well."""
        begin = self._at
        if self._text[begin] == "`":
            end = self._text.find("`", begin + 1)
            end = end if end >= 0 else len(self._text)
            self.inner.append(self._text[begin + 1 : end])
            self._at = end + 1
        elif self._text.startswith("$(", begin) and not self._text.startswith("$((", begin):
            self._at = _closing(self._text, begin + 2)
            self.inner.append(self._text[begin + 2 : self._at - 1])
        elif self._text.startswith("$'", begin):
            self._at += 1
            return self._until_quote()
        else:
            self._at += 1
        return self._text[begin : self._at]


def _closing(text: str, at: int) -> int:
    """Behind the bracket that closes the one before `at`."""
    depth = 1
    while at < len(text) and depth:
        if text[at] == "'":
            end = text.find("'", at + 1)
            at = end if end >= 0 else len(text)
        depth += {"(": 1, ")": -1}.get(text[at : at + 1], 0)
        at += 1
    return at


def _without_heredocs(text: str) -> str:
    at = 0
    while found := _HEREDOC.search(text, at):
        at = found.end()
        if text.startswith("<<<", found.start()):
            continue
        word = re.escape(found[2] or found[3] or found[4])
        first = text.find("\n", at)
        if first < 0:
            break
        end = re.compile(rf"^\t*{word}[ \t]*$", re.MULTILINE).search(text, first + 1)
        stop = end.end() if end else len(text)
        # The rest of the line still belongs to the command.
        text = text[: found.start()] + text[at:first] + text[stop:]
        at = found.start()
    return text
