"""Characters that nobody sees, and when they are needed all the same."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"

# Everything in Cc, Cf and Cs, what Unicode calls "default ignorable", and noncharacters; but not
# the signs of category Cf that are drawn (Arabic and Kaithi number signs).
_INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ENTITY = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z]{2,40});")
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1820-\u18aa\ufb50-\ufdff\ufe70-\ufefc]"
)
"""Arabic and its relatives, the scripts of India and Sri Lanka, Tibetan, Burmese, Khmer and
Mongolian: joiners decide there how a word is spelled."""

_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_TAGS = "\U000e0000-\U000e007f"
_STYLES = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_CONCEALS = re.compile(
    f"[{_TURNING}\u061c\u200b-\u200f\u2060-\u2064\ufeff]|[{_TAGS}]|[{_STYLES}]{{2,}}"
)
"""Of what is invisible, what hides something in a file: turns the direction, has no width, or
spells out a message."""

_TURNS = frozenset(_TURNING)
_MARKS = frozenset("\u061c\u200e\u200f")
_OVERRIDES = frozenset("\u202d\u202e")
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f")
_LEFTWARDS = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff]")
"""Scripts without blanks, in which a space without a width says where a line may break."""

_NEAR = 80


def seen(text: str) -> str:
    """`text` without invisible characters, also where an entity names one, and with `\\n` for
    every kind of line end. Stay: tabs; one joiner at a time between letters of the scripts that
    need it; joiners and the two styles inside emoji."""
    text = _ENTITY.sub(_entity, _BREAK.sub("\n", text))
    return _UNSEEN.sub(_kept, text)


def concealed(text: str, *, code: bool, translation: bool) -> Iterator[str]:
    """The characters with which a file says one thing to a reader and another to a program.

    Free is what files hold for honest reasons. A byte order mark at the start;
    emoji; in a `translation` all but overrides and tags; elsewhere marks of direction near
    letters that are written leftwards, and what has no width, unless it is `code`.
    """
    for found in _CONCEALS.finditer(text):
        one = found[0][0]
        free = _is_translated(one) if translation else _is_free(found, code=code)
        if not free and not (one >= "\U000e0000" and _is_in_flag(found)):
            yield one


def _is_translated(one: str) -> bool:
    return one not in _OVERRIDES and one < "\U000e0000" and one != "\ufeff"


def _is_free(found: re.Match[str], *, code: bool) -> bool:
    one, begin = found[0][0], found.start()
    if len(found[0]) > 1 or one >= "\U000e0000":
        return False
    if one in _TURNS:
        return not code and one not in _OVERRIDES and _is_near(_LEFTWARDS, found)
    if not code or (one == "\ufeff" and begin == 0):
        return True
    if one in (_ZWNJ, _ZWJ):  # some words end with one
        return _JOINING.match(found.string, max(0, begin - 1), begin) is not None or (
            _kept(found) != ""
        )
    if one in _MARKS:
        return _is_near(_LEFTWARDS, found)
    return one == "\u200b" and _is_near(_UNSPACED, found)


def _is_near(letters: re.Pattern[str], found: re.Match[str]) -> bool:
    begin, end = max(0, found.start() - _NEAR), found.end() + _NEAR
    return letters.search(found.string, begin, end) is not None


def _is_in_flag(found: re.Match[str]) -> bool:
    """Whether tags are a flag's, as that of Wales."""
    start = found.string.rfind("\U0001f3f4", max(0, found.start() - 8), found.start())
    flag = _FLAG.match(found.string, start) if start >= 0 else None
    return flag is not None and found.start() < flag.end()


def _entity(found: re.Match[str]) -> str:
    named = html.unescape(found[0])
    hidden = named != found[0] and _UNSEEN.fullmatch(named[:1] or "\0") is not None
    return "" if hidden or named in ("", "\ufffd") else found[0]


def _kept(found: re.Match[str]) -> str:
    one, text = found[0], found.string
    before = text[found.start() - 1] if found.start() else ""
    after = text[found.end()] if found.end() < len(text) else ""
    match one:
        case "\u200c" | "\u200d" if _JOINING.match(before) and _JOINING.match(after):
            return one
        case "\u200d" if _drawn(before, after_style=True) and _drawn(after):
            return one
        case "\ufe0e" | "\ufe0f" if _drawn(before) or (
            before in "#*0123456789" and after == "\u20e3"
        ):
            return one
        case _:
            return ""


def _drawn(one: str, *, after_style: bool = False) -> bool:
    """Whether the character can be part of an emoji."""
    if one in ("", _TEXT_STYLE):
        return False
    if after_style and (one == _EMOJI_STYLE or "\U0001f3fb" <= one <= "\U0001f3ff"):
        return True
    return "\u2190" <= one <= "\u21ff" or one in "\u203c\u2049" or unicodedata.category(one) == "So"
