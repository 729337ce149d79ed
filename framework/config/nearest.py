"""What to say about a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def hint(word: str, known: Iterable[str]) -> str:
    """A sentence that names the known word most like `word`, or all when none is like it."""
    import difflib  # slow to import, and only mistakes need it

    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(words) or 'none'}."
