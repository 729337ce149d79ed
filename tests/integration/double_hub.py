"""A repository at the double, asked in GraphQL by its owner: what the tests of GraphQL share."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from framework.rehearsal.github import graphql, schema
from framework.rehearsal.github.clock import Clock
from framework.rehearsal.github.records import Repo, Token
from framework.rehearsal.github.store import Store

PLACE = schema.place(os.environ)
MISSING = f"GitHub's schema is not here: make github-schema, or {schema.COMMAND}"
ITEMS = """query($p: ID!, $after: String, $query: String) { node(id: $p) { ... on ProjectV2 {
  items(first: 2, after: $after, query: $query) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id isArchived content { ... on Issue { number } }
      fieldValueByName(name: "Status") {
        ... on ProjectV2ItemFieldSingleSelectValue { name optionId } } } } } } }"""


@dataclass(kw_only=True)
class Hub:
    """A GitHub with the repository ada/shop, asked by ada."""

    store: Store = field(default_factory=lambda: Store(Clock(datetime(2026, 1, 1, tzinfo=UTC))))
    repo: Repo = field(init=False)
    token: Token = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.store.add_token("ghp_ada", "ada")
        self.repo = self.store.add_repo("ada", "shop")

    def ask(self, text: str, token: Token | None = None, **variables: Any) -> dict[str, Any]:
        _, _, body = graphql.answer(self.store, token or self.token, text, variables, at=PLACE)
        return body

    def read(self, text: str, **variables: Any) -> Any:
        body = self.ask(text, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def do(self, name: str, select: str, token: Token | None = None, /, **given: Any) -> Any:
        """One mutation's payload, or the type of its error."""
        kind = f"{name[:1].upper()}{name[1:]}Input!"
        text = f"mutation($i: {kind}) {{ {name}(input: $i) {select} }}"
        body = self.ask(text, token, i=given)
        if "errors" in body:
            return body["errors"][0].get("type", body["errors"][0]["message"])
        return body["data"][name]

    def issue(self, title: str = "One") -> str:
        made = self.do("createIssue", "{ issue { id } }", repositoryId=self.repo.node, title=title)
        return str(made["issue"]["id"])

    def board(self) -> tuple[str, str, dict[str, str]]:
        """A board's id, its Status field's and its options' by their names."""
        owner = self.store.add_user("ada").node
        made = self.do(
            "createProjectV2",
            '{ projectV2 { id field(name: "Status") { ... on ProjectV2SingleSelectField '
            "{ id options { id name } } } } }",
            ownerId=owner,
            repositoryId=self.repo.node,
            title="Board",
        )["projectV2"]
        status = made["field"]
        return made["id"], status["id"], {one["name"]: one["id"] for one in status["options"]}

    def card(self, board: str, content: str) -> str:
        made = self.do(
            "addProjectV2ItemById", "{ item { id } }", projectId=board, contentId=content
        )
        return str(made["item"]["id"])

    def put(self, board: str, card: str, field: str, **value: Any) -> Any:
        return self.do(
            "updateProjectV2ItemFieldValue",
            "{ projectV2Item { id } }",
            projectId=board,
            itemId=card,
            fieldId=field,
            value=value,
        )

    def status(self, board: str, number: int = 1, query: str = "") -> str | None:
        nodes = self.read(ITEMS, p=board, query=query)["node"]["items"]["nodes"]
        found = next(one for one in nodes if one["content"]["number"] == number)
        return (found["fieldValueByName"] or {}).get("name")
