"""Reading deliveries: where to look, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.webhooks.heard import Heard, hear
from framework.webhooks.hooks import EVENTS, NEWER

PACKAGE = Path(__file__).parents[1] / "npm" / "node_modules" / "@octokit" / "webhooks-examples"


def heard(payload: Any, **headers: str) -> Heard:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return hear(named, json.dumps(payload).encode())


def test_every_published_example_is_read() -> None:
    """All of GitHub's example payloads: each one's kind and repository, the number of each issue
    and pull request."""
    index = PACKAGE / "api.github.com" / "index.json"
    if not index.exists():
        pytest.skip("GitHub's examples are not here: `make npm` fetches them")
    count = 0
    for event in json.loads(index.read_text("utf-8")):
        for payload in event["examples"]:
            found = heard(payload, x_github_event=event["name"], x_github_delivery="d-1")
            repository = payload.get("repository", {}).get("full_name", "")
            assert (found.kind, found.repository) == (event["name"], repository)
            for name in ("issue", "pull_request"):
                if name in payload:
                    assert found.number == payload[name]["number"]
            count += 1
    assert count == 329


@pytest.mark.parametrize("kind", [*EVENTS, *NEWER])
def test_what_is_registered_is_news(kind: str) -> None:
    """Every event that a hook of ours asks for wakes a run."""
    assert heard({}, x_github_event=kind).is_news


@pytest.mark.parametrize("kind", ["ping", "star", "fork", "push", "deployment_status", "gollum"])
def test_what_has_nothing_to_do_with_issues_is_none(kind: str) -> None:
    """A hook that a person set to send everything does not wake a run for everything."""
    assert not heard({}, x_github_event=kind).is_news


GITHUB = {"repository": {"full_name": "me/app"}}


@pytest.mark.parametrize(
    ("payload", "headers", "expected"),
    [
        ({**GITHUB, "issue": {"number": 7}}, {"x_github_event": "issues"}, ("issues", 7)),
        (
            {**GITHUB, "parent_issue": {"number": 3}},
            {"x_github_event": "sub_issues"},
            ("sub_issues", 3),
        ),
        (
            {**GITHUB, "blocked_issue": {"number": 4}, "blocking_issue": {"number": 5}},
            {"x_github_event": "issue_dependencies"},
            ("issue_dependencies", 4),
        ),
        (
            {**GITHUB, "check_suite": {"pull_requests": [{"number": 9}]}},
            {"x_github_event": "check_suite"},
            ("check_suite", 9),
        ),
        (
            {**GITHUB, "issue": {"number": 2}},
            {"x_github_event": "issues", "x_gitea_event": "issue_label"},
            ("issue_label", 2),
        ),
        (
            {
                "object_kind": "issue",
                "project": {"path_with_namespace": "me/app"},
                "object_attributes": {"iid": 8},
            },
            {"x_gitlab_event": "Confidential Issue Hook"},
            ("confidential_issue_hook", 8),
        ),
        (
            {
                "object_kind": "note",
                "project": {"path_with_namespace": "me/app"},
                "merge_request": {"iid": 6},
            },
            {"x_gitlab_event": "Note Hook"},
            ("note_hook", 6),
        ),
    ],
)
def test_each_forge_says_it_its_way(
    payload: Any, headers: dict[str, str], expected: tuple[str, int]
) -> None:
    """Kind, repository and number, of GitHub, Gitea and GitLab."""
    found = heard(payload, **headers)
    assert (found.kind, found.number, found.repository) == (*expected, "me/app")
    assert found.is_news


def test_linear_and_who_says_no_kind() -> None:
    """Linear names no repository; what has no kind may be news."""
    assert heard({"type": "Issue"}, linear_event="Issue").is_news
    assert heard({}) == Heard(repository="", kind="", number=None, delivery="")
    assert heard({}).is_news


def test_a_form_is_read_as_github_sends_it() -> None:
    """A hook set to forms has its JSON in `payload`."""
    form = urlencode({"payload": json.dumps({"issue": {"number": 7}})}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-github-event": "issues"}
    assert hear(headers, form).number == 7


@pytest.mark.parametrize(
    ("payload", "number"),
    [
        ({"issue": {"number": True}}, None),
        ({"issue": {"number": -1}}, None),
        ({"issue": {"number": 10**30}}, None),
        ({"issue": {"number": "7"}}, None),
        ({"issue": [1]}, None),
        ({"check_run": {"pull_requests": [None, {"number": 3}]}}, 3),
    ],
)
def test_a_number_is_a_number(payload: Any, number: int | None) -> None:
    """Another type or size is no issue's number."""
    assert heard(payload).number == number


@pytest.mark.parametrize(
    "name", ["me", "../../etc/passwd\n", "me/a\x1b[2J", "me/" + "a" * 200, 7, None, "me/ä"]
)
def test_a_repository_is_a_name(name: Any) -> None:
    """What could not be one is left out."""
    assert heard({"repository": {"full_name": name}}).repository == ""


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"\xff", b"[" * 200_000, b"9" * 9_999])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """ValueError and nothing else, also for JSON without an end to its depth or its digits."""
    with pytest.raises(ValueError, match="the body is no JSON"):
        hear({}, body)
    with pytest.raises(ValueError, match="the body is no JSON"):
        hear({"content-type": "application/x-www-form-urlencoded"}, b"payload=" + body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(
        ["issue", "repository", "full_name", "number", "check_run", "pull_requests"]), inner),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["issue", "repository", "check_run"]), JSON), st.text())
def test_any_object_is_read(payload: dict[str, Any], text: str) -> None:
    """Whatever is in it; what comes out can be shown anywhere."""
    found = heard(payload, x_github_event=text, x_github_delivery=text)
    assert found.number is None or found.number > 0
    for shown in (found.kind, found.repository, found.delivery):
        assert shown.isascii()
        assert shown.isprintable()
