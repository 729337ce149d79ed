"""Foreign text made harmless on screens."""

from __future__ import annotations

import re
import unicodedata

_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_BREAK = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_JOINERS = "\u200c\u200d"  # Persian words and many emoji are made with them
_UNSEEN = ("Cc", "Cf", "Cs")


def clean(text: str) -> str:
    """`text` on one line, without anything that moves the cursor, changes colours, reorders
    what follows or cannot be written. An agent or a stranger may have chosen it."""
    if text.isprintable():
        return text
    flat = _BREAK.sub(" ", _COLOUR.sub("", text))
    return "".join(one for one in flat if _is_seen(one))


def clean_lines(text: str) -> str:
    """The same for a text whose line breaks are to stay."""
    return "\n".join(clean(line.replace("\t", "    ")) for line in text.splitlines())


def _is_seen(one: str) -> bool:
    return one in _JOINERS or unicodedata.category(one) not in _UNSEEN
