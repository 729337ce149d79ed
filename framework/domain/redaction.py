"""Secrets taken out of texts that leave: logs, comments, screens.

Pure. Known secrets are found by their pieces, so that one that was shortened, encoded or broken
over lines is found as well; unknown ones by the shapes that tokens have.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
PIECE = 12
"""How many characters of a known secret, in a row, are never let through."""

_SHORTEST = 6
_VARIED = 4
"""A piece with fewer different characters says nothing, and stands in ordinary text."""

_SEED = 8
_STRIDE = PIECE - _SEED + 1
"""Of any PIECE characters, _SEED begin at a multiple of this."""

_BREAK = re.compile(r"(?:\\?\r?\n|\\r\\n|\\n)[ \t>|#+*\"'-]*")
"""Where text is wrapped: a line break, or one as JSON writes it, and what stands before the next
line in quotations, comments and diffs."""

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (anchor, re.compile(anchor + rest, re.DOTALL))
    for anchor, rest in (
        ("sk-ant-", r"[\w-]{16,}"),
        ("sk-proj-", r"[\w-]{16,}"),
        *((f"gh{one}_", r"[A-Za-z0-9]{20,}") for one in "pousr"),
        ("github_pat_", r"\w{20,}"),
        *(
            (f"gl{one}-", r"[\w-]{16,}")
            for one in ("pat", "dt", "rt", "cbt", "ptt", "oas", "agent")
        ),
        *((one, r"[0-9A-Z]{16}") for one in ("AKIA", "ASIA")),
        *((f"xox{one}-", r"[\w-]{10,}") for one in "abeoprs"),
        ("xapp-", r"[\w-]{10,}"),
        ("npm_", r"[A-Za-z0-9]{30,}"),
        ("lin_api_", r"[A-Za-z0-9]{20,}"),
        ("AIza", r"[\w-]{35}"),
        ("eyJ", r"[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
        (
            "-----BEGIN ",
            r"(?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----"
            r"(?:.{0,20000}?-----END [A-Z0-9 ]{0,30}PRIVATE KEY-----|[A-Za-z0-9+/=\s\\]*)",
        ),
    )
)

Span = tuple[int, int]


class Redactor:
    """Takes `secrets` out of texts, whoever put them there.

    Promised, of each secret of 12 characters or more: no 12 characters in a row stay, of its
    text as it is, reversed, or as base64 (both alphabets, wherever it stands in what was
    encoded), hex, URL, JSON and HTML write it, also when the text was wrapped in between. Of
    one of 6 to 11 characters: it does not stay whole in any of these forms. Whatever looks like
    a token of a known service or a private key goes too. Cleaning twice changes nothing more.

    Not promised: shorter secrets; pieces of fewer than 4 different characters; a secret that
    stands half in one text and half in the next; encodings on top of each other, compression,
    or anything that an agent makes up. The real protection is that it never has a secret.
    """

    __slots__ = ("_pieces", "_seeds", "_whole")

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for one in set(secrets) for form in _forms(one.strip())}
        pieces = {form[at : at + PIECE] for form in forms for at in range(len(form) - PIECE + 1)}
        self._pieces = frozenset(one for one in pieces if len(set(one)) >= _VARIED)
        self._seeds = frozenset(
            one[at : at + _SEED] for one in self._pieces for at in range(_STRIDE)
        )
        whole = (one for one in forms if len(one) < PIECE or one[:PIECE] not in self._pieces)
        self._whole = tuple(sorted(whole, key=len, reverse=True))

    def __repr__(self) -> str:
        return "Redactor(hidden)"

    def clean(self, text: str) -> str:
        """`text` with `[redacted]` for every secret in it."""
        spans = [*self._known(text), *self._wrapped(text), *_shaped(text)]
        return _without(text, spans) if spans else text

    def clean_all(self, value: Any) -> Any:
        """The same for every text inside `value`, keys too: dicts, lists and tuples, as JSON
        has them. To be used before a value becomes JSON: a piece of JSON that was cleaned as
        text may end in the middle of an escape."""
        match value:
            case str():
                return self.clean(value)
            case dict():
                return {self.clean_all(key): self.clean_all(one) for key, one in value.items()}
            case list() | tuple():
                return type(value)([self.clean_all(one) for one in value])
            case _:
                return value

    def _known(self, text: str) -> Iterator[Span]:
        for form in self._whole:
            at = text.find(form)
            while at >= 0:
                yield at, at + len(form)
                at = text.find(form, at + 1)
        seeds, pieces = self._seeds, self._pieces
        if not seeds:
            return
        for at in range(0, len(text) - _SEED + 1, _STRIDE):
            if text[at : at + _SEED] in seeds:
                for start in range(max(0, at - _STRIDE + 1), at + 1):
                    if text[start : start + PIECE] in pieces:
                        yield start, start + PIECE

    def _wrapped(self, text: str) -> Iterator[Span]:
        """Secrets with line breaks in them: found where the breaks are left out."""
        breaks = [found.span() for found in _BREAK.finditer(text)]
        if not breaks:
            return
        joined, at = [], 0
        for begin, end in breaks:
            joined.append(text[at:begin])
            at = end
        whole = "".join([*joined, text[at:]])
        yield from _spread(list(self._known(whole)), breaks)


def _spread(spans: list[Span], breaks: list[Span]) -> Iterator[Span]:
    """Spans of a text without its breaks, as spans of the text with them."""
    shift, coming = 0, iter([*breaks, (1 << 62, 1 << 62)])
    begin, end = next(coming)
    events = sorted({at for span in spans for at in (span[0], span[1] - 1)})
    where: dict[int, int] = {}
    for at in events:
        while at + shift >= begin:
            shift += end - begin
            begin, end = next(coming)
        where[at] = at + shift
    for first, after in spans:
        yield where[first], where[after - 1] + 1


def _forms(secret: str) -> set[str]:
    """How a secret may be written. Line breaks in it are left out, as in `_wrapped`."""
    if len(secret) < _SHORTEST:
        return set()
    raw = secret.encode("utf-8", "surrogatepass")
    hexed, percent = raw.hex(), "".join(f"%{one:02x}" for one in raw)
    forms = {secret, secret[::-1], hexed, hexed.upper(), percent, percent.upper()}
    forms |= {quote(raw, safe=""), quote(raw, safe="").lower(), escape(secret), _as_json(secret)}
    for lead in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            forms.add(_of_whole_bytes(encode(b"\0" * lead + raw).decode(), lead, len(raw)))
    forms |= {_BREAK.sub("", one) for one in forms}
    return {one for one in forms if len(one) >= _SHORTEST}


def _of_whole_bytes(encoded: str, lead: int, size: int) -> str:
    """Only the characters that the secret alone decides, not its neighbours."""
    return encoded[-(-lead * 8 // 6) : (lead + size) * 8 // 6]


def _as_json(secret: str) -> str:
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "".join(marks.get(one, one) for one in secret)


def _shaped(text: str) -> Iterator[Span]:
    for anchor, shape in _SHAPES:
        if anchor in text:
            yield from (found.span() for found in shape.finditer(text))


def _without(text: str, spans: list[Span]) -> str:
    """Spans that touch become one."""
    kept, at = [], None
    for begin, end in sorted(spans):
        if at is None:
            kept += [text[:begin], REDACTED]
            at = end
        elif begin > at:
            kept += [text[at:begin], REDACTED]
            at = end
        at = max(at, end)
    return "".join([*kept, text[at or 0 :]])
