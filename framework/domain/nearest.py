"""What to say about a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that names the known word most like `word`, or all when none is like it."""
    words = sorted(known)
    close = _close(word, words)
    return f", did you mean {close}?" if close else f", known are {', '.join(words)}"


def hint(word: str, known: Iterable[str]) -> str:
    """The same as a sentence, with the known words in their own order."""
    words = list(known)
    close = _close(word, words)
    return f"Did you mean {close}?" if close else f"Known are {', '.join(words) or 'none'}."


def _close(word: str, words: list[str]) -> str | None:
    import difflib  # slow to import, and only mistakes need it

    # Dashes that all options begin with would make any two alike.
    bare = {one.lstrip("-"): one for one in words}
    found = difflib.get_close_matches(word.lstrip("-"), bare, n=1)
    return bare[found[0]] if found else None
