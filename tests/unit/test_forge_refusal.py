"""Every kind of no that GitHub says gives one clear sentence and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from framework.domain.trouble import Kind
from framework.forge.away import no_api, unreachable
from framework.forge.refusal import Asked, of_answer, of_error

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ASKED = Asked(what="PATCH repos/o/r/issues/3", url="https://github.com", login="ann")
SSO = {"x-github-sso": "required; url=https://github.com/orgs/o/sso?authorization_request=A"}
SCOPES = {"x-oauth-scopes": "gist", "x-accepted-oauth-scopes": "public_repo, repo"}

CASES: list[tuple[str, int, Mapping[str, str], Any, Kind, list[str]]] = [
    (
        "expired",
        *(401, {}, {"message": "Bad credentials"}, Kind.AUTHENTICATION),
        ["expired, was revoked", "https://github.com/settings/tokens", "GITHUB_TOKEN"],
    ),
    (
        "scope",
        *(403, SCOPES, {"message": "Resource not accessible"}, Kind.FORBIDDEN),
        ["public_repo, repo", "the token of ann has gist", "gh auth refresh -s public_repo"],
    ),
    (
        "scope hidden as 404",
        *(404, SCOPES, {"message": "Not Found"}, Kind.NOT_FOUND),
        ["one of the scopes", "has gist"],
    ),
    (
        "scope implied",
        *(404, {**SCOPES, "x-oauth-scopes": "repo"}, {"message": "Not Found"}, Kind.NOT_FOUND),
        ["not there, or the token of ann may not see it"],
    ),
    (
        "sso",
        *(403, SSO, {"message": "Resource protected by organization SAML"}, Kind.FORBIDDEN),
        ["single sign-on", "https://github.com/orgs/o/sso?authorization_request=A"],
    ),
    (
        "fine-grained",
        *(403, {"x-accepted-github-permissions": "issues=write"}, {}, Kind.FORBIDDEN),
        ["lacks a permission (issues=write)", "settings/personal-access-tokens"],
    ),
    (
        "archived",
        *(403, {}, {"message": "Repository was archived so is read-only."}, Kind.FORBIDDEN),
        ["archived", "Unarchive it"],
    ),
    (
        "forbidden",
        *(403, {}, {"message": "Must have admin rights to Repository."}, Kind.FORBIDDEN),
        ["Must have admin rights to Repository. Ask an owner"],
    ),
    (
        "not there",
        *(404, {}, {"message": "Not Found"}, Kind.NOT_FOUND),
        ["does not find repos/o/r/issues/3", "not there, or the token of ann may not see it"],
    ),
    (
        "issues off",
        *(410, {}, {"message": "Issues are disabled for this repo"}, Kind.NOT_FOUND),
        ["Issues are disabled for this repo", "switch them on in its settings"],
    ),
    (
        "gone",
        *(410, {}, None, Kind.NOT_FOUND),
        ["it is gone"],
    ),
    (
        "conflict",
        *(409, {}, {"message": "Head branch was modified."}, Kind.CONFLICT),
        ["Head branch was modified. Look at what is there now"],
    ),
    (
        "invalid",
        422,
        {},
        {
            "message": "Validation Failed",
            "errors": [
                {"resource": "Label", "field": "name", "code": "already_exists"},
                {"resource": "Issue", "field": "title", "code": "missing_field"},
                {"resource": "Issue", "message": "No commits between main and x"},
                "a bare sentence",
            ],
        },
        Kind.UNPROCESSABLE,
        [
            "Label.name: is taken",
            "Issue.title: is needed and was not given",
            "Issue: No commits between main and x",
            "a bare sentence. Change",
        ],
    ),
    (
        "invalid without details",
        *(422, {}, {"message": "Sha can't be blank", "errors": None}, Kind.UNPROCESSABLE),
        ["Sha can't be blank. Change"],
    ),
    (
        "legal",
        *(451, {}, {"block": {"html_url": "https://github.com/github/dmca"}}, Kind.FORBIDDEN),
        ["legal reasons", "https://github.com/github/dmca"],
    ),
    ("down", 502, {}, None, Kind.SERVER, ["HTTP 502", "githubstatus.com"]),
    ("limit", 429, {"retry-after": "90"}, {}, Kind.RATE_LIMIT, ["until 12:01:30 UTC"]),
    ("limit without time", 429, {}, {}, Kind.RATE_LIMIT, ["for some time"]),
]


@pytest.mark.parametrize(
    ("status", "headers", "data", "kind", "words"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_each_refusal_is_explained(
    status: int, headers: Mapping[str, str], data: Any, kind: Kind, words: list[str]
) -> None:
    """Its class, and a text that names what is wrong and what to do."""
    refusal = of_answer(ASKED, status, headers, data, NOW)
    assert refusal.trouble.kind is kind
    for one in words:
        assert one in refusal.text
    assert refusal.text.endswith(".")
    assert "  " not in refusal.text
    assert ".." not in refusal.text


def test_the_code_is_the_apis_own_word() -> None:
    """For callers, of the first of the errors."""
    data = {"errors": [{"code": "already_exists"}, {"code": "invalid"}]}
    assert of_answer(ASKED, 422, {}, data, NOW).code == "already_exists"


@pytest.mark.parametrize("data", [[], "x", 3, {"errors": 3}, {"errors": [None]}, {"message": 3}])
def test_nonsense_is_explained_too(data: Any) -> None:
    """Whatever stands in a refusal, there is a sentence."""
    assert of_answer(ASKED, 422, {}, data, NOW).text.startswith("GitHub refused PATCH")


def test_a_long_answer_is_shortened() -> None:
    """One line of some hundred characters, whatever a server says."""
    text = of_answer(ASKED, 403, {}, {"message": "a\n" * 9999}, NOW).text
    assert len(text) < 600
    assert "\n" not in text


def test_a_scope_of_graphql_is_named() -> None:
    """What GitHub names in its sentence stands in the command to copy."""
    message = (
        "Your token has not been granted the required scopes to execute this query. The 'id' "
        "field requires one of the following scopes: ['read:project'], but your token has only "
        "been granted the: ['repo'] scopes."
    )
    error = {"type": "INSUFFICIENT_SCOPES", "message": message}
    refusal = of_error(ASKED, error, {"x-oauth-scopes": "repo"}, NOW)
    assert "the token of ann lacks a scope (it has repo)" in refusal.text
    assert "`gh auth refresh -s read:project`" in refusal.text


def test_another_server_has_another_status_page() -> None:
    """github.com's page says nothing about a server of one's own."""
    asked = Asked(what="GET x", url="https://ghe.example")
    text = of_answer(asked, 502, {}, None, NOW).text
    assert "githubstatus" not in text
    assert "whoever runs https://ghe.example" in text


def test_prose_changes_no_class() -> None:
    """What a server writes for people is not read for what to do."""
    error = {"type": "FORBIDDEN", "message": "rate limit exceeded, RATE_LIMITED"}
    assert of_error(ASKED, error, {}, NOW).trouble.kind is Kind.FORBIDDEN


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "SSL_CERT_FILE"),
        ("[Errno -2] Name or service not known", "The name api.github.com is not known"),
        ("[Errno -3] Temporary failure in name resolution", "is not known"),
        ("[Errno 111] Connection refused", "did not answer"),
    ],
)
def test_no_answer_is_explained(why: str, words: str) -> None:
    """Certificate, name and network each have their own way out."""
    assert words in unreachable("api.github.com", why)


def test_what_is_no_json_is_explained() -> None:
    """A web page is a proxy; anything else was cut off."""
    page = {"content-type": "text/html; charset=utf-8"}
    assert "sign-in page" in no_api("ghe.example", 200, page)
    assert "cut off" in no_api("ghe.example", 200, {})
