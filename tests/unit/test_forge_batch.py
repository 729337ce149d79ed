"""What follows from the answer to one mutation."""

from __future__ import annotations

import pytest

from framework.domain.errors import ForgeRefused, TrackerUnavailable, Unsure
from framework.domain.trouble import RULES, Kind, Trouble
from framework.forge.batch import Done, Failed, Unknown, sure


def test_what_was_done_gives_its_data() -> None:
    """Just that."""
    assert sure(Done(data={"id": 1})) == {"id": 1}


def test_of_a_lost_answer_nobody_is_sure() -> None:
    """It may have been done."""
    with pytest.raises(Unsure, match="lost"):
        sure(Unknown(why="lost"))


@pytest.mark.parametrize("kind", Kind)
def test_a_refusal_is_for_now_only_where_waiting_helps(kind: Kind) -> None:
    """A token that expired is refused, and no reason to try again."""
    expected = ForgeRefused if RULES[kind].wait is None else TrackerUnavailable
    with pytest.raises(expected, match="no") as caught:
        sure(Failed(trouble=Trouble(kind=kind), code="X", why="no"))
    assert isinstance(caught.value, ForgeRefused) == (RULES[kind].wait is None)
    assert isinstance(caught.value, ForgeRefused) or kind is not Kind.AUTHENTICATION
