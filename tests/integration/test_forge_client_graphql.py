"""GraphQL through the client: queries, batches of mutations, and their partial answers."""

from __future__ import annotations

from typing import Any

import pytest

from framework.domain.errors import ForgeRefused, TrackerUnavailable
from framework.domain.trouble import Kind
from framework.forge.github import Done, Failed, Mutation, Unknown
from tests.integration.forge_server import Say, serving

MOVED = {"item": {"id": "I"}}


def move(at: int) -> Mutation:
    return Mutation(
        name="updateProjectV2ItemFieldValue",
        input={"itemId": f"I{at}", "text": '"} evil'},
        select="{ projectV2Item { id } }",
    )


def error(kind: str, *path: Any, message: str = "Nope.") -> dict[str, Any]:
    return {"type": kind, "path": list(path), "message": message}


def test_a_query_gives_its_data() -> None:
    """Text and values go apart, and the data come back."""
    with serving(Say(200, {"data": {"viewer": {"login": "ann"}}})) as server:
        got = server.client().query("query($n: Int!) { x(n: $n) }", n=3)
    assert got == {"viewer": {"login": "ann"}}
    assert server.got[0].body == {
        "query": "query($n: Int!) { x(n: $n) }",
        "variables": {"n": 3},
    }
    assert server.paths == ["POST /api/graphql"]


def test_what_is_not_found_is_null() -> None:
    """One half of a question may have no answer: asking for a user and an organisation at once."""
    partial = {"data": {"user": {"id": 1}, "organization": None}}
    with serving(Say(200, {**partial, "errors": [error("NOT_FOUND", "organization")]})) as server:
        assert server.client().query("{ x }") == partial["data"]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("FORBIDDEN", Kind.FORBIDDEN, "has this right"),
        ("INSUFFICIENT_SCOPES", Kind.FORBIDDEN, r"lacks a scope \(it has repo\).*gh auth refresh"),
        ("MAX_NODE_LIMIT_EXCEEDED", Kind.UNPROCESSABLE, "Change what was asked for"),
        ("RESOURCE_LIMITS_EXCEEDED", Kind.UNPROCESSABLE, "Change what was asked for"),
        ("UNPROCESSABLE", Kind.UNPROCESSABLE, "Change what was asked for"),
    ],
)
def test_a_refused_query_is_explained(code: str, kind: Kind, words: str) -> None:
    """Errors with status 200 are refusals with their class and the way out."""
    answer = {"data": {"a": 1, "b": None}, "errors": [error(code, "b")]}
    said = Say(200, answer, {"X-OAuth-Scopes": "repo"})
    with serving(said) as server, pytest.raises(ForgeRefused, match=words) as caught:
        server.client().query("{ x }")
    assert (caught.value.trouble.kind, caught.value.code) == (kind, code)


def test_a_text_that_does_not_validate_is_our_mistake() -> None:
    """It is refused at once and not asked again."""
    wrong = {"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}
    with serving(Say(200, {"errors": [wrong]})) as server:
        with pytest.raises(ForgeRefused, match="doesn't exist") as caught:
            server.client().query("{ x }")
        assert caught.value.code == "undefinedField"
        assert len(server.got) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        {"data": None, "errors": [{"message": "Something went wrong while executing"}]},
        {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
        {"data": {"x": None}, "errors": [{"type": "RATE_LIMITED", "message": "limit"}]},
        {"data": {}},
        {"message": "You have exceeded a secondary rate limit"},
    ],
)
def test_trouble_with_status_200_is_waited_for(trouble: dict[str, Any]) -> None:
    """A limit and a server's own trouble are tried again, though the status says success."""
    with serving(Say(200, trouble), Say(200, {"data": {"x": 1}})) as server:
        assert server.client().query("{ x }") == {"x": 1}
        assert server.clock.slept


def test_partial_trouble_is_no_answer() -> None:
    """A limit in the middle of an answer says nothing of what is missing."""
    partial = {"data": {"a": 1, "b": None}, "errors": [error("RATE_LIMITED", "b")]}
    with serving(Say(200, partial)) as server, pytest.raises(TrackerUnavailable, match="limit"):
        server.client().query("{ x }")


def test_nothing_for_a_fine_grained_token_is_said_once() -> None:
    """GitHub may answer such a token with nothing where it should refuse."""
    with serving(Say(200, {"data": {"node": None}})) as server:
        api = server.client(token="github_pat_0123456789")
        assert api.query("{ node }") == api.query("{ node }") == {"node": None}
        assert server.client().query("{ node }") == {"node": None}
    assert len(server.said) == 1
    assert "lacks a permission" in server.said[0]


def test_a_batch_is_one_request_with_aliases() -> None:
    """Each mutation has an alias and a variable of its input type; no value is in the text."""
    answer = {"data": {"m0": MOVED, "m1": MOVED}}
    with serving(Say(200, answer)) as server:
        assert server.client().mutate([move(0), move(1)]) == [Done(data=MOVED)] * 2
    body = server.got[0].body
    assert body["query"] == (
        "mutation($i0: UpdateProjectV2ItemFieldValueInput!, "
        "$i1: UpdateProjectV2ItemFieldValueInput!) { "
        "m0: updateProjectV2ItemFieldValue(input: $i0) { projectV2Item { id } } "
        "m1: updateProjectV2ItemFieldValue(input: $i1) { projectV2Item { id } } }"
    )
    assert body["variables"]["i1"] == {"itemId": "I1", "text": '"} evil'}


def test_two_hundred_changes_are_ten_requests() -> None:
    """Twenty in each, a second apart."""
    answer = {"data": {f"m{at}": MOVED for at in range(20)}}
    with serving(Say(200, answer)) as server:
        found = server.client().mutate([move(at) for at in range(200)])
        assert found == [Done(data=MOVED)] * 200
        assert len(server.got) == 10
        assert sum(server.clock.slept) == 9


def test_each_of_a_batch_has_its_own_result() -> None:
    """What failed is told by its path; the others are done."""
    answer = {
        "data": {"m0": MOVED, "m1": None, "m2": MOVED},
        "errors": [error("NOT_FOUND", "m1", message="Could not resolve to a node.")],
    }
    with serving(Say(200, answer)) as server:
        first, second, third = server.client().mutate([move(at) for at in range(3)])
    assert first == third == Done(data=MOVED)
    assert isinstance(second, Failed)
    assert (second.trouble.kind, second.code) == (Kind.NOT_FOUND, "NOT_FOUND")
    assert second.why.startswith("Could not resolve to a node. It is not there, or")


def test_an_item_without_a_word_is_unknown() -> None:
    """Null without an error, or with the server's own trouble, may have been done."""
    answer = {
        "data": {"m0": MOVED, "m1": None, "m2": None},
        "errors": [{"message": "Something went wrong"}],
    }
    with serving(Say(200, answer)) as server:
        found = server.client().mutate([move(at) for at in range(3)])
    assert [type(one) for one in found] == [Done, Unknown, Unknown]


def test_a_batch_that_does_not_validate_fails_as_a_whole() -> None:
    """GitHub does none of it, and each item says so."""
    wrong = {"message": "is undefined", "path": ["mutation", "m0"], "extensions": {"code": "x"}}
    with serving(Say(200, {"errors": [wrong]})) as server:
        found = server.client().mutate([move(0), move(1)])
    assert [one.code for one in found if isinstance(one, Failed)] == ["x", "x"]


@pytest.mark.parametrize(
    "trouble", [Say(502, {}), Say(reset=True), Say(200, {"data": {}}, cut=True)]
)
def test_a_lost_batch_is_unknown_and_not_sent_again(trouble: Say) -> None:
    """Every item may have been done; the batches after it are sent all the same."""
    answer = {"data": {"m0": MOVED}}
    with serving(trouble, Say(200, answer)) as server:
        found = server.client().mutate([move(at) for at in range(21)])
        assert [type(one) for one in found] == [Unknown] * 20 + [Done]
        assert len(server.got) == 2


@pytest.mark.parametrize(("status", "kind"), [(401, Kind.AUTHENTICATION), (403, Kind.FORBIDDEN)])
def test_a_refused_batch_fails_item_by_item(status: int, kind: Kind) -> None:
    """No results of other batches are lost by an error that is raised."""
    with serving(Say(status, {"message": "Bad"})) as server:
        found = server.client().mutate([move(0), move(1)])
    assert [one.trouble.kind for one in found if isinstance(one, Failed)] == [kind, kind]


def test_a_limit_before_the_first_batch_is_raised() -> None:
    """Nothing was done, so there are no results."""
    limited = Say(403, {}, {"Retry-After": "600"})
    with serving(limited) as server, pytest.raises(TrackerUnavailable):
        server.client().mutate([move(0)])


def test_a_limit_in_the_middle_keeps_what_was_done() -> None:
    """The batches that were not sent failed with a limit, and until when it lasts."""
    done = Say(200, {"data": {f"m{at}": MOVED for at in range(20)}})
    with serving(done, Say(403, {}, {"Retry-After": "600"})) as server:
        found = server.client().mutate([move(at) for at in range(50)])
        assert [type(one) for one in found] == [Done] * 20 + [Failed] * 30
        assert len(server.got) == 2
    last = found[-1]
    assert isinstance(last, Failed)
    assert last.trouble.kind is Kind.RATE_LIMIT
    assert last.trouble.until is not None


def test_a_limit_for_one_item_is_heard() -> None:
    """What came before is done, the item is not, and nothing more is asked for a minute."""
    answer = {"data": {"m0": MOVED, "m1": None}, "errors": [error("RATE_LIMITED", "m1")]}
    with serving(Say(200, answer)) as server:
        api = server.client(patience=30)
        assert [type(one) for one in api.mutate([move(0), move(1)])] == [Done, Failed]
        with pytest.raises(TrackerUnavailable, match="until 12:01:00 UTC"):
            api.get("x")


def test_a_name_that_is_none_is_a_mistake() -> None:
    """Nothing but a name gets into the text."""
    with serving(Say(200, {})) as server, pytest.raises(ValueError, match="no name"):
        server.client().mutate([Mutation(name="x(y:1){z} w", input={}, select="{ a }")])
