"""What a token may do with a repository is found before a run, and explained."""

from __future__ import annotations

from typing import Any

import pytest

from framework.domain.errors import TrackerUnavailable, UsageError
from framework.forge.access import check
from framework.forge.tokens import TokenKind
from tests.integration.forge_server import Say, serving

USER = Say(200, {"login": "ann"}, {"X-OAuth-Scopes": "repo, project"})
BRANCH = Say(200, {"protected": True})
EMPTY = Say(200, [])


def repository(**changes: Any) -> Say:
    data = {
        "full_name": "o/r",
        "permissions": {"push": True, "pull": True, "admin": False},
        "default_branch": "main",
        "archived": False,
        "has_issues": True,
        "private": True,
        "owner": {"login": "o", "type": "User"},
    }
    return Say(200, {**data, **changes})


def test_a_good_token_is_described() -> None:
    """Who it is, what it may, and what is special about the repository, in five requests."""
    with serving(USER, repository(), BRANCH, EMPTY) as server:
        access = check(server.client(), "o", "r", pulls=True)
    assert (access.login, access.permission, access.kind) == ("ann", "push", TokenKind.CLASSIC)
    assert access.scopes == {"repo", "project"}
    assert (access.protected, access.default_branch) == (True, "main")
    assert (access.archived, access.has_issues, access.renamed_to) == (False, True, "")
    assert server.paths == [
        "GET /api/v3/user",
        "GET /api/v3/repos/o/r",
        "GET /api/v3/repos/o/r/branches/main",
        "GET /api/v3/repos/o/r/issues?per_page=1",
        "GET /api/v3/repos/o/r/pulls?per_page=1",
    ]


def test_a_new_name_is_told() -> None:
    """A renamed or transferred repository is followed and its name now said."""
    moved = Say(301, {}, {"Location": "/api/v3/repositories/7"})
    with serving(USER, moved, repository(full_name="p/s"), BRANCH, EMPTY) as server:
        assert check(server.client(), "o", "r", pulls=False).renamed_to == "p/s"


def test_case_is_no_new_name() -> None:
    """Names are the same in capitals."""
    with serving(USER, repository(full_name="O/R"), BRANCH, EMPTY) as server:
        assert check(server.client(), "o", "r", pulls=False).renamed_to == ""


def test_a_repository_without_commits_is_not_protected() -> None:
    """There is no branch yet."""
    with serving(USER, repository(), Say(404, {"message": "Branch not found"}), EMPTY) as server:
        assert not check(server.client(), "o", "r", pulls=False).protected


LACKING = {"X-Accepted-GitHub-Permissions": "issues=read"}
READER = {"pull": True, "push": False}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([Say(401, {"message": "Bad credentials"})], "expired, was revoked"),
        ([USER, Say(404, {"message": "Not Found"})], "the token of ann may not see it"),
        ([USER, repository(archived=True), BRANCH], "archived.*Unarchive"),
        ([USER, repository(has_issues=False), BRANCH], "switched off.*Features"),
        ([USER, repository(permissions=READER), BRANCH], "ann may not write to o/r.*is pull"),
        ([USER, repository(permissions=None), BRANCH], "is none"),
        (
            [Say(200, {"login": "ann"}, {"X-OAuth-Scopes": "gist"}), repository(), BRANCH],
            r"not the scope repo.*\(it has gist\).*gh auth refresh -s repo",
        ),
        (
            [USER, repository(), BRANCH, Say(403, {}, LACKING)],
            r"lacks a permission \(issues=read\)",
        ),
        (
            [USER, Say(403, {}, {"X-GitHub-SSO": "required; url=https://github.com/sso/1"})],
            "single sign-on.*https://github.com/sso/1",
        ),
        ([USER, repository(), BRANCH, Say(410, {"message": "Issues are disabled"})], "disabled"),
    ],
)
def test_too_little_is_refused_and_explained(script: list[Say], words: str) -> None:
    """Each ends in one sentence with the way out, before anything was done."""
    with serving(*script) as server, pytest.raises(UsageError, match=words) as caught:
        check(server.client(), "o", "r", pulls=False)
    assert all(one.method == "GET" for one in server.got)
    assert str(caught.value).endswith(".")


def test_a_public_repository_needs_less() -> None:
    """`public_repo` is enough where everybody may read."""
    user = Say(200, {"login": "ann"}, {"X-OAuth-Scopes": "public_repo"})
    with serving(user, repository(private=False), BRANCH, EMPTY) as server:
        assert check(server.client(), "o", "r", pulls=False).scopes == {"public_repo"}


def test_a_server_in_trouble_is_no_fault_of_the_token() -> None:
    """It stays TrackerUnavailable: trying again helps."""
    with serving(Say(503, {})) as server, pytest.raises(TrackerUnavailable):
        check(server.client(patience=0), "o", "r", pulls=False)
