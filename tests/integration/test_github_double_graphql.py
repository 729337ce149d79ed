"""The double's GraphQL, held against what GitHub is known to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from framework.domain.errors import UsageError
from framework.rehearsal.github import deeds, graphql, schema
from framework.rehearsal.github.graphql_execution import DEEDS, FIELDS
from tests.integration.double_hub import ITEMS, MISSING, PLACE, Hub

pytestmark = pytest.mark.skipif(not schema.installed(PLACE), reason=MISSING)


@pytest.fixture
def hub() -> Hub:
    return Hub()


def test_schema_is_asked_for_by_the_one_command(tmp_path: Path) -> None:
    """Without the schema the error names the command that brings it."""
    with pytest.raises(UsageError) as refused:
        schema.load(at=tmp_path)
    assert schema.COMMAND in str(refused.value)
    assert not schema.installed(tmp_path)


def test_enterprise_server_lacks_what_came_later(hub: Hub) -> None:
    """A client can tell the older server: dependencies and option ids are not in its schema."""
    text = (
        "query($id: ID!) { node(id: $id) { ... on Issue { blockedBy(first: 1) { totalCount } } } }"
    )
    id_ = hub.issue()
    assert hub.read(text, id=id_)["node"]["blockedBy"]["totalCount"] == 0
    hub.store.profile = "ghes"
    error = hub.ask(text, id=id_)["errors"][0]
    assert error["extensions"] == {
        "code": "undefinedField",
        "typeName": "Issue",
        "fieldName": "blockedBy",
    }


@pytest.mark.parametrize(
    ("selection", "kind"),
    [
        ("issues { nodes { id } }", "MISSING_PAGINATION_BOUNDARIES"),
        ("issues(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"),
        (
            "issues(first: 100) { nodes { labels(first: 100) { nodes { id repository { "
            "labels(first: 100) { totalCount } } } } } }",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
    ],
)
def test_connections_are_bounded(hub: Hub, selection: str, kind: str) -> None:
    """GitHub refuses lists without bounds, over 100, and half a million nodes, before it begins."""
    body = hub.ask(f'{{ repository(owner: "ada", name: "shop") {{ {selection} }} }}')
    assert body["errors"][0]["type"] == kind
    assert "data" not in body


def test_a_count_needs_no_bounds(hub: Hub) -> None:
    """Only how many there are may be asked without `first`, and a list of none with `first: 0`."""
    hub.issue()
    text = """{ repository(owner: "ada", name: "shop") {
      issues { totalCount } labels(first: 0) { totalCount nodes { name } } } }"""
    found = hub.read(text)["repository"]
    assert found == {"issues": {"totalCount": 1}, "labels": {"totalCount": 9, "nodes": []}}


def test_points_are_counted(hub: Hub) -> None:
    """A query costs its connections by the hundred, and rateLimit tells what is left."""
    text = """{ repository(owner: "ada", name: "shop") { issues(first: 100) { nodes {
      labels(first: 5) { nodes { name } } comments(first: 5) { nodes { id } } } } }
      rateLimit { cost remaining used nodeCount } }"""
    said = hub.read(text)["rateLimit"]
    assert said == {"cost": 2, "remaining": 4998, "used": 2, "nodeCount": 1100}


def test_used_up_points_are_told_with_status_200(hub: Hub) -> None:
    """The primary limit of GraphQL is an error in a good answer."""
    hub.store.limits.primary["graphql"] = 1
    hub.read("{ viewer { login } }")
    status, _, body = graphql.answer(hub.store, hub.token, "{ viewer { login } }", {}, at=PLACE)
    assert status == 200
    assert body["errors"][0]["type"] == "RATE_LIMITED"


def test_unknown_reads_are_refused_by_name(hub: Hub) -> None:
    """What the double does not know it does not answer with null."""
    body = hub.ask('{ repository(owner: "ada", name: "shop") { stargazerCount } }')
    assert body["errors"][0]["type"] == "NOT_IMPLEMENTED"
    assert "Repository.stargazerCount" in body["errors"][0]["message"]


def test_a_batch_is_not_atomic(hub: Hub) -> None:
    """Of aliased mutations each stands for itself, in order; a refused one is null."""
    good = {"repositoryId": hub.repo.node, "title": "Good", "clientMutationId": "x1"}
    bad = {"repositoryId": "R_nowhere", "title": "Bad"}
    body = hub.ask(
        """mutation($a: CreateIssueInput!, $b: CreateIssueInput!) {
          m0: createIssue(input: $a) { clientMutationId issue { number } }
          m1: createIssue(input: $b) { issue { number } }
          m2: createIssue(input: $a) { issue { number } } }""",
        a=good,
        b=bad,
    )
    assert body["data"] == {
        "m0": {"clientMutationId": "x1", "issue": {"number": 1}},
        "m1": None,
        "m2": {"issue": {"number": 2}},
    }
    (error,) = body["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["m1"])
    expected = "Could not resolve to a node with the global id of 'R_nowhere'"
    assert error["message"] == expected


def test_cursors_fit_one_list_only(hub: Hub) -> None:
    """Pages follow each other, and a cursor of another list is refused."""
    board, *_ = hub.board()
    for number in range(3):
        hub.card(board, hub.issue(f"No. {number}"))
    page = hub.read(ITEMS, p=board)["node"]["items"]
    assert [one["content"]["number"] for one in page["nodes"]] == [1, 2]
    cursor = page["pageInfo"]["endCursor"]
    rest = hub.read(ITEMS, p=board, after=cursor)["node"]["items"]
    assert [one["content"]["number"] for one in rest["nodes"]] == [3]
    text = """query($c: String) { repository(owner: "ada", name: "shop") {
      issues(first: 1, after: $c) { totalCount } } }"""
    assert hub.ask(text, c=cursor)["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


def test_issues_are_filtered_and_sorted(hub: Hub) -> None:
    """filterBy since, labels (any of them) and states; pull requests are no issues."""
    for title in ("one", "two", "three"):
        hub.issue(title)
    one, two, _ = hub.repo.issues.values()
    hub.store.clock.forward(timedelta(minutes=5))
    deeds.label(hub.store, two, ["Bug"], "ada")
    deeds.close(hub.store, one, "ada")
    text = """query($by: IssueFilters) { repository(owner: "ada", name: "shop") {
      issues(first: 9, filterBy: $by, orderBy: {field: UPDATED_AT, direction: DESC}) {
        nodes { number } } } }"""

    def found(**by: Any) -> list[int]:
        nodes = hub.read(text, by=by)["repository"]["issues"]["nodes"]
        return [one["number"] for one in nodes]

    assert found() == [2, 1, 3]
    assert found(since="2026-01-01T00:05:00Z") == [2, 1]
    assert found(labels=["bug", "nothing"]) == [2]
    assert found(states=["CLOSED"]) == [1]


def test_an_issue_tells_its_history(hub: Hub) -> None:
    """What eligibility needs: who labelled when, when the body was edited and by whom."""
    id_ = hub.issue()
    (issue,) = hub.repo.issues.values()
    hub.store.add_user("eve")
    deeds.label(hub.store, issue, ["approved"], "ada")
    hub.store.clock.forward(60)
    deeds.rewrite(hub.store, issue, "other words", "eve")
    node = hub.read(
        """query($id: ID!) { node(id: $id) { ... on Issue {
          author { login } authorAssociation lastEditedAt editor { login }
          timelineItems(last: 10, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent {
            createdAt actor { __typename login } label { name } } } } } } }""",
        id=id_,
    )["node"]
    assert node["lastEditedAt"] == "2026-01-01T00:01:00Z"
    assert (node["editor"], node["authorAssociation"]) == ({"login": "eve"}, "OWNER")
    assert node["timelineItems"]["nodes"] == [
        {
            "createdAt": "2026-01-01T00:00:00Z",
            "actor": {"__typename": "User", "login": "ada"},
            "label": {"name": "approved"},
        }
    ]


def test_dependencies_and_sub_issues(hub: Hub) -> None:
    """Added once, seen from both ends, no circles, gone when taken away."""
    first, second = hub.issue("first"), hub.issue("second")
    edge = {"issueId": second, "blockingIssueId": first}
    assert hub.do("addBlockedBy", "{ issue { number } }", **edge) == {"issue": {"number": 2}}
    assert hub.do("addBlockedBy", "{ issue { number } }", **edge) == "UNPROCESSABLE"
    back = {"issueId": first, "blockingIssueId": second}
    assert hub.do("addBlockedBy", "{ issue { number } }", **back) == "UNPROCESSABLE"
    hub.do("addSubIssue", "{ issue { number } }", issueId=first, subIssueId=second)
    node = hub.read(
        """query($id: ID!) { node(id: $id) { ... on Issue {
          blocking(first: 5) { nodes { number } } subIssues(first: 5) { totalCount }
          issueDependenciesSummary { blocking blockedBy } } } }""",
        id=first,
    )["node"]
    assert node == {
        "blocking": {"nodes": [{"number": 2}]},
        "subIssues": {"totalCount": 1},
        "issueDependenciesSummary": {"blocking": 1, "blockedBy": 0},
    }
    hub.do("removeBlockedBy", "{ issue { number } }", **edge)
    assert hub.repo.issues[2].blocked_by == []


def test_strangers_may_open_and_not_close(hub: Hub) -> None:
    """Somebody without a role opens issues, without labels; closing others' is refused."""
    eve = hub.store.add_token("ghp_eve", "eve")
    id_, label = hub.issue(), hub.repo.labels["bug"].node
    given = {"repositoryId": hub.repo.node, "title": "Hers", "labelIds": [label]}
    made = hub.do("createIssue", "{ issue { labels(first: 5) { totalCount } } }", eve, **given)
    assert made == {"issue": {"labels": {"totalCount": 0}}}
    assert hub.do("closeIssue", "{ issue { id } }", eve, issueId=id_) == "FORBIDDEN"
    assert hub.repo.issues[1].state == "open"


def test_a_deleted_issue_is_gone_from_boards(hub: Hub) -> None:
    """deleteIssue needs an admin, and takes the card with it."""
    board, *_ = hub.board()
    id_ = hub.issue()
    hub.card(board, id_)
    hub.repo.permissions["eve"] = "write"
    eve = hub.store.add_token("ghp_eve", "eve")
    assert hub.do("deleteIssue", "{ repository { id } }", eve, issueId=id_) == "FORBIDDEN"
    hub.do("deleteIssue", "{ repository { id } }", issueId=id_)
    assert hub.read(ITEMS, p=board)["node"]["items"]["totalCount"] == 0


def test_names_for_faults_and_the_log() -> None:
    """An operation is called by its kind and its fields, each once."""
    text = "mutation { m0: createIssue(input: {}) { x } m1: createIssue(input: {}) { x } }"
    assert graphql.operation(text) == "mutation createIssue"
    assert graphql.operation("{ viewer { login } rateLimit { cost } }") == "query viewer rateLimit"
    assert graphql.operation("no graphql") == "query"


def test_every_resolver_is_in_the_schema() -> None:
    """No table names a type, a field or a mutation that GitHub does not have."""
    types = schema.load(at=PLACE).type_map
    for type_, name in FIELDS:
        assert name in types[type_].fields, f"{type_}.{name}"  # type: ignore[attr-defined]
    assert set(DEEDS) <= set(types["Mutation"].fields)  # type: ignore[attr-defined]
