from __future__ import annotations

import os
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.identifier import slug

NASTY = st.sampled_from(
    ["", ".", "..", "-", "@", "a.lock", "HEAD", "a/b", "a\x00b", "a~1", "a^", "@{", "\ud800", "é"]
)
TEXTS = st.one_of(
    st.text(alphabet=st.characters(codec=None), max_size=100),
    st.text(alphabet="aA0-_./\\ \n", max_size=6),
    NASTY,
    NASTY.map(slug),
)


@settings(deadline=None, max_examples=400)
@given(left=TEXTS, right=TEXTS)
def test_different_texts_have_different_slugs(left: str, right: str) -> None:
    assert (slug(left) == slug(right)) == (left == right)


@settings(deadline=None, max_examples=400)
@given(TEXTS)
def test_a_slug_is_a_short_plain_word(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[0-9a-f]{16})?", slug(text))
    assert len(slug(text)) <= 80


@pytest.mark.parametrize("identifier", ["1", "42", "ABC-12", "a_b", "x" * 80])
def test_ordinary_identifiers_stay_themselves(identifier: str) -> None:
    assert slug(identifier) == identifier


@pytest.mark.parametrize("identifier", ["a.b", "1\n", "-rf", "x" * 81, slug("../x")])
def test_anything_else_carries_a_hash(identifier: str) -> None:
    assert slug(identifier) != identifier
    assert "." in slug(identifier)


COMPONENT = re.compile(
    r"(?!.*(?:\.\.|@\{|\.lock$|\.$))[^\x00-\x20\x7f~^:?*\[\\/.@-][^\x00-\x20\x7f~^:?*\[\\/]*"
)
"""What git-check-ref-format(1) allows between two slashes, and no beginning of an option."""


@settings(deadline=None, max_examples=5000)
@given(TEXTS)
def test_five_thousand_texts_stay_inside_their_root_and_are_refs(text: str) -> None:
    """Whatever a tracker calls an issue, its path is below the root and its ref is one."""
    assert os.path.dirname(os.path.normpath(f"/clones/{slug(text)}")) == "/clones"
    assert COMPONENT.fullmatch(slug(text))


def test_more_than_five_thousand_texts_share_no_slug() -> None:
    """Injective over a large set at once, not only pair by pair."""
    letters = ("a", "A", "-", ".", "/", "_", "0", " ", "\x00", "é")
    texts = {"".join(one) for size in range(5) for one in product(letters, repeat=size)}
    assert len(texts) > 5000
    assert len({slug(one) for one in texts}) == len(texts)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_and_the_file_system_take_every_slug(tmp_path: Path) -> None:
    texts = ["", ".", "..", "-", "@", "@{", "a.lock", "../x", "a\nb", "\ud800", "é", "x" * 500, "_"]
    slugs = [slug(text) for text in texts]
    for name in slugs:
        subprocess.run(["git", "check-ref-format", f"refs/landed/{name}/0"], check=True)
        subprocess.run(
            ["git", "check-ref-format", "--branch", f"agent/{name}-e1"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (tmp_path / name).touch(exist_ok=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(slugs)
