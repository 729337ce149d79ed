"""Secrets in disguise are refused; what only resembles one lands."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.constitution import judge
from framework.domain.filechange import FileChange
from framework.domain.tokenshape import tokens

GITHUB = "".join(("ghp_", "a1B2c3D4e5F6" * 3))
AMAZON = "".join(("AKIA", "A1B2C3D4E5F6G7H8"))
HEADER = "".join(("-----BEGIN RSA ", "PRIVATE KEY-----"))
KEY = f"{HEADER}\\n{'MIIEpAIBAAKCAQEA' * 3}"
HEAD, TAIL = GITHUB[:9], GITHUB[9:]

ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
SPLIT = {
    "python, plus": f'x = "{HEAD}" + "{TAIL}"',
    "python, adjacent": f"x = '{HEAD}' '{TAIL}'",
    "python, other quotes": f"x = '{HEAD}' \"{TAIL}\"",
    "python, no blank": f"x = '{HEAD}''{TAIL}'",
    "python, over lines": f'x = (\n    "{HEAD}"\n    "{TAIL}"\n)',
    "python, kinds": f'x = f"{HEAD}" rb"{TAIL}"',
    "python, line goes on": f'x = "{HEAD}" \\\n    "{TAIL}"',
    "inside a literal": f'x = "{HEAD}\\\n{TAIL}"',
    "in the prefix": f'x = "{HEAD[:2]}" + "{HEAD[2:]}" + "{TAIL}"',
    "javascript": f"const x = `{HEAD}` +\n  '{TAIL}';",
    "php": f"$x = '{HEAD}' . '{TAIL}';",
    "lua": f'x = "{HEAD}" .. "{TAIL}"',
    "haskell": f'x = "{HEAD}" <> "{TAIL}"',
    "basic": f'x = "{HEAD}" & "{TAIL}"',
    "nothing between": f'x = "{HEAD}" "" "{TAIL}"',
}
HONEST = {
    "a table of prefixes": '("ghp_", "gho_", "ghu_", "ghs_", "github_pat_", "AKIA", "ASIA")',
    "prose": f"A token begins with ghp_ and has {'many letters ' * 9}after it.",
    "a list of words": "words = ['sk-', 'ghp_'," + "'alpha', " * 20 + "]",
    "a repeated placeholder": '"ghp_" + "x" * 36',
    "a variable": 'token = "ghp_" + os.environ["TOKEN_OF_GITHUB_THAT_IS_LONG_ENOUGH_FOR_IT"]',
    "encoded text": b64encode(
        b"Nothing but words, and many of them, one after the other."
    ).decode(),
    "an encoded placeholder": b64encode(b"ghp_" + b"x" * 36).decode(),
    "a hash": "sha512-" + b64encode(bytes(range(64))).decode(),
    "a certificate": "-----BEGIN CERTIFICATE-----\n" + b64encode(bytes(range(250))).decode(),
    "a reader of keys": f'if text.startswith("{HEADER}"):\n    read(text)\n' + "more()\n" * 60,
    "a placeholder of a key": f"{HEADER}\n{'X' * 64}\n{'X' * 64}\n",
    "a public key": "-----BEGIN PUBLIC KEY-----",
    "a long path": "a/very/long/path/of/directories/that/are/all/there/in/the/project/src",
}


def refused(after: str, before: str = "") -> tuple[str, ...]:
    old = "100644" if before else "000000"
    change = FileChange(path="a/b.txt", old_mode=old, new_mode="100644", before=before, after=after)
    return judge([change], expected=("a/b.txt",), claimed=frozenset())


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("secret", [GITHUB, AMAZON, KEY])
def test_secrets_are_read_in_wide_encodings(encoding: str, secret: str) -> None:
    """With a byte order mark or without, as the hub hands on such a file."""
    text = f"x = '{secret}'\n".encode(encoding).decode("utf-8", "replace")
    assert "holds a" in refused(text)[0]


@pytest.mark.parametrize("kind", SPLIT)
def test_a_token_in_pieces_is_a_token(kind: str) -> None:
    """However the language puts literals together."""
    assert "GitHub" in refused(SPLIT[kind])[0]


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("secret", [GITHUB, AMAZON, f"{KEY}\nabc", "sk-ant-" + GITHUB[4:]])
@pytest.mark.parametrize("lead", ["", "u:", "x-access-token:"])
@pytest.mark.parametrize("tail", ["", "\n", "!!"])
def test_an_encoded_token_is_a_token(encode, secret: str, lead: str, tail: str) -> None:
    """Whatever stands beside it in what was encoded, padded or not."""
    encoded = encode(f"{lead}{secret}{tail} ... {tail}".encode()).decode()
    for text in (encoded, f'"{encoded}"', f"KEY={encoded.rstrip('=')}\n"):
        assert "holds a" in refused(text)[0]


def test_letters_of_other_scripts_do_not_hide_a_token() -> None:
    """They are no part of it."""
    assert refused(f"密{GITHUB}密")


@pytest.mark.parametrize("kind", HONEST)
def test_what_only_resembles_a_disguise_lands(kind: str) -> None:
    """Tables of prefixes, prose, hashes, encoded text without a secret."""
    assert refused(HONEST[kind]) == ()


def test_what_the_target_knew_in_any_form_is_not_new() -> None:
    """A token that stood there in pieces may stand there whole."""
    assert refused(f"x = '{GITHUB}'", SPLIT["python, plus"]) == ()


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content: bytes) -> None:
    """No content makes the search fail."""
    assert isinstance(tokens(content.decode("utf-8", "replace")), dict)


@given(st.text("ghp_'\"+ \\\n=aZ19/-", max_size=300))
def test_what_is_found_is_in_the_text(text: str) -> None:
    """A token is made of characters of the text, never made up."""
    assert all(set(one) <= set(text.encode()) for one in tokens(text) if len(one) < 40)


PIECES = [
    "sk-",
    "ghp_ ",
    '"',
    '" ',
    "\\",
    "\\\n",
    "'' ",
    "A" * 39 + " ",
    "A" * 40 + " ",
    "\0g",
    "+'",
]


STARTS = ["sk-ant-", "sk-proj-", "xoxb-", "glpat-", "pypi-", "xask-ant-", "sk-ant-EXAMPLE-"]


@pytest.mark.parametrize(
    "piece", [*PIECES, *STARTS, "-----BEGIN ", "-----BEGIN A ", "A "], ids=repr
)
def test_no_text_keeps_the_search_busy(piece: str) -> None:
    """Five megabytes of whatever is repeated are read in one go; it would take hours otherwise,
    and what is kept of them is no more than they are."""
    text = "-----BEGIN " + piece * (5_000_000 // len(piece)) + '"'
    found = tokens(text)
    assert sum(map(len, found)) <= len(text)


def test_a_token_behind_an_example_is_a_token() -> None:
    """Neither what says it is an example nor what goes on behind a token hides another."""
    mine = "sk-ant-" + GITHUB[4:]
    assert refused(f"sk-ant-{'x' * 40}-EXAMPLE-{mine}")
    assert refused(f"{mine}{'-' * 600}example")
    assert refused(f"{mine}-{'_' * 600}{mine}x")
