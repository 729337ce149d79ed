"""What GitHub cannot hold survives in its bodies, whatever people write around it."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from framework.trackers.github import marker
from framework.trackers.github.marker import Marker, marked, unmarked

MARKER = Marker(key="plan/1", needs=("3", "key:plan/0"), reopened=2, done=True)

texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["-->", "<!-- nightshift {} -->", "a\n\n", "\n", '<!-- nightshift {"key":"x"} -->\n', "<!--"]
)
markers = st.builds(
    Marker,
    number=st.none() | st.integers(1, 99),
    key=st.none() | texts,
    by=st.none() | texts,
    title=st.none() | texts,
    text=st.none() | texts,
    needs=st.lists(texts, max_size=2).map(tuple),
    labels=st.lists(texts, max_size=2).map(tuple),
    assignees=st.lists(texts, max_size=2).map(tuple),
    milestone=st.none() | texts,
    reopened=st.integers(0, 9),
    done=st.booleans(),
    counted=st.booleans(),
)


@given(texts, markers)
def test_any_text_and_any_marker_come_back(text: str, marker: Marker) -> None:
    """Also a text that ends a comment, or that looks like a marker itself."""
    body = marked(text, marker)
    assert unmarked(body) == (text, marker)
    hidden = body[len(text) :]
    assert hidden.count("-->") <= 1


def test_without_anything_to_hide_a_text_stays_as_it_is() -> None:
    """People's issues are not marked without need."""
    assert marked("text", Marker()) == "text"
    assert unmarked("text") == ("text", Marker())


def test_people_may_write_behind_the_marker_and_in_windows_lines() -> None:
    """The marker is found wherever it stands, and leaves no gap of its own."""
    body = marked("text", MARKER).replace("\n", "\r\n") + "\r\nmore"
    assert unmarked(body) == ("text\r\nmore", MARKER)


def test_of_several_markers_the_last_one_counts() -> None:
    """The first may be a text that was copied from another issue."""
    inner = marked("text", Marker(key="old"))
    assert unmarked(marked(inner, MARKER)) == (inner, MARKER)


def test_what_is_no_marker_is_text() -> None:
    """Broken JSON, another shape or a wrong type never raises."""
    for text in ("<!-- nightshift {x} -->", "<!-- nightshift [] -->", "<!-- nightshift -->"):
        assert unmarked(text) == (text, Marker())
    wrong = '<!-- nightshift {"key": 7, "needs": [1], "reopened": "2", "unknown": 1} -->'
    assert unmarked(wrong) == ("", Marker())


def test_all_that_is_written_is_read() -> None:
    """Each field has its kind: one that had none would be written, and never read again."""
    assert set(marker._KINDS) == {one.name for one in fields(Marker)}
    full = Marker(
        number=3,
        key="k",
        by="ann",
        title="t",
        text="x",
        needs=("1",),
        labels=("a",),
        assignees=("b",),
        milestone="m",
        reopened=2,
        done=True,
        counted=True,
    )
    assert unmarked(marked("Body", full)) == ("Body", full)
