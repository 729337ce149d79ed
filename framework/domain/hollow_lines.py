"""A shell's text cut as the shell cuts it: into lists, pipes and commands. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`|\\.|\$\([^()]*\)|\d*>&[\d-]|\d+|&>|&&|\|\||;;|[;&|\n()]"""
    r"""|(?<![^\s;&|(])\#[^\n]*|[ \t]+|[^\s'"`\\$;&|()>\d#]+|.""",
    re.DOTALL,
)
_SEPARATORS = frozenset({"&&", "||", ";;", ";", "&", "|", "\n"})
_JOINS = frozenset({"&&", "||", "|"})
_LOOPS = ("for", "while", "until", "select")
_CLOSES = {"if": "fi", "case": "esac", "{": "}", "(": ")", **dict.fromkeys(_LOOPS, "done")}
_LEADS = frozenset({"then", "else", "elif", "do", "if", "while", "until", "!", "{", "(", ")"})
"""After these words a command begins."""

_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A command, and what stands before it: `;`, `&&`, `||` or `|`. `behind`: a `&` stands after
    it."""

    before: str
    text: str
    behind: bool = False


def parts_of(text: str) -> list[Part]:
    """The commands of a text; what stands in brackets, quotes and compound commands stays whole,
    comments go, and so do empty lines. None where something that is opened is not closed, or not
    understood. Not promised: to know the body of a here-document from commands."""
    parts: list[Part] = []
    current: list[str] = []
    closers: list[str] = []
    before, begins = ";", True
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word.startswith("#") or not (current or word.strip() or word == "\n"):
            continue
        if begins or word in "()" or (word == "{" and current[0] == "function"):
            _follow(word, closers)
        if word not in _SEPARATORS or closers:
            current.append(word)
            begins = word in _LEADS or word in _SEPARATORS or (begins and word.isspace())
            continue
        if (command := "".join(current).strip()) or word in _JOINS:
            parts.append(Part(before=before, text=command, behind=word == "&"))
            before = word if word in _JOINS else ";"
        current, begins = [], True
    last = "".join(current).strip()
    if last or before != ";" or not parts:
        parts.append(Part(before=before, text=last))
    return [] if closers else parts


def _follow(word: str, closers: list[str]) -> None:
    """Keep what closes the brackets and compound commands that are open."""
    if word in _CLOSES:
        closers.append(_CLOSES[word])
    elif closers and word == closers[-1]:
        closers.pop()


def lists_of(parts: Sequence[Part]) -> list[list[list[Part]]]:
    """The lists, one after the other; each is the pipes that `&&` and `||` join, and a pipe the
    commands that `|` joins, which binds tighter."""
    lists: list[list[list[Part]]] = []
    for part in parts:
        match part.before:
            case "|" if lists:
                lists[-1][-1].append(part)
            case "&&" | "||" if lists:
                lists[-1].append([part])
            case _:
                lists.append([[part]])
    return lists


def words_of(command: str) -> list[str]:
    """The words of a command; quotes hold one together, and stay on it."""
    return _WORD.findall(command)
