from __future__ import annotations

import dataclasses
import json
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.event import (
    Event,
    IssueSettled,
    RunStarted,
    Warned,
    decode,
    encode,
)

KINDS = get_args(Event)
TEXT = st.text(alphabet=st.characters(codec=None), max_size=20)
VALUES = {
    str: TEXT,
    int: st.integers(),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    tuple[str, ...]: st.lists(TEXT, max_size=3).map(tuple),
}


def events(kind: type) -> st.SearchStrategy:
    hints = get_type_hints(kind)
    return st.builds(
        kind, **{field.name: VALUES[hints[field.name]] for field in dataclasses.fields(kind)}
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_comes_back_from_json(kind: type) -> None:
    @settings(deadline=None, max_examples=25)
    @given(events(kind))
    def check(event: Event) -> None:
        name, fields = encode(event)
        assert name == kind.__name__
        assert decode(name, json.loads(json.dumps(fields))) == event

    check()


def test_encoding_gives_a_copy() -> None:
    event = Warned(text="x")
    encode(event)[1]["text"] = "y"
    assert event == Warned(text="x")


def test_an_unknown_kind_is_nothing() -> None:
    assert decode("Teleported", {"text": "x"}) is None


def test_an_unknown_field_is_passed_over() -> None:
    assert decode("Warned", {"text": "x", "colour": "red"}) == Warned(text="x")


def test_a_missing_field_takes_its_default_where_there_is_one() -> None:
    _, fields = encode(IssueSettled(issue="1", reopened=0, state="closed", commit="c"))
    del fields["waits"]
    assert decode("IssueSettled", fields).waits is False


def test_an_event_that_lacks_what_it_needs_is_nothing() -> None:
    assert decode("Warned", {}) is None
    assert decode("RunStarted", {"project": "x"}) is None
    assert RunStarted.__name__ in {kind.__name__ for kind in KINDS}
