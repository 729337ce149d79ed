"""Text that strangers wrote, before an agent reads it: without what a person would not see.

Pure. This is hygiene: it keeps an issue from saying one thing to people and another to an agent.
What an agent may *do* is bounded by the box and by the landing, not here.
"""

from __future__ import annotations

import re

from .characters import seen

MOST_BYTES = 32 * 1024
"""How much of one text is passed on, in bytes of UTF-8."""

_MARKER = "=" * 20
_PASSES = 8
_RAW = 4
"""How many times `most` is looked at: the time that cleaning takes is bounded."""

_UNCLOSED = (
    "\n[Nightshift: the rest stood inside something hidden that never ends; it was taken out.]"
)
_NESTED = "[Nightshift: this text hides text inside hidden text; it was taken out as a whole.]"
_CUT = "\n[Nightshift: the rest was cut off; only the first 32 KB are passed on.]"

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x9b[0-?]*[ -/]*[@-~]"
)
_TORN = re.compile(r"(?:<[^<>]*|!?\[[^\[\]]*(?:\]\([^()]*)?)\Z")
"""What a cut through the middle of a tag or a link would leave open."""

_TAG = re.compile(r"<[A-Za-z!?/]")
_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})([^\n`]*)\n", re.MULTILINE)
_DRAWN = frozenset({"mermaid", "math", "geojson", "topojson", "stl", "svg"})
"""Fences that some page draws instead of showing them."""

_UNSHOWN = re.compile(
    r"<!--|<!\[CDATA\[|<\?|<![A-Za-z]"
    r"|<(script|style|template|noscript|head|title|textarea|iframe|object|datalist)\b",
    re.IGNORECASE,
)
_HIDING = re.compile(
    r"\shidden(?=[\s=>/])|display\s*:\s*none|visibility\s*:\s*hidden"
    r"|(?:opacity|font-size)\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_NAME = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)")
_ATTRIBUTE = re.compile(
    r"\b(?:alt|title|aria-[a-z-]{1,40}|data-[\w-]{1,60}|placeholder|summary|label|content|value"
    r"|style|srcdoc|abbr|longdesc|cite|itemprop|itemtype|on[a-z]{1,30})\s*=\s*"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=`]+)",
    re.IGNORECASE,
)
_TITLE = r"(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\([^()]*\))"
_BRACKET = re.compile(r"\\.|!?\[|\]", re.DOTALL)
_LINK_TITLE = re.compile(
    rf"(\]\(\s*(?:<[^<>\n]*>|(?:[^\s()<>]|\([^\s()<>]*\))++))\s+{_TITLE}\s*\)", re.DOTALL
)
_ANGLED = re.compile(r"\]\(\s*<([^<>\n]*)>\s*\)")
_EMPTY_LINK = re.compile(r"(?<!!)\[\s*\]\([^()\n]*\)")
_DEFINITION = re.compile(
    r"^[ >]*\[([^\]^][^\]]{0,999})\]:[ \t]*\n?[ \t]*(<[^<>\n]*>|\S++)"
    rf"(?:[ \t]*\n?[ \t]*{_TITLE})?[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:[^\n]*(?:\n(?!\s*\n)[^\n]+)*", re.MULTILINE)


def cleaned(text: str, most: int | None = MOST_BYTES) -> str:
    """`text` without what a page would not show to a person, and no longer than `most` bytes.

    Taken out: comments and other unshown parts of HTML, whatever hides in attributes, in the
    text of images, the titles of links and unused definitions; invisible characters (zero width,
    direction, tags, variation, fillers) and control codes except line break and tab. A code
    fence with nothing of HTML before it keeps its text, because there it is shown.

    Kept: joiners between letters of scripts that are written with them (Persian, Hindi …) and
    inside emoji; everything else that is ordinary text, except that line ends become `\\n`.
    What had to be cut is said in the text itself. Cleaning twice changes nothing more.
    Not promised: text that only its colour or a formula hides, text spelled out in addresses,
    or that HTML in inline code survives.
    """
    cut = most is not None and len(text) > most * _RAW
    if most is not None and cut:
        text = _TORN.sub("", text[: most * _RAW])
    plain = seen(_ESCAPES.sub("", text))
    for _ in range(_PASSES):
        before, plain = plain, seen(_shown(plain))
        if plain == before:
            return _short(plain, most, cut)
    return _NESTED


def delimited(text: str, what: str) -> str:
    """`text` between marker lines that do not occur in it: data, not instructions. The text
    is passed on as it is; that of strangers is to be `cleaned` before."""
    marker = _MARKER
    while marker in text:
        marker += "="
    return f"{marker} {what} begins\n{text.strip()}\n{marker} {what} ends"


def _shown(text: str) -> str:
    """One pass: fences that are certainly fences stay, the rest loses what is hidden."""
    kept: list[str] = []
    at = 0
    while fence := _FENCE.search(text, at):
        language = (fence[3].split() or [""])[0]
        if _TAG.search(text, at, fence.start()) or language.lower() in _DRAWN:
            break
        end = re.compile(rf"^ {{0,3}}{fence[2][0]}{{{len(fence[2])},}}[ \t]*$", re.MULTILINE)
        closing = end.search(text, fence.end())
        stop = closing.end() if closing else len(text)
        # Words after the language are shown nowhere.
        opening = f"{fence[1]}{fence[2]}{language}\n"
        kept += [_unhidden(text[at : fence.start()]), opening, text[fence.end() : stop]]
        at = stop
    return "".join(kept) + _unhidden(text[at:])


def _unhidden(text: str) -> str:
    text = _without_hiding(_without_unshown(text))
    if tag := _TAG.search(text):
        text = text[: tag.start()] + _ATTRIBUTE.sub("", text[tag.start() :])
    text = _LINK_TITLE.sub(r"\1)", _without_image_text(text))
    text = _ANGLED.sub(lambda link: "]()" if " " in link[1] or "\t" in link[1] else link[0], text)
    text = _DEFINITION.sub(_definition, _EMPTY_LINK.sub("", text))
    return _FOOTNOTE.sub(lambda note: note[0] if text.count(f"[^{note[1]}]") > 1 else "", text)


def _definition(found: re.Match[str]) -> str:
    """An address stays, where its name is a word; nothing else of a definition is shown."""
    if re.fullmatch(r"[\w.#-]{1,30}", found[1]) and not re.search(r"\s", found[2]):
        return f"[{found[1]}]: {found[2]}"
    return ""


def _without_unshown(text: str) -> str:
    """Without comments and elements that no page shows."""
    kept: list[str] = []
    at = 0
    while found := _UNSHOWN.search(text, at):
        end = _end(text, found)
        if end is None:
            return "".join(kept) + text[at : found.start()] + _UNCLOSED
        kept.append(text[at : found.start()])
        at = end
    return "".join(kept) + text[at:]


def _end(text: str, found: re.Match[str]) -> int | None:
    """Where it ends what `found` begins; None for what hides the rest."""
    begin = found.end()
    if name := found[1]:
        closing = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(text, begin)
        return closing.end() if closing else None
    match found[0].upper():
        case "<!--":
            return _first(text, begin, "-->", "--!>")
        case "<![CDATA[":
            return _first(text, begin, "]]>")
        case "<?":
            return _first(text, begin, "?>") or _first(text, begin, ">")
        case _:
            return _first(text, begin, ">") or begin


def _first(text: str, begin: int, *endings: str) -> int | None:
    """Behind the ending that comes first; None when none comes."""
    found = [at + len(one) for one in endings if (at := text.find(one, begin)) >= 0]
    return min(found, default=None)


def _without_hiding(text: str) -> str:
    """Without elements whose own tag hides them."""
    kept: list[str] = []
    at = 0
    for hiding in _HIDING.finditer(text):
        start = text.rfind("<", at, hiding.start())
        name = _NAME.match(text, start) if start >= 0 else None
        if name is None or text.find(">", start, hiding.start()) >= 0:
            continue
        kept.append(text[at:start])
        closing = re.compile(rf"</{name[1]}\s*>", re.IGNORECASE).search(text, hiding.end())
        if closing is None:
            return "".join(kept) + _UNCLOSED
        at = closing.end()
    return "".join(kept) + text[at:]


def _without_image_text(text: str) -> str:
    """`![](address)`: what an image says instead of being shown is not seen either."""
    opened: list[re.Match[str]] = []
    cuts: list[tuple[int, int]] = []
    for found in _BRACKET.finditer(text):
        if found[0].endswith("[") and not found[0].startswith("\\"):
            opened.append(found)
        elif found[0] == "]" and opened:
            begin = opened.pop()
            after = text[found.end() : found.end() + 1]
            if begin[0] == "![" and after in ("(", "["):
                cuts.append((begin.end(), found.start()))
    return _without(text, cuts)


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    at = 0
    for begin, end in sorted(cuts):
        if end > at:
            kept.append(text[at : max(at, begin)])
            at = end
    return "".join(kept) + text[at:]


def _short(text: str, most: int | None, cut: bool) -> str:
    size = text.encode("utf-8")
    if most is None or not (cut or len(size) > most):
        return text
    return size[: most - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
