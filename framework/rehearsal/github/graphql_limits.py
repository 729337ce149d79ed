"""What a GraphQL request would cost, and what GitHub refuses before it begins.

Every connection whose nodes are asked for needs `first` or `last`, at most 100 (0 is allowed, and
`gh` uses it); a request may ask for at most 500,000 nodes; its points are the requests that the
connections stand for, divided by 100, at least 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

from .graphql_errors import Refused, scopes_missing

MOST_NODES = 500_000
MOST = 100


@dataclass(kw_only=True)
class Price:
    """`nodes` is the most that the request can return, `points` what it takes of the hour."""

    nodes: int = 0
    requests: int = 0

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One look over an operation before it is executed."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    price: Price
    scopes: frozenset[str] | None

    def into(
        self, selected: SelectionSetNode | None, owner: Any, times: int, path: list[str]
    ) -> None:
        for node in selected.selections if selected else ():
            match node:
                case FieldNode():
                    self._field(node, owner, times, path)
                case InlineFragmentNode(type_condition=condition):
                    inner = self.schema.get_type(condition.name.value) if condition else owner
                    self.into(node.selection_set, inner, times, path)
                case FragmentSpreadNode():
                    fragment = self.fragments[node.name.value]
                    inner = self.schema.get_type(fragment.type_condition.name.value)
                    self.into(fragment.selection_set, inner, times, path)
                case _:
                    raise TypeError(f"{node} selects nothing")

    def _field(self, node: FieldNode, owner: Any, times: int, path: list[str]) -> None:
        name = node.name.value
        field = getattr(owner, "fields", {}).get(name)
        if field is None:  # __typename and the like
            return
        inner = get_named_type(field.type)
        here = [*path, node.alias.value if node.alias else name]
        self._scope(node, owner, inner, here)
        if {"first", "last", "after"} <= set(field.args):
            asked = self._asked(node, here)
            self.price.requests += times
            times *= asked
            self.price.nodes += times
            if self.price.nodes > MOST_NODES:
                raise _error(node, here, "MAX_NODE_LIMIT_EXCEEDED", _too_many(name, self.price))
        self.into(node.selection_set, inner, times, here)

    def _asked(self, node: FieldNode, path: list[str]) -> int:
        name = node.name.value
        given = {
            one.name.value: value_from_ast_untyped(one.value, dict(self.variables))
            for one in node.arguments
        }
        for word in ("first", "last"):
            if (count := given.get(word)) is None:
                continue
            if count > MOST:
                raise _error(node, path, "EXCESSIVE_PAGINATION", _excessive(name, word, count))
            if count < 0:
                raise _error(
                    node,
                    path,
                    "INVALID_PAGINATION_BOUNDARIES",
                    f"`{word}` on the `{name}` connection cannot be less than zero.",
                )
            return int(count)
        if not self._lists(node.selection_set):
            return 0
        raise _error(
            node,
            path,
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` "
            "connection.",
        )

    def _lists(self, selected: SelectionSetNode | None) -> bool:
        """Whether more than `totalCount` is asked of a connection."""
        for node in selected.selections if selected else ():
            if isinstance(node, FieldNode):
                if node.name.value in ("nodes", "edges", "pageInfo"):
                    return True
            elif isinstance(node, FragmentSpreadNode):
                if self._lists(self.fragments[node.name.value].selection_set):
                    return True
            elif isinstance(node, InlineFragmentNode) and self._lists(node.selection_set):
                return True
        return False

    def _scope(self, node: FieldNode, owner: Any, inner: Any, path: list[str]) -> None:
        """Boards want a scope of their own; fine-grained tokens have none and are told later."""
        if self.scopes is None or "project" in self.scopes:
            return
        name, writes = node.name.value, owner is self.schema.mutation_type
        board = "ProjectV2" in name if writes else inner.name.startswith("ProjectV2")
        if board and (writes or "read:project" not in self.scopes):
            wanted = "project" if writes else "read:project"
            refusal = scopes_missing(name, wanted, self.scopes)
            raise _error(node, path, refusal.type, str(refusal))


def price(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    scopes: frozenset[str] | None,
) -> Price:
    """What the operation costs a token with these scopes (None: a fine-grained one).

    GraphQLError, with a `Refused` as its cause, where GitHub would not begin.
    """
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    assert isinstance(root, GraphQLObjectType)
    found = Price()
    walk = Walk(schema=schema, fragments=fragments, variables=variables, price=found, scopes=scopes)
    walk.into(operation.selection_set, root, 1, [])
    return found


def _error(node: FieldNode, path: list[str], type_: str, message: str) -> GraphQLError:
    return GraphQLError(
        message, nodes=[node], path=list(path), original_error=Refused(type_, message)
    )


def _excessive(name: str, word: str, count: int) -> str:
    return (
        f"Requesting {count} records on the `{name}` connection exceeds the `{word}` limit of "
        f"{MOST} records."
    )


def _too_many(name: str, found: Price) -> str:
    return (
        f"By the time this query traverses to the {name} connection, it is requesting up to "
        f"{found.nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
    )
