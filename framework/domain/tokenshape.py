"""How keys and tokens look, and where a file hides one in plain sight.

Pure. Works on bytes: what is not ASCII is no part of a token, and ends one.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class _Shape:
    """`anchors` are how it begins, `body` is the whole of it. `ends`: a word ends with it.
    `squeezed` is the body where blanks and quotes were taken out."""

    what: str
    anchors: tuple[bytes, ...]
    strict: re.Pattern[bytes]
    squeezed: re.Pattern[bytes]


def _shape(
    what: str, anchors: str, body: str, *, ends: bool = False, squeezed: str | None = None
) -> _Shape:
    begin = r"(?<!\w)" if body[0].isalpha() or body[0] in "[(" else ""
    return _Shape(
        what,
        tuple(one.encode() for one in anchors.split()),
        re.compile((begin + body + (r"(?!\w)" if ends else "")).encode()),
        re.compile((squeezed or body).encode()),
    )


_SHAPES = (
    _shape(
        "a private key",
        "-----BEGIN",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
        squeezed=r"-----BEGIN[A-Z]{0,40}PRIVATEKEY",
    ),
    _shape("a token of Anthropic's", "sk-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    _shape("a token of OpenAI's", "sk-", r"sk-(?:proj|svcacct)-[A-Za-z0-9_-]{40,}"),
    _shape("a token of OpenAI's", "sk-", r"sk-[A-Za-z0-9]{48}", ends=True),
    _shape("a token of GitHub's", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    _shape("a token of GitHub's", "github_pat_", r"github_pat_[A-Za-z0-9_]{60,}"),
    _shape("a token of GitLab's", "glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
    _shape("a key of Amazon's", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z0-9]{16}", ends=True),
    _shape("a key of Google's", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    _shape("a token of Slack's", "xox", r"xox[abprs]-[A-Za-z0-9-]{20,}"),
    _shape("a key of Stripe's", "sk_live_ rk_live_", r"[sr]k_live_[A-Za-z0-9]{20,}"),
    _shape("a token of npm's", "npm_", r"npm_[A-Za-z0-9]{36}", ends=True),
    _shape("a token of PyPI's", "pypi-", r"pypi-[A-Za-z0-9_-]{80,}"),
)
_BY_ANCHOR = {
    anchor: tuple(one for one in _SHAPES if anchor in one.anchors)
    for anchor in dict.fromkeys(anchor for one in _SHAPES for anchor in one.anchors)
}
_EXAMPLE = re.compile(rb"EXAMPLE|example|([A-Za-z0-9])\1{9}|1234567890|abcdefghij")
"""What people write where a secret would stand."""

_JOIN = re.compile(
    rb"""\\\r?\n|["'`]\s*+(?:\\\s*+)?(?:[+&]|\.\.?|\+\+|<>)?\s*+(?:\\\s*+)?[rbfuRBFU]{0,2}["'`]"""
)
"""Between two literals that are one text: `"a" + "b"`, `'a' 'b'`, a line that goes on."""

_BETWEEN = b"\"'`\\+&.<> \t\r\n"
_LONG = 27
"""The length of encoded text, in characters, from which on a token fits in."""

_ALPHABET = re.compile(rb"[A-Za-z0-9+/_-]")
_MAP = bytes(0 if _ALPHABET.fullmatch(bytes([one])) else 1 for one in range(256))
_URLSAFE = bytes.maketrans(b"-_", b"+/")


def tokens(text: str) -> dict[bytes, str]:
    """The keys and tokens in a text, and what each is; none that says it is an example.

    Found as they are; in UTF-16 or UTF-32, read as if it were UTF-8; put together of literals
    that stand side by side, also with `+`, `.`, `..`, `&` or `<>` or a line break between them;
    and in base64, of either alphabet, when the encoded text begins where a run of its characters
    does. Time grows with the length of the text.

    Not promised: tokens put together by commas or calls, encoded twice, wrapped in lines shorter
    than themselves, in hex, or compressed; kinds that are not in the table.
    """
    plain = text.encode("ascii", "replace")
    if b"\0" in plain:
        plain = plain.translate(None, b"\0")
    found: dict[bytes, str] = {}
    if _is_worth_it(plain):
        found = _found(plain) | _found(_JOIN.sub(b"", plain))
    if decoded := b"\n".join(_decoded(plain)):
        found |= _found(decoded)
    return {token: what for token, what in found.items() if not _EXAMPLE.search(token)}


def _found(text: bytes) -> dict[bytes, str]:
    return {
        one[0]: shape.what
        for anchor, shapes in _BY_ANCHOR.items()
        for at in _places(text, anchor)
        for shape in shapes
        if (one := shape.strict.match(text, at))
    }


def _is_worth_it(text: bytes) -> bool:
    """Whether there would be a token, were there nothing between words and literals at all. One
    look that is cheap; nearly every file has none."""
    squeezed = text.translate(None, _BETWEEN)
    return any(
        shape.squeezed.match(squeezed, at)
        for anchor, shapes in _BY_ANCHOR.items()
        for at in _places(squeezed, anchor)
        for shape in shapes
    )


def _places(text: bytes, anchor: bytes) -> Iterator[int]:
    """Looking for an anchor first is ten times as fast as searching for a pattern."""
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + 1)


def _decoded(text: bytes) -> Iterator[bytes]:
    """What every long run of base64 characters says."""
    runs, needle = text.translate(_MAP), bytes(_LONG)
    begin = runs.find(needle)
    while begin >= 0:
        end = runs.find(1, begin)
        end = len(text) if end < 0 else end
        run = text[begin : end - (end - begin) % 4].translate(_URLSAFE)
        rest = text[end - (end - begin) % 4 : end].translate(_URLSAFE)
        yield _bytes(run) + (_bytes(rest + b"=" * (4 - len(rest))) if len(rest) > 1 else b"")
        begin = runs.find(needle, end)


def _bytes(encoded: bytes) -> bytes:
    try:
        return a2b_base64(encoded)
    except Error:
        return b""  # no base64 after all
