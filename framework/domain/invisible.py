"""The content rule about characters that make a file read otherwise than it runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .characters import concealed
from .filechange import FileChange, Scope, shown

_SAMPLE = 8192
_TORN = "\ufffd"
"""What stands for bytes that are no UTF-8."""

_CODE = re.compile(
    r".*\.(?:py[iwx]?|[cm]?[jt]sx?|vue|svelte|go|rs|[ch](?:pp|xx|c|h)?|[ch]\+\+|cs|fs|java|kts?|swift"
    r"|scala|rb|php|p[lm]|lua|r|jl|hs|exs?|erl|clj|dart|zig|sol|sql|sh|bash|zsh|fish|ps1|bat|cmd|mk"
    r"|cmake|gradle|groovy|tf|toml|ini|cfg|conf|ya?ml)|(?:gnu)?makefile|dockerfile|.*rc",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r".*\.(?:po|pot|arb|xlf|xliff|resx|strings|stringsdict|properties|ftl|tmx|srt|vtt)",
    re.IGNORECASE,
)
"""What only translations and subtitles are kept in."""

_PLACE = re.compile(
    r"(?:^|/)(?:locales?|i18n|l10n|lang|languages?|translations?|messages|cldr|[\w-]+\.lproj"
    r"|values-\w+)(?=/)",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"(?:^|/)(?:locales?|i18n|l10n|translations?|cldr)/", re.IGNORECASE)
"""Where how numbers and dates are spelled is kept, also as source."""

_DATA = re.compile(r".*\.(?:json5?|ya?ml|xml|toml|ini|csv|tsv|txt|md|html?|php)", re.IGNORECASE)


def invisible(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """What a person cannot see in a file, the file does not bring anew: characters that turn the
    direction of text, tags, runs of variation selectors; in source also those without a width.

    Free: a byte order mark at the start; joiners and tags inside emoji, joiners between letters
    of scripts that need them; marks of direction beside Hebrew or Arabic; all but overrides and
    tags where translations are kept, and what has no width in source that stands there; what is
    no text. Not promised: letters that look like others, text that only its colour hides, files
    in other encodings than UTF-8.
    """
    for one in changes:
        if one.is_deletion or one.after.isascii() or _is_no_text(one.after):
            continue
        if new := _new(one):
            names = ", ".join(f"U+{ord(letter):04X}" for letter in new[:5])
            yield (
                f"{shown(one.path)} holds characters that nobody sees ({names}): take them out, or "
                "write them as escapes"
            )


def _new(change: FileChange) -> list[str]:
    code = _is_code(change)
    words = _is_translation(change.path)
    after = Counter(concealed(change.after, code=code, translation=words))
    if not after:
        return []
    return sorted(after - Counter(concealed(change.before, code=code, translation=words)))


def _is_code(change: FileChange) -> bool:
    if _SPELLED.search(change.path):
        return False
    return _CODE.fullmatch(change.name) is not None or change.after.startswith("#!")


def _is_translation(path: str) -> bool:
    if _WORDS.fullmatch(path):
        return True
    return _PLACE.search(path) is not None and _DATA.fullmatch(path) is not None


def _is_no_text(text: str) -> bool:
    """As git sees it; and whatever is mostly not UTF-8, where three bytes mean nothing."""
    return "\0" in text[:_SAMPLE] or text.count(_TORN) * 100 > len(text)
