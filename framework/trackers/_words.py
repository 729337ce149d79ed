"""Texts as the text index is told them, so that it finds exactly what `domain.query.words` says.

FTS5 reads most texts as we do: there it gets the text itself. Where they may differ (marks that
are not letters, `ß`, letters and emoji younger than its tables, words beyond its limit) it gets
our own words, those that it could misread in hexadecimal digits.
"""

from __future__ import annotations

import re
from functools import cache

from ..domain.query import words

_PLAIN = (
    "\x00-\xde\xe0-\u012f\u0131-\u0148\u014a-\u01ef\u01f1-\u0239\u0250-\u02ff"  # Latin
    "\u0370-\u0377\u0384-\u038a\u038c\u038e\u038f\u0391-\u03a1\u03a3-\u03af\u03b1-\u03fc"  # Greek
    "\u0400-\u0527\u05d0-\u05ea\u0620-\u064a\u0660-\u0669"  # Cyrillic, Hebrew, Arabic
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u2000-\u2064\u2070\u2071\u2074-\u208e\u20a0-\u20b9"  # punctuation, small digits, money
    "\u2100-\u2189\u2190-\u23f3\u2460-\u26ff\u2701-\u27ff"  # arrows, signs, frames
    "\u3000-\u303f\u3041-\u3096\u3099-\u30ff\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uffbe"  # East Asia
)
"""Characters that FTS5 with our tokenizer and `words` take for the same, whatever stands beside
them, in all their versions, as they do the small letters of them, which are here too: a test
compares every one."""

_LONGEST = 8_000
"""FTS5 cuts words off after 32,768 bytes."""

_ESCAPE = "\u01c2"
"""A letter without case that nobody writes."""


def indexed(text: str) -> str | None:
    """What the index is told instead of `text`; None for the text itself."""
    if _is_plain(text):
        return None
    return " ".join(_told(word) for word in words(text))


def phrase(wanted: list[str]) -> str:
    """What FTS5 is asked for to find these words, which must not be none."""
    return '"' + " ".join(_told(word) for word in wanted) + '"'


def _is_plain(text: str) -> bool:
    if not text.isascii() and _misread().search(text):
        return False
    if _ESCAPE in text:
        return False
    return len(text) <= _LONGEST or all(len(word) <= _LONGEST for word in words(text))


def _told(word: str) -> str:
    if len(word) > _LONGEST:
        from hashlib import sha256  # for words that hardly ever come

        return _ESCAPE * 2 + sha256(word.encode()).hexdigest()
    if word.isascii() or (_ESCAPE not in word and not _misread().search(word)):
        return word
    return _ESCAPE + word.encode().hex()


@cache
def _misread() -> re.Pattern[str]:
    return re.compile(f"[^{_PLAIN}]")
