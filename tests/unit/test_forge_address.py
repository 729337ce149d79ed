"""Addresses, token kinds, costs: the small tables of the client."""

from __future__ import annotations

import pytest

from framework.forge.address import address_of
from framework.forge.cost import graphql_ask, rest_ask
from framework.forge.remembered import Memory
from framework.forge.tokens import TokenKind, kind_of


@pytest.mark.parametrize(
    ("url", "rest", "graphql"),
    [
        ("https://github.com/", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://GitHub.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://a.ghe.com", "https://api.a.ghe.com", "https://api.a.ghe.com/graphql"),
        ("https://g.example", "https://g.example/api/v3", "https://g.example/api/graphql"),
        ("http://127.0.0.1:8", "http://127.0.0.1:8/api/v3", "http://127.0.0.1:8/api/graphql"),
    ],
)
def test_the_api_is_found(url: str, rest: str, graphql: str) -> None:
    """github.com, its tenants and other servers have their APIs in different places."""
    address = address_of(url)
    assert (address.rest, address.graphql) == (rest, graphql)


def test_a_query_is_written_out() -> None:
    """None is left out, truth is lower case, lists are joined, and all is quoted."""
    url = address_of("https://github.com").of(
        "x", {"a": None, "b": True, "c": ["d", "e"], "f": "&"}
    )
    assert url == "https://api.github.com/x?b=true&c=d%2Ce&f=%26"


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("ghp_a", TokenKind.CLASSIC),
        ("github_pat_a", TokenKind.FINE_GRAINED),
        ("gho_a", TokenKind.OAUTH),
        ("ghu_a", TokenKind.APP_USER),
        ("ghs_a", TokenKind.INSTALLATION),
        ("0123456789abcdef", TokenKind.OTHER),
    ],
)
def test_kinds_of_tokens(token: str, kind: TokenKind) -> None:
    """The prefix says what made it."""
    assert kind_of(token) is kind


def test_what_requests_cost() -> None:
    """GET 1 point, other REST 5; a request to GraphQL 1, with mutations 5 however many."""
    assert rest_ask("GET", "repos/o/r").points == 1
    assert rest_ask("GET", "search/issues").resource == "search"
    patch, post = rest_ask("PATCH", "x"), rest_ask("POST", "x")
    assert (patch.points, patch.content, post.points, post.content) == (5, 0, 5, 1)
    assert graphql_ask(()).points == 1
    batch = graphql_ask(["createIssue", "addComment", "updateIssue", "addProjectV2ItemById"])
    assert (batch.points, batch.content, batch.write) == (5, 2, True)
    assert graphql_ask(["addBlockedBy"] * 20).content == 1
    assert graphql_ask(["updateProjectV2ItemFieldValue"] * 20).content == 0


def test_memory_is_bounded() -> None:
    """The answers used longest ago are forgotten, by number and by size."""
    memory = Memory()
    for at in range(513):
        memory.keep(str(at), {"etag": "x"}, b"")
    assert memory.find("0") is None
    assert memory.find("1") is not None
    memory.keep("large", {"etag": "x"}, b"x" * (16 << 20))
    memory.keep("more", {"etag": "x"}, b"x")
    assert memory.find("large") is None
    assert memory.find("more") is not None
    memory.keep("more", {}, b"x")
    assert memory.find("more") is None
