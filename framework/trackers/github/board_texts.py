"""What the board asks of GitHub's GraphQL API: the texts, and the mutations with their answers.

Every value goes as a variable; only names of the schema stand in a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...forge.github import Mutation

_FIELD_NODES = """
nodes {
  ... on ProjectV2FieldCommon { id name dataType }
  ... on ProjectV2SingleSelectField { options { id name color description } }
}
"""
_FIELDS = f"fields(first: 100) {{ {_FIELD_NODES} }}"
_HEAD = "id number title url closed readme creator { login }"
_ITEM = """
id isArchived updatedAt
status: fieldValueByName(name: $status) {
  ... on ProjectV2ItemFieldSingleSelectValue { optionId updatedAt }
}
priority: fieldValueByName(name: $priority) {
  ... on ProjectV2ItemFieldSingleSelectValue { optionId }
}
agent: fieldValueByName(name: $agent) { ... on ProjectV2ItemFieldTextValue { text } }
content { ... on Issue { id closedAt } }
"""

HOME_QUERY = f"""
query BoardHome($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name) {{
    id
    owner {{ __typename id login }}
    projectsV2(first: 100) {{ nodes {{ {_HEAD} }} }}
  }}
}}
"""
NUMBERED_QUERY = f"""
query BoardByNumber($owner: String!, $number: Int!) {{
  repositoryOwner(login: $owner) {{
    ... on ProjectV2Owner {{ projectV2(number: $number) {{ {_HEAD} }} }}
  }}
}}
"""
LAYOUT_QUERY = f"""
query BoardLayout($project: ID!) {{
  node(id: $project) {{ ... on ProjectV2 {{ {_HEAD} {_FIELDS} }} }}
}}
"""
_PAGE = f"""
{_HEAD}
fields(first: 100) @include(if: $first) {{ {_FIELD_NODES} }}
"""
_ITEMS = f"pageInfo {{ hasNextPage endCursor }} nodes {{ {_ITEM} }}"
ITEMS_QUERY = f"""
query BoardItems(
  $project: ID!, $after: String, $first: Boolean!
  $status: String!, $priority: String!, $agent: String!
) {{
  node(id: $project) {{
    ... on ProjectV2 {{ {_PAGE} items(first: 100, after: $after) {{ {_ITEMS} }} }}
  }}
}}
"""
FILTERED_ITEMS_QUERY = f"""
query BoardItemsFiltered(
  $project: ID!, $after: String, $first: Boolean!, $filter: String!
  $status: String!, $priority: String!, $agent: String!
) {{
  node(id: $project) {{
    ... on ProjectV2 {{ {_PAGE} items(first: 100, after: $after, query: $filter) {{ {_ITEMS} }} }}
  }}
}}
"""
ITEMS_BY_ID_QUERY = f"""
query BoardItemsById($ids: [ID!]!, $status: String!, $priority: String!, $agent: String!) {{
  nodes(ids: $ids) {{ ... on ProjectV2Item {{ {_ITEM} }} }}
}}
"""
OPTION_ID_QUERY = """
query BoardOptionIds {
  __type(name: "ProjectV2SingleSelectFieldOptionInput") { inputFields { name } }
}
"""
FILTER_QUERY = """
query BoardFilter { __type(name: "ProjectV2") { fields { name args { name } } } }
"""
PAGE = 100
"""Cards in one answer, the most that GitHub gives."""


def create_project(owner: str, repository: str, title: str) -> Mutation:
    """A board of the account `owner`, linked to the repository at once; both are node ids."""
    return Mutation(
        name="createProjectV2",
        input={"ownerId": owner, "repositoryId": repository, "title": title},
        select=f"{{ projectV2 {{ {_HEAD} {_FIELDS} }} }}",
    )


def describe_project(project: str, short: str, readme: str) -> Mutation:
    return Mutation(
        name="updateProjectV2",
        input={"projectId": project, "shortDescription": short, "readme": readme},
        select="{ projectV2 { id } }",
    )


def link_project(project: str, repository: str) -> Mutation:
    return Mutation(
        name="linkProjectV2ToRepository",
        input={"projectId": project, "repositoryId": repository},
        select="{ repository { id } }",
    )


_FIELD = """{
  projectV2Field {
    ... on ProjectV2FieldCommon { id name dataType }
    ... on ProjectV2SingleSelectField { options { id name color description } }
  }
}"""


def create_field(
    project: str, name: str, kind: str, options: Iterable[Mapping[str, str]]
) -> Mutation:
    """`kind` is TEXT, or SINGLE_SELECT with its `options`."""
    given = list(options)
    body: dict[str, Any] = {"projectId": project, "name": name, "dataType": kind}
    if given:
        body["singleSelectOptions"] = given
    return Mutation(name="createProjectV2Field", input=body, select=_FIELD)


def replace_options(field: str, options: Iterable[Mapping[str, str]]) -> Mutation:
    """All options of a field anew: one that comes without its `id` loses all its cards."""
    return Mutation(
        name="updateProjectV2Field",
        input={"fieldId": field, "singleSelectOptions": list(options)},
        select=_FIELD,
    )


def add_item(project: str, node: str) -> Mutation:
    """An issue's card. One that is there already is answered, and nothing is changed."""
    return Mutation(
        name="addProjectV2ItemById",
        input={"projectId": project, "contentId": node},
        select="{ item { id isArchived } }",
    )


def unarchive_item(project: str, item: str) -> Mutation:
    return Mutation(
        name="unarchiveProjectV2Item",
        input={"projectId": project, "itemId": item},
        select="{ item { id } }",
    )


def set_value(project: str, item: str, field: str, value: Mapping[str, str]) -> Mutation:
    """`value` has one entry, `singleSelectOptionId` or `text`."""
    return Mutation(
        name="updateProjectV2ItemFieldValue",
        input={"projectId": project, "itemId": item, "fieldId": field, "value": dict(value)},
        select="{ projectV2Item { id updatedAt } }",
    )


def clear_value(project: str, item: str, field: str) -> Mutation:
    return Mutation(
        name="clearProjectV2ItemFieldValue",
        input={"projectId": project, "itemId": item, "fieldId": field},
        select="{ projectV2Item { id } }",
    )
