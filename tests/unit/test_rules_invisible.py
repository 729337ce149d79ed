"""Files that read otherwise than they run are refused; other scripts and emoji land."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.constitution import judge
from framework.domain.filechange import FileChange

SECRET = "".join(chr(0xE0000 + ord(one)) for one in "rm -rf")
STYLES = "".join(chr(0xE0100 + ord(one)) for one in "eval")
WALES = "\U0001f3f4" + "".join(chr(0xE0000 + ord(one)) for one in "gbwls") + "\U000e007f"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

HIDING = [
    *("a.py", "src/a.js", "a.c", "README.md", "data.json", "a.txt", "locale/de.py"),
    *("Makefile", "run", "locale/de.json", "po/ar.po"),
]
TURNED = {
    "trojan source": 'if level != "user\u202e \u2066// admin\u2069 \u2066":',
    "tags": f"x = 1 {SECRET}",
    "variation selectors": f"x = '\U0001f600{STYLES}'",
    "an override": "x = '\u202d1'",
}
NARROW = {
    "space": "ad\u200bmin = 1",
    "joiner": "ad\u200dmin = 1",
    "word joiner": "x = 'a\u2060b'",
    "mark in the middle": "x = 'a\ufeffb'",
    "mark of direction": "x = 'a\u200fb'",
    "two joiners": "x = 'می\u200c\u200cخواهم'",
}
FREE = {
    "byte order mark": ("a.cs", "\ufeffclass A {}"),
    "family": ("a.py", f"x = '{FAMILY}'"),
    "flag of Wales": ("a.py", f"x = '{WALES}'"),
    "heart": ("a.py", "x = '\u2764\ufe0f'"),
    "Persian": ("a.py", "x = 'می\u200cخواهم'"),
    "a word that ends with a joiner": ("ku.js", "'یه\u200c_دوو\u200c'"),
    "Hindi": ("a.py", "x = 'क\u094d\u200dष'"),
    "mark beside Hebrew": ("a.py", "x = 'שלום\u200f (1)'"),
    "Thai": ("a.py", "x = 'ภาษา\u200bไทย'"),
    "isolates in Arabic prose": ("README.md", "كلمة \u2067abc\u2069 كلمة"),
    "translation": ("locale/ar/a.po", 'msgstr "\u202b%s\u202c \u200e"'),
    "translation as JSON": ("src/i18n/he.json", '{"a": "\u2067{0}\u2069"}'),
    "locale as source": ("packages/common/locales/fa.ts", "export default ['\u200e+', '\u200e-'];"),
    "Android": ("res/values-ar/strings.xml", "<string>\u200f%s\u200e</string>"),
    "copied prose": ("README.md", "See\u200b this."),
    "scraped data": ("data.json", '{"a": "x\u200by"}'),
    "escapes": ("a.py", r"x = '\u202e'"),
    "binary": ("a.bin", "\0\u202e"),
    "another encoding": ("a.txt", "\ufffd\u202e \ufffd\ufffd"),
    "soft hyphen": ("a.html", "Donau\u00addampf"),
}


def refused(path: str, after: str, before: str | None = None) -> tuple[str, ...]:
    old = "000000" if before is None else "100644"
    change = FileChange(
        path=path, old_mode=old, new_mode="100644", before=before or "", after=after
    )
    return judge([change], expected=(path,), claimed=frozenset())


@pytest.mark.parametrize("path", HIDING)
@pytest.mark.parametrize("kind", TURNED)
def test_text_that_reads_otherwise_than_it_runs_is_refused(path: str, kind: str) -> None:
    """In source, prose, data and translations; the reason names the character harmlessly."""
    (reason,) = refused(path, TURNED[kind])
    assert "U+" in reason
    assert reason.isascii()


@pytest.mark.parametrize("kind", NARROW)
def test_source_holds_nothing_without_a_width(kind: str) -> None:
    """In identifiers and in strings, by its suffix or its first line."""
    assert "nobody sees" in refused("a.py", NARROW[kind])[0]
    assert "nobody sees" in refused("run", "#!/bin/sh\n" + NARROW[kind])[0]


@pytest.mark.parametrize("kind", FREE)
def test_other_scripts_emoji_and_translations_land(kind: str) -> None:
    """What people write for honest reasons."""
    assert refused(*FREE[kind]) == ()


def test_only_what_is_new_counts() -> None:
    """What the target held may stay, move and go; one more may not come."""
    old = "x = 'a\u202eb'\n"
    assert refused("a.py", "y = 1\n" + old, old) == ()
    assert refused("a.py", "", old) == ()
    assert refused("a.py", old + old, old)


@given(st.text(), st.text(), st.sampled_from(["a.py", "a.md", "a.po", "i18n/a.json"]))
def test_any_text_is_judged(before: str, after: str, path: str) -> None:
    """No characters make the rule fail, and its reason can be shown anywhere."""
    assert all(one.isascii() for one in refused(path, after, before))


@pytest.mark.parametrize("piece", ["\u202e", "\ufe0f", "\u200d", "\U000e0061", "é", "\U0001f3f4"])
def test_no_text_keeps_the_rule_busy(piece: str) -> None:
    """A third of a million of one character is read in one go."""
    assert isinstance(refused("a.py", piece * 300_000), tuple)
