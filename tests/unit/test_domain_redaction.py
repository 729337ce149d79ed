"""Secrets are taken out of texts, however they were written, and little else is."""

from __future__ import annotations

import json
import random
import re
import string
import sysconfig
import textwrap
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.redaction import PIECE, REDACTED, Redactor

ROOT = Path(__file__).parents[2]
LETTERS = string.ascii_letters + string.digits


def made(rng: random.Random, begin: str, size: int, letters: str = LETTERS) -> str:
    return begin + "".join(rng.choices(letters, k=size))


RNG = random.Random(5)
SECRETS = [
    made(RNG, "sk-ant-oat01-", 95, LETTERS + "-_"),
    made(RNG, "sk-ant-api03-", 95, LETTERS + "-_"),
    made(RNG, "ghp_", 36),
    made(RNG, "glpat-", 20, LETTERS + "-_"),
    made(RNG, "", 40, "0123456789abcdef"),
    made(RNG, "", 24, LETTERS + '"\\/+&%<> é'),
    made(RNG, "", 12),
]

Way = Callable[[str, random.Random], str]


def cut(secret: str, rng: random.Random) -> str:
    """A piece of at least 12 characters, from anywhere."""
    size = rng.randint(PIECE, len(secret))
    at = rng.randint(0, len(secret) - size)
    return secret[at : at + size]


def encoded(secret: str, rng: random.Random, how: Callable[[bytes], bytes]) -> str:
    """As base64 of something in which it stands, at any of the three alignments."""
    around = bytes(rng.choices(range(256), k=rng.randint(0, 5)))
    return how(around + secret.encode() + around).decode()


def wrapped(secret: str, rng: random.Random) -> str:
    """Broken over lines, with one of the beginnings that lines have."""
    begin = rng.choice(["", "    ", "> ", "# ", "+ ", "  | ", "\t"])
    return f"\n{begin}".join(textwrap.wrap(secret, rng.randint(4, 11)))


WAYS: dict[str, Way] = {
    "whole": lambda secret, rng: secret,
    "cut": cut,
    "reversed": lambda secret, rng: secret[::-1],
    "reversed and cut": lambda secret, rng: cut(secret, rng)[::-1],
    "base64": lambda secret, rng: encoded(secret, rng, b64encode),
    "base64 for URLs": lambda secret, rng: encoded(secret, rng, urlsafe_b64encode),
    "hex": lambda secret, rng: secret.encode().hex(),
    "hex, upper": lambda secret, rng: secret.encode().hex().upper(),
    "URL": lambda secret, rng: quote(secret, safe=""),
    "URL, all": lambda secret, rng: "".join(f"%{one:02X}" for one in secret.encode()),
    "JSON": lambda secret, rng: json.dumps({"key": secret}, ensure_ascii=False),
    "wrapped": wrapped,
    "wrapped in JSON": lambda secret, rng: json.dumps(
        "\n".join(textwrap.wrap(secret, 9)), ensure_ascii=False
    ),
    "wrapped base64": lambda secret, rng: "\n".join(
        textwrap.wrap(encoded(secret, rng, b64encode), 10)
    ),
}
AROUND = ["{}", "token={} ", "Authorization: Bearer {}\n", "a{}b", '{{"k": "{}"}}', "\n\n{}\n> x"]


def leaks(count: int) -> list[tuple[str, str, str]]:
    """`count` planted leaks: what was planted, in which way, and the text that holds it."""
    rng, ways = random.Random(7), list(WAYS)
    made = []
    for number in range(count):
        way = ways[number % len(ways)]
        planted = WAYS[way](rng.choice(SECRETS), rng)
        made.append((planted, way, rng.choice(AROUND).replace("{}", planted)))
    return made


def pieces(text: str) -> set[str]:
    return {text[at : at + PIECE] for at in range(len(text) - PIECE + 1)}


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(SECRETS)


def test_no_planted_leak_passes(redactor: Redactor) -> None:
    """Of 500 leaks no 12 characters in a row are left, save those of base64 that are not the
    secret's alone."""
    passed = []
    for planted, way, text in leaks(500):
        left = redactor.clean(text)
        joined = re.sub(r"[\s>#+|]", "", left)
        edge = 6 if "base64" in way else 0
        inner = "".join(planted.split())
        inner = inner[edge : len(inner) - edge] if edge else planted
        if REDACTED not in left or pieces(inner) & (pieces(left) | pieces(joined)):
            passed.append((way, planted, left))
    assert passed == []


def ordinary(size: int) -> str:
    """`size` characters of real text: our own sources and documents, then Python's."""
    own = [*ROOT.glob("framework/**/*.py"), *ROOT.glob("docs/*.md"), *ROOT.glob("*.md")]
    library = Path(sysconfig.get_paths()["stdlib"])
    files = [*sorted(own), *sorted(library.glob("*.py")), *sorted(library.glob("*/*.py"))]
    parts, total = [], 0
    for path in files:
        parts.append(path.read_text(encoding="utf-8", errors="replace"))
        total += len(parts[-1])
        if total >= size:
            break
    return "".join(parts)[:size]


def test_ordinary_text_is_left_alone(redactor: Redactor) -> None:
    """At most a thousandth of 10 MB of real text is taken for a secret."""
    text = ordinary(10_000_000)
    assert len(text) == 10_000_000
    left = redactor.clean(text)
    lost = len(text) - (len(left) - len(REDACTED) * left.count(REDACTED))
    assert lost / len(text) <= 0.001


SHAPES = [
    "sk-ant-api03-" + "a1B2" * 10,
    "gho_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 10,
    "glpat-" + "a1B2" * 5,
    "AKIA" + "ABCD1234" * 2,
    "xoxb-" + "1234-abcd" * 3,
    "npm_" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.abcdefghijk",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\\nMIIE\\nabc=\\n-----END PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz",
]


@pytest.mark.parametrize("token", SHAPES)
def test_what_looks_like_a_token_goes_as_well(token: str) -> None:
    """A token that nobody told us of is known by its shape."""
    assert Redactor([]).clean(f"found {token}, and more") == f"found {REDACTED}, and more"


@settings(deadline=None, max_examples=200)
@given(
    secret=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=12),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
def test_any_secret_goes_whole(secret: str, before: str, after: str) -> None:
    """Of any secret and any text around it; and cleaning again changes nothing."""
    redactor = Redactor([secret])
    left = redactor.clean(before + secret + after)
    assert secret not in left.replace(REDACTED, "")
    assert redactor.clean(left) == left


def test_short_and_plain_secrets_go_as_a_whole_and_not_in_pieces() -> None:
    """A secret of 6 characters counts, one of 5 does not, and `=====` is nobody's secret."""
    redactor = Redactor(["hunter2", "abcde", "=" * 20 + "x1y2"])
    assert redactor.clean("hunter2 hunter abcde 2retnuh") == f"{REDACTED} hunter abcde {REDACTED}"
    assert redactor.clean("=" * 15) == "=" * 15


def test_values_are_cleaned_before_they_become_json() -> None:
    """Every text inside goes through, keys too, and what comes out is still a value."""
    secret = SECRETS[5]
    value = {"a": [1, secret, (secret, None)], secret: {"b": True}}
    left = Redactor([secret]).clean_all(value)
    assert left == {"a": [1, REDACTED, (REDACTED, None)], REDACTED: {"b": True}}


def test_a_redactor_does_not_show_what_it_knows() -> None:
    """Its own repr is no leak."""
    assert repr(Redactor(SECRETS)) == "Redactor(hidden)"
