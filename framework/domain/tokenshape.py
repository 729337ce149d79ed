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
    """`anchors`: one of them is in every text that holds one. `squeezed` is what it looks like
    where blanks and quotes were taken out."""

    what: str
    anchors: tuple[bytes, ...]
    strict: re.Pattern[bytes]
    squeezed: re.Pattern[bytes]


def _shape(what: str, begins: str, body: str, *, ends: bool = False) -> _Shape:
    """`begins` are the words one may begin with, all as long as each other. `ends`: a word ends
    with it. That a word begins with it is asked last: a search for what begins with letters is
    ten times as fast."""
    words = begins.split()
    begin = words[0] if len(words) == 1 else f"(?:{'|'.join(words)})"
    alone = rf"(?<!\w.{{{len(words[0])}}})"
    return _Shape(
        what,
        tuple(one.encode() for one in words),
        re.compile((begin + alone + body + (r"(?!\w)" if ends else "")).encode(), re.DOTALL),
        re.compile((begin + body).encode()),
    )


_SHAPES = (
    _Shape(
        "a private key",
        (b"-----BEGIN",),
        re.compile(
            rb"-----BEGIN (?:[A-Z]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----.{0,200}?[A-Za-z0-9+/]{40}",
            re.DOTALL,
        ),
        re.compile(rb"-----BEGIN[A-Z]{0,40}PRIVATEKEY"),
    ),
    _shape("a token of Anthropic's", "sk-ant-", r"[A-Za-z0-9_-]{20,400}"),
    _shape("a token of OpenAI's", "sk-proj-", r"[A-Za-z0-9_-]{40,400}"),
    _shape("a token of OpenAI's", "sk-svcacct-", r"[A-Za-z0-9_-]{40,400}"),
    _shape("a token of OpenAI's", "sk-", r"[A-Za-z0-9]{48}", ends=True),
    _shape("a token of GitHub's", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,400}"),
    _shape("a token of GitHub's", "github_pat_", r"[A-Za-z0-9_]{60,400}"),
    _shape("a token of GitLab's", "glpat-", r"[A-Za-z0-9_-]{20,400}"),
    _shape("a key of Amazon's", "AKIA ASIA", r"[A-Z0-9]{16}", ends=True),
    _shape("a key of Google's", "AIza", r"[A-Za-z0-9_-]{35}"),
    _shape("a token of Slack's", "xoxa- xoxb- xoxp- xoxr- xoxs-", r"[A-Za-z0-9-]{20,400}"),
    _shape("a key of Stripe's", "sk_live_ rk_live_", r"[A-Za-z0-9]{20,400}"),
    _shape("a token of npm's", "npm_", r"[A-Za-z0-9]{36}", ends=True),
    _shape("a token of PyPI's", "pypi-", r"[A-Za-z0-9_-]{80,400}"),
)
"""No body is open-ended: what begins many times in a row would be read to its end from each."""

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
    does. Of what stands in a row without an end, a part. Time and memory grow with the length of
    the text.

    Not promised: a private key that does not begin where its header ends; tokens put together by
    commas or calls, encoded twice, wrapped in lines shorter than themselves, in hex, or
    compressed; kinds that are not in the table.
    """
    plain = text.encode("ascii", "replace").translate(None, b"\0")
    found: dict[bytes, str] = {}
    if _is_worth_it(plain):
        found = _found(plain) | _found(_JOIN.sub(b"", plain))
    if decoded := b"\n".join(_decoded(plain)):
        found |= _found(decoded)
    return found


def _found(text: bytes) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for shape in _within(text):
        at = 0
        while one := shape.strict.search(text, at):
            is_example = _EXAMPLE.search(one[0]) is not None
            at = one.start() + 1 if is_example else one.end()
            if not is_example:
                found[one[0]] = shape.what
    return found


def _is_worth_it(text: bytes) -> bool:
    """Whether there would be a token, were there nothing between words and literals at all. One
    look that is cheap; nearly every file has none."""
    squeezed = text.translate(None, _BETWEEN)
    return any(shape.squeezed.search(squeezed) for shape in _within(squeezed))


def _within(text: bytes) -> Iterator[_Shape]:
    """The shapes that a text may hold. To look for anchors first is ten times as fast as to
    search for patterns."""
    return (one for one in _SHAPES if any(anchor in text for anchor in one.anchors))


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
