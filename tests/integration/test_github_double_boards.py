"""The double's boards (Projects v2), held against what GitHub is known to do."""

from __future__ import annotations

from typing import Any

import pytest

from framework.rehearsal.github import deeds, graphql, schema
from framework.rehearsal.github.graphql_automation import automate
from tests.integration.double_hub import ITEMS, MISSING, PLACE, Hub

pytestmark = pytest.mark.skipif(not schema.installed(PLACE), reason=MISSING)


@pytest.fixture
def hub() -> Hub:
    return Hub()


def test_a_new_board_has_githubs_default_options(hub: Hub) -> None:
    """The same option ids on every board: they are unique inside their field only."""
    (first, status, options), (second, other, again) = hub.board(), hub.board()
    assert options == again == {"Todo": "f75ad846", "In Progress": "47fc9ee4", "Done": "98236657"}
    assert (first, status) != (second, other)
    boards = hub.read(
        '{ repository(owner: "ada", name: "shop") { projectsV2(first: 5) { nodes { number } } } }'
    )
    assert boards["repository"]["projectsV2"]["nodes"] == [{"number": 2}, {"number": 1}]


def test_adding_twice_is_one_card(hub: Hub) -> None:
    """addProjectV2ItemById answers the card that is there."""
    board, *_ = hub.board()
    id_ = hub.issue()
    assert hub.card(board, id_) == hub.card(board, id_)
    assert hub.read(ITEMS, p=board)["node"]["items"]["totalCount"] == 1


def test_a_fresh_issue_may_not_be_found_yet(hub: Hub) -> None:
    """With the fault `missing` the board does not know the new issue: NOT_FOUND."""
    board, *_ = hub.board()
    text = "mutation($i: AddProjectV2ItemByIdInput!) { m0: addProjectV2ItemById(input: $i) "
    given = {"projectId": board, "contentId": hub.issue()}
    _, _, body = graphql.answer(
        hub.store, hub.token, text + "{ item { id } } }", {"i": given}, missing=True, at=PLACE
    )
    assert (body["errors"][0]["type"], body["errors"][0]["path"]) == ("NOT_FOUND", ["m0"])


@pytest.mark.parametrize(
    "value",
    [
        {"text": "Todo"},
        {"singleSelectOptionId": "nonsense"},
        {"singleSelectOptionId": "f75ad846", "text": "Todo"},
        {},
    ],
)
def test_values_are_checked_exactly(hub: Hub, value: dict[str, str]) -> None:
    """A value is one of the field's own kind, of an option of that field; else nothing changes."""
    board, status, _ = hub.board()
    card = hub.card(board, hub.issue())
    assert hub.put(board, card, status, **value) in ("UNPROCESSABLE", "INVALID")
    assert hub.status(board) is None


def test_a_card_belongs_to_its_board(hub: Hub) -> None:
    """A card, or a field, of another board is NOT_FOUND."""
    (mine, status, options), (other, foreign, _) = hub.board(), hub.board()
    card = hub.card(mine, hub.issue())
    value = {"singleSelectOptionId": options["Done"]}
    assert hub.put(other, card, foreign, **value) == "NOT_FOUND"
    assert hub.put(mine, card, foreign, **value) == "NOT_FOUND"
    assert hub.put(mine, card, status, **value) == {"projectV2Item": {"id": card}}


def test_options_are_overwritten(hub: Hub) -> None:
    """With their ids options keep their cards under a new name; without, every card loses its
    value, even where the name is the old one; an empty list changes nothing."""
    board, status, options = hub.board()
    card = hub.card(board, hub.issue())
    hub.put(board, card, status, singleSelectOptionId=options["Todo"])
    plain = {"color": "GRAY", "description": ""}

    def overwrite(*given: dict[str, str]) -> Any:
        select = "{ projectV2Field { ... on ProjectV2SingleSelectField { options { id name } } } }"
        return hub.do(
            "updateProjectV2Field", select, fieldId=status, singleSelectOptions=list(given)
        )

    overwrite()
    assert hub.status(board) == "Todo"
    overwrite({"id": options["Todo"], "name": "Later", **plain}, {"name": "New", **plain})
    assert hub.status(board) == "Later"
    assert overwrite({"id": "00000000", "name": "X", **plain}) == "UNPROCESSABLE"
    overwrite({"name": "Later", **plain})
    assert hub.status(board) is None


def test_an_enterprise_server_knows_no_option_ids(hub: Hub) -> None:
    """There the `id` of an option is refused, by its path in the variable."""
    _, status, options = hub.board()
    hub.store.profile = "ghes"
    option = {"id": options["Todo"], "name": "Later", "color": "GRAY", "description": ""}
    text = """mutation($i: UpdateProjectV2FieldInput!) {
      updateProjectV2Field(input: $i) { clientMutationId } }"""
    (error,) = hub.ask(text, i={"fieldId": status, "singleSelectOptions": [option]})["errors"]
    where = ["singleSelectOptions", "0", "id"]
    why = "Field is not defined on ProjectV2SingleSelectFieldOptionInput"
    assert error["extensions"] == {"problems": [{"path": where, "explanation": why}]}


def test_filters_of_a_board(hub: Hub) -> None:
    """-status:Done leaves out, and a name that is no option finds nothing without an error."""
    board, status, options = hub.board()
    for title in ("one", "two"):
        card = hub.card(board, hub.issue(title))
    hub.put(board, card, status, singleSelectOptionId=options["In Progress"])

    def found(query: str) -> list[int]:
        nodes = hub.read(ITEMS, p=board, query=query)["node"]["items"]["nodes"]
        return [one["content"]["number"] for one in nodes]

    assert found('-status:"In Progress"') == [1]
    assert found('status:"In Progress",Done') == [2]
    assert found("status:Renamed") == []
    assert found("no:status is:open") == [1]


def test_archived_cards_are_not_listed(hub: Hub) -> None:
    """They are found by their id, and adding the issue again gives the same card."""
    board, *_ = hub.board()
    id_ = hub.issue()
    card = hub.card(board, id_)
    hub.do("archiveProjectV2Item", "{ item { isArchived } }", projectId=board, itemId=card)
    assert hub.read(ITEMS, p=board)["node"]["items"]["nodes"] == []
    text = "query($id: ID!) { node(id: $id) { ... on ProjectV2Item { isArchived } } }"
    assert hub.read(text, id=card)["node"] == {"isArchived": True}
    assert hub.card(board, id_) == card


def test_order_draft_and_removal(hub: Hub) -> None:
    """A card goes to the top or behind another; a draft is a card; a deleted card is gone."""
    board, *_ = hub.board()
    one, two = hub.card(board, hub.issue("one")), hub.card(board, hub.issue("two"))
    select = "{ items(first: 5) { nodes { id } } }"
    moved = hub.do("updateProjectV2ItemPosition", select, projectId=board, itemId=two)
    assert [node["id"] for node in moved["items"]["nodes"]] == [two, one]
    select = "{ projectItem { id type content { ... on DraftIssue { title } } } }"
    made = hub.do("addProjectV2DraftIssue", select, projectId=board, title="Idea")["projectItem"]
    assert (made["type"], made["content"]) == ("DRAFT_ISSUE", {"title": "Idea"})
    gone = {"projectId": board, "itemId": made["id"]}
    select = "{ deletedItemId }"
    assert hub.do("deleteProjectV2Item", select, **gone) == {"deletedItemId": made["id"]}
    assert hub.do("deleteProjectV2Item", select, **gone) == "NOT_FOUND"


def test_fields_of_a_board(hub: Hub) -> None:
    """Made once per name, reserved names refused, every kind keeps its own kind of value."""
    board, *_ = hub.board()
    card = hub.card(board, hub.issue())
    select = "{ projectV2Field { ... on ProjectV2FieldCommon { id } } }"

    def make(name: str, kind: str) -> Any:
        return hub.do("createProjectV2Field", select, projectId=board, name=name, dataType=kind)

    agent = make("Agent", "TEXT")["projectV2Field"]["id"]
    day = make("Due", "DATE")["projectV2Field"]["id"]
    assert make("agent", "TEXT") == make("Assignees", "TEXT") == "UNPROCESSABLE"
    assert hub.put(board, card, agent, text="") == "UNPROCESSABLE"
    assert hub.put(board, card, day, date="tomorrow") == "INVALID"
    hub.put(board, card, agent, text="agent-1")
    clear = {"projectId": board, "itemId": card, "fieldId": agent}
    text = """query($id: ID!) { node(id: $id) { ... on ProjectV2Item {
      fieldValueByName(name: "Agent") { ... on ProjectV2ItemFieldTextValue { text } } } } }"""
    assert hub.read(text, id=card)["node"]["fieldValueByName"] == {"text": "agent-1"}
    hub.do("clearProjectV2ItemFieldValue", "{ projectV2Item { id } }", **clear)
    assert hub.read(text, id=card)["node"]["fieldValueByName"] is None


def test_scopes_of_boards(hub: Hub) -> None:
    """Reading boards wants read:project, changing them project; GitHub tells it with status 200."""
    board, *_ = hub.board()
    reader = hub.store.add_token("ghp_r", "ada", scopes=frozenset({"repo", "read:project"}))
    nobody = hub.store.add_token("ghp_n", "ada", scopes=frozenset({"repo"}))
    body = hub.ask(ITEMS, nobody, p=board)
    assert body["errors"][0]["type"] == "INSUFFICIENT_SCOPES"
    assert "['read:project']" in body["errors"][0]["message"]
    assert "errors" not in hub.ask(ITEMS, reader, p=board)
    refused = hub.do("deleteProjectV2", "{ projectV2 { id } }", reader, projectId=board)
    assert refused == "INSUFFICIENT_SCOPES"


def test_fine_grained_tokens_see_no_boards_of_users(hub: Hub) -> None:
    """They are told of an empty list, and of no board by its number: no error that says why."""
    board, *_ = hub.board()
    fine = hub.store.add_token("github_pat_1", "ada", scopes=None, permissions={"issues": "write"})
    text = "{ viewer { projectsV2(first: 5) { totalCount } } }"
    assert hub.ask(text, fine) == {"data": {"viewer": {"projectsV2": {"totalCount": 0}}}}
    hidden = hub.ask("query($p: ID!) { node(id: $p) { id } }", fine, p=board)
    assert hidden["errors"][0]["type"] == "NOT_FOUND"
    assert hub.ask("{ viewer { projectV2(number: 1) { id } } }", fine)["errors"][0]["type"] == (
        "NOT_FOUND"
    )
    owner = hub.store.add_user("ada").node
    made = hub.do("createProjectV2", "{ projectV2 { id } }", fine, ownerId=owner, title="B")
    assert made == "FORBIDDEN"


def test_the_built_in_workflow(hub: Hub) -> None:
    """On in a new board: a closed issue's card goes to Done, once; a later move stands."""
    board, status, options = hub.board()
    card = hub.card(board, hub.issue())
    deeds.close(hub.store, hub.repo.issues[1], "ada")
    assert hub.status(board) == "Done"
    hub.put(board, card, status, singleSelectOptionId=options["Todo"])
    assert hub.status(board) == "Todo"


def test_the_built_in_workflow_can_be_off(hub: Hub) -> None:
    """Then a closed issue's card stays where it is."""
    board, *_ = hub.board()
    automate(hub.store, board, on=False)
    hub.card(board, hub.issue())
    deeds.close(hub.store, hub.repo.issues[1], "ada")
    assert hub.status(board) is None
