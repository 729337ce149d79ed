"""What the text index is told is read by FTS5 as our own words are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from framework.domain.issue import Change, Draft
from framework.domain.query import Query, Words, words
from framework.trackers._words import _misread, indexed
from framework.trackers.sqlite import SqliteTracker

ODD = (
    "ßİŉǰ\u0301\u0308\u0345\u200d\ufe0fﬁ🤖\U0001e900\ua7ae\u1c80\u10a0ǂ_ \n\x00aA0²½ΣςσЖ漢かア한ﬀ'-"
)
texts = st.text(st.sampled_from(ODD), max_size=12) | st.text(max_size=12)


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory):
    path: Path = tmp_path_factory.mktemp("words") / "issues.db"
    with closing(SqliteTracker(path)) as tracker:
        tracker.create(Draft(title=""))
        yield tracker


@settings(
    deadline=None, max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts, texts, texts, st.booleans())
@example("straße", "", "STRASSE", False)
@example("nai\u0308ve", "", "nai ve", False)
@example("a🤖b", "", "a b", True)
@example("ab\U0001e900cd", "", "ab cd", False)
@example("ǂ61", "", "ǂ61", False)
@example("ß", "", "ǂ7373", False)
@example("a\x00b", "", "b", False)
def test_the_text_index_finds_what_the_words_say(tracker, title, body, wanted, negated) -> None:
    """For any text, after any change of it, and for any part of a text sought for."""
    issue = tracker.update("1", Change(title=title, body=body))
    for text in (wanted, title[1:], body[:3], f"{title} {body}"):
        query = Query(where=(Words(text=text, negated=negated),))
        assert bool(tracker.list(query)) is query.matches(issue), query
        assert tracker.count(query) == query.matches(issue)


def test_every_character_that_is_told_as_it_is_means_the_same_to_both() -> None:
    """Each in the middle of a word and at its end; its small letters are told as they are too."""
    plain = [chr(code) for code in range(0x110000) if not _misread().match(chr(code))]
    plain = [char for char in plain if not "\ud800" <= char <= "\udfff"]
    assert len(plain) > 33_000
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE found USING fts5(text, tokenize ="
            " \"unicode61 remove_diacritics 0 categories 'L* N*'\")"
        )
        connection.execute("CREATE VIRTUAL TABLE seen USING fts5vocab(found, instance)")
        connection.executemany(
            "INSERT INTO found (rowid, text) VALUES (?, ?)",
            ((ord(char) + 1, f"a{char}b c{char}") for char in plain),
        )
        read: dict[int, list[tuple[int, str]]] = {}
        for term, row, place in connection.execute("SELECT term, doc, offset FROM seen"):
            read.setdefault(row, []).append((place, term))
    for char in plain:
        assert not _misread().search(char.casefold())
        told = [term for _, term in sorted(read[ord(char) + 1])]
        assert told == words(f"a{char}b c{char}"), hex(ord(char))


@pytest.mark.parametrize(
    "text", ["plain", "Ünïcödé и ещё", "漢字 かな 한글", "a — b … “c”", "5 € ²"]
)
def test_ordinary_texts_are_told_as_they_are(text: str) -> None:
    """Only what is odd costs a second copy."""
    assert indexed(text) is None


def test_a_word_beyond_the_limit_of_fts5_is_still_told_apart(tmp_path: Path) -> None:
    """Two words that differ only behind the place where FTS5 cuts are two."""
    long = "x" * 40_000
    with closing(SqliteTracker(tmp_path / "issues.db")) as tracker:
        first = tracker.create(Draft(title="a", body=f"{long}y z"))
        tracker.create(Draft(title="b", body=f"{long}w z"))
        assert list(tracker.list(Query(where=(Words(text=f"{long}Y Z"),)))) == [first]
