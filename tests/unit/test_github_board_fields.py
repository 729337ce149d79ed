"""The fields of the board on GitHub: found again, completed, never overwritten."""

from __future__ import annotations

from framework.domain.issue import State
from framework.trackers.github.board_fields import (
    PRIORITY,
    STATUS,
    Field,
    Option,
    as_input,
    completed,
    find,
    learn,
    missing,
)

TODO = Option(id="f75ad846", name="Todo", color="PINK", description="mine")
DOING = Option(id="47fc9ee4", name="In Progress", color="YELLOW")
DONE = Option(id="98236657", name="Done", color="PURPLE")
DEFAULT = Field(id="F", name="Status", kind="SINGLE_SELECT", options=(TODO, DOING, DONE))


def test_missing_columns_come_where_they_belong() -> None:
    """GitHub's three stay as they are, ours come between them."""
    known = learn(STATUS, DEFAULT, None)
    assert missing(STATUS, known) == ["Blocked", "In Review"]
    options = completed(STATUS, DEFAULT, known)
    names = [one.name for one in options]
    assert names == ["Todo", "In Progress", "Blocked", "In Review", "Done"]
    assert [one for one in options if one.id] == [TODO, DOING, DONE]


def test_options_that_stay_are_sent_with_their_ids() -> None:
    """Else all their cards would lose their column; a new one has none to send."""
    options = as_input(completed(STATUS, DEFAULT, learn(STATUS, DEFAULT, None)), with_ids=True)
    assert [one.get("id", "") for one in options] == [TODO.id, DOING.id, "", "", DONE.id]
    assert options[0] == {"id": TODO.id, "name": "Todo", "color": "PINK", "description": "mine"}
    bare = as_input([TODO], with_ids=False)
    assert bare == [{"name": "Todo", "color": "PINK", "description": "mine"}]


def test_a_renamed_column_is_known_by_its_id() -> None:
    """What people call it does not matter once we have used it."""
    known = learn(STATUS, DEFAULT, None)
    renamed = Option(id=TODO.id, name="Backlog")
    other = Option(id="new", name="Todo")
    field = Field(id="F", name="Stage", kind="SINGLE_SELECT", options=(renamed, DOING, DONE, other))
    assert find(STATUS, [field], known) == field
    again = learn(STATUS, field, known)
    assert again.options[State.OPEN] == TODO.id
    assert again.name == "Stage"
    assert again.meaning("new") is None


def test_names_are_compared_as_people_write_them() -> None:
    """`To-do` and `in progress` are ours; a field of another board is found by its name."""
    options = (Option(id="1", name="To-do"), Option(id="2", name="in progress"))
    field = Field(id="F", name="STATUS", kind="SINGLE_SELECT", options=options)
    assert find(STATUS, [field], None) == field
    assert learn(STATUS, field, None).options == {State.OPEN: "1", State.IN_PROGRESS: "2"}
    assert find(PRIORITY, [field], None) is None


def test_a_deleted_column_is_missing_again() -> None:
    """Its id is not to be used any more."""
    known = learn(STATUS, DEFAULT, None)
    field = Field(id="F", name="Status", kind="SINGLE_SELECT", options=(TODO, DONE))
    again = learn(STATUS, field, known)
    assert "In Progress" in missing(STATUS, again)
    assert [one.name for one in completed(STATUS, field, again)][:2] == ["Todo", "In Progress"]


def test_an_option_is_never_two_things() -> None:
    """One that was renamed to the name of another keeps its first meaning."""
    known = learn(STATUS, DEFAULT, None)
    as_blocked = Option(id=DOING.id, name="Blocked")
    field = Field(id="F", name="Status", kind="SINGLE_SELECT", options=(TODO, as_blocked, DONE))
    options = learn(STATUS, field, known).options
    assert options[State.IN_PROGRESS] == DOING.id
    assert State.BLOCKED not in options
