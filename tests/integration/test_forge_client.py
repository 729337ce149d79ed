"""The client against a server that says what GitHub says: reads, writes, troubles."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from framework.domain.errors import ForgeRefused, TrackerUnavailable, Unsure, UsageError
from framework.domain.trouble import Kind
from framework.forge.github import GitHub
from tests.integration.forge_server import BASE, TOKEN, Say, serving

OK = Say(200, {"id": 1})


def test_a_read_that_did_not_change_costs_nothing() -> None:
    """The second GET sends the ETag, and a 304 gives what the first one gave."""
    with serving(Say(200, [1, 2], {"ETag": '"a"'}), Say(304)) as server:
        api = server.client()
        for _ in range(2):
            assert api.get("repos/o/r/issues", state="all") == [1, 2]
    assert server.got[1].headers["if-none-match"] == '"a"'
    assert server.paths == ["GET /api/v3/repos/o/r/issues?state=all"] * 2


def test_a_page_that_did_not_change_is_followed_by_the_next() -> None:
    """A 304 need not name it again: the remembered answer did."""
    link = {"ETag": '"a"', "Link": '<http://HERE/api/v3/x?page=2>; rel="next"'}
    with serving(Say(200, [1], link), Say(200, [2]), Say(304), Say(200, [2])) as server:
        api = server.client()
        for _ in range(2):
            assert list(api.pages("x")) == [1, 2]


def test_what_a_caller_does_to_an_answer_is_not_remembered() -> None:
    """A remembered answer is made anew for each caller."""
    with serving(Say(200, [1], {"ETag": '"a"'}), Say(304)) as server:
        api = server.client()
        api.get("x").append(2)
        assert api.get("x") == [1]


def test_pages_follow_the_links() -> None:
    """All items of all pages come, 100 a page, by the addresses that the server names."""
    link = '<http://HERE/api/v3/x?page=1>; rel="prev", <http://HERE/api/v3/x?after=Q>; rel="next"'
    with serving(
        Say(200, [1], {"Link": link}), Say(200, {"total_count": 2, "items": [2]})
    ) as server:
        assert list(server.client().pages("x", state=None)) == [1, 2]
    assert server.paths == ["GET /api/v3/x?per_page=100", "GET /api/v3/x?after=Q"]


@pytest.mark.parametrize("link", ["<http://example.com/x>", "<http://HERE/api/v3/x?per_page=100>"])
def test_pages_do_not_follow_every_link(link: str) -> None:
    """Another server, where the token must not go, and a circle are refused."""
    with serving(Say(200, [1], {"Link": f'{link}; rel="next"'})) as server:
        with pytest.raises(TrackerUnavailable, match="next page"):
            list(server.client().pages("x"))
        assert len(server.got) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_found(status: int) -> None:
    """A read follows redirects within the same server."""
    moved = Say(status, {}, {"Location": "/api/v3/repositories/7"})
    with serving(moved, OK) as server:
        assert server.client().get("repos/o/old") == {"id": 1}
    assert server.paths[1] == "GET /api/v3/repositories/7"


@pytest.mark.parametrize(
    ("status", "follows"), [(301, False), (302, False), (307, True), (308, True)]
)
def test_a_write_follows_only_what_keeps_it_a_write(status: int, follows: bool) -> None:
    """307 and 308 repeat the same write elsewhere; 301 and 302 would make it a read."""
    moved = Say(status, {}, {"Location": "http://HERE/api/v3/repositories/7/issues"})
    with serving(moved, Say(201, {"number": 3})) as server:
        api = server.client()
        if follows:
            assert api.send("POST", "repos/o/old/issues", {"title": "t"}) == {"number": 3}
            assert server.got[1].body == {"title": "t"}
        else:
            with pytest.raises(ForgeRefused, match="moved to") as caught:
                api.send("POST", "repos/o/old/issues", {"title": "t"})
            assert caught.value.trouble.kind is Kind.NOT_FOUND
            assert len(server.got) == 1


def test_the_token_goes_to_no_other_server() -> None:
    """A redirect to another host is not followed, and said."""
    with serving(OK) as other, serving(Say(302, {}, {"Location": f"{other.url}/x"})) as server:
        with pytest.raises(ForgeRefused, match="moved to"):
            server.client().get("x")
        assert not other.got


def test_redirects_end() -> None:
    """A circle of redirects is given up."""
    with serving(Say(302, {}, {"Location": "/api/v3/x"})) as server:
        with pytest.raises(TrackerUnavailable, match="redirects"):
            server.client(patience=0).get("x")
        assert len(server.got) == 5


@pytest.mark.parametrize("trouble", [Say(502, {}), Say(reset=True), Say(200, [1] * 99, cut=True)])
def test_a_read_is_tried_again(trouble: Say) -> None:
    """A server in trouble, a reset and half an answer end in the whole answer, after a wait."""
    with serving(trouble, trouble, OK) as server:
        assert server.client().get("x") == {"id": 1}
        assert server.clock.slept[0] >= 5


def test_a_read_gives_up_when_patience_ends() -> None:
    """No call waits longer than it may."""
    with serving(Say(503, {})) as server:
        with pytest.raises(TrackerUnavailable, match="trouble of its own") as caught:
            server.client(patience=20).get("x")
        assert not isinstance(caught.value, Unsure)
        assert sum(server.clock.slept) <= 20


def test_a_dead_server_is_left_alone() -> None:
    """After five failures in a row nothing is asked for a moment, then one probe goes through."""
    with serving(Say(500, {})) as server:
        api = server.client(patience=0)
        for _ in range(5):
            with pytest.raises(TrackerUnavailable):
                api.get("x")
        with pytest.raises(TrackerUnavailable, match="several times in a row") as caught:
            api.get("x")
        assert len(server.got) == 5
        assert caught.value.until is not None
        server.script = [OK]
        server.clock.at = caught.value.until
        assert api.get("x") == {"id": 1}


LOST = [Say(502, {}), Say(500, {}), Say(reset=True), Say(201, {"number": 3}, cut=True)]


@pytest.mark.parametrize("trouble", [*LOST, Say(200, b"<html>", {"Content-Type": "text/html"})])
def test_a_write_is_never_sent_twice(trouble: Say) -> None:
    """A write whose answer is lost is Unsure, and the server got it once."""
    with serving(trouble, OK) as server:
        with pytest.raises(Unsure, match="Look at what is there"):
            server.client().send("POST", "repos/o/r/issues", {"title": "t"})
        assert len(server.got) == 1


def test_a_write_that_never_left_is_not_unsure() -> None:
    """Where nobody listens nothing was sent: tried again, then TrackerUnavailable."""
    with serving(OK) as server:
        api = server.client(patience=30)
    with pytest.raises(TrackerUnavailable, match="did not answer") as caught:
        api.send("POST", "x", {})
    assert not isinstance(caught.value, Unsure)
    assert server.clock.slept


def test_no_content_is_none() -> None:
    """204 has no data."""
    with serving(Say(204)) as server:
        assert server.client().send("DELETE", "x") is None


def test_an_empty_answer_is_none() -> None:
    """A success whose length is 0 was not cut off."""
    with serving(Say(202, b"")) as server:
        assert server.client().send("PUT", "x") is None


def test_writes_keep_a_second_apart() -> None:
    """Spacing as GitHub asks for; reads do not wait."""
    with serving(OK) as server:
        api = server.client()
        for _ in range(3):
            api.send("PATCH", "x", {})
        api.get("x")
    assert server.clock.slept == [1.0, 1.0]


def test_a_limit_is_waited_for_within_patience() -> None:
    """Retry-After is obeyed in the call, and the read then goes through."""
    limited = Say(403, {"message": "secondary"}, {"Retry-After": "30"})
    with serving(limited, OK) as server:
        assert server.client().get("x") == {"id": 1}
        assert 30 <= sum(server.clock.slept) <= 31


def test_a_limit_beyond_patience_is_told() -> None:
    """The error says until when, and the next call does not even ask."""
    with serving(Say(429, {}, {"Retry-After": "600"}), OK) as server:
        api = server.client()
        for _ in range(2):
            with pytest.raises(TrackerUnavailable, match="limit for this account") as caught:
                api.get("x")
            assert caught.value.until is not None
            assert 600 <= (caught.value.until - BASE).total_seconds() <= 601
        assert len(server.got) == 1


def test_a_limited_write_was_not_done() -> None:
    """It is not sent again, and the caller knows that nothing happened, until when."""
    limited = Say(403, {"documentation_url": "https://docs/x#secondary-rate-limits"})
    with serving(limited, OK) as server:
        with pytest.raises(TrackerUnavailable, match="until 12:01:00 UTC") as caught:
            server.client().send("POST", "x", {})
        assert not isinstance(caught.value, Unsure)
        assert caught.value.until == BASE + timedelta(seconds=60)
        assert len(server.got) == 1


def test_the_reset_time_is_by_the_servers_clock() -> None:
    """A machine whose clock is an hour wrong waits as long as all others."""
    used_up = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(BASE.timestamp()) + 3600 + 40),
        "Date": "Sat, 21 Nov 2026 13:00:00 GMT",
    }
    with serving(Say(403, {}, used_up), OK) as server:
        server.client().get("x")
        assert 40 <= sum(server.clock.slept) <= 41


def test_processes_share_the_limits(tmp_path: Path) -> None:
    """What one client heard keeps another one of the account from asking, with another token."""
    user = Say(200, {"login": "ann"})
    limited = Say(429, {}, {"Retry-After": "600"})
    with serving(user, user, limited, OK) as server:
        one = server.client(allowance=tmp_path / "limits.json")
        other = server.client(allowance=tmp_path / "limits.json", token=TOKEN[::-1])
        assert one.login == other.login == "ann"
        for api in (one, other):
            with pytest.raises(TrackerUnavailable):
                api.get("x")
        assert len(server.got) == 3
        assert TOKEN not in (tmp_path / "limits.json").read_text()
        assert "ann" not in (tmp_path / "limits.json").read_text()


def test_login_and_scopes_are_asked_once() -> None:
    """GET /user tells both."""
    with serving(Say(200, {"login": "ann"}, {"X-OAuth-Scopes": "repo, project"})) as server:
        api = server.client()
        assert api.scopes == {"repo", "project"}
        assert api.login == "ann"
    assert server.paths == ["GET /api/v3/user"]


def test_a_fine_grained_token_has_no_scopes() -> None:
    """None, not an empty set: it says nothing."""
    with serving(Say(200, {"login": "ann"})) as server:
        assert server.client(token="github_pat_0123456789").scopes is None


def test_an_installation_asks_who_it_is_by_graphql() -> None:
    """Tokens of installations have no /user."""
    with serving(Say(200, {"data": {"viewer": {"login": "app[bot]"}}})) as server:
        assert server.client(token="ghs_0123456789").login == "app[bot]"
    assert server.paths == ["POST /api/graphql"]


def test_the_login_stands_in_later_errors() -> None:
    """Who may not see something is said once it is known."""
    with serving(Say(200, {"login": "ann"}), Say(404, {"message": "Not Found"})) as server:
        api = server.client()
        assert api.login
        with pytest.raises(ForgeRefused, match="the token of ann may not see it"):
            api.get("repos/o/r")


def test_a_web_page_is_no_answer() -> None:
    """A sign-in page of a proxy is named as what it is."""
    page = Say(200, b"<html>Welcome to the hotel</html>", {"Content-Type": "text/html"})
    with serving(page) as server, pytest.raises(TrackerUnavailable, match="web page"):
        server.client(patience=0).get("x")


def test_an_endless_answer_is_given_up() -> None:
    """More than any page of GitHub's is not read into memory."""
    endless = Say(200, b" " * ((32 << 20) + 1))
    with serving(endless) as server, pytest.raises(TrackerUnavailable, match="than 32 MiB"):
        server.client(patience=0).get("x")


def test_the_token_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in representations, errors or logs, even where the server says it back."""
    caplog.set_level(logging.DEBUG)
    echo = Say(422, {"message": f"bad {TOKEN}", "errors": [{"message": TOKEN}]})
    with serving(echo, Say(401, {"message": TOKEN}), Say(reset=True)) as server:
        api = server.client(patience=0)
        told = [repr(api), str(vars(api))]
        for _ in range(3):
            with pytest.raises((ForgeRefused, TrackerUnavailable)) as caught:
                api.get("x")
            told += [str(caught.value), repr(caught.value), repr(vars(caught.value))]
            told += [repr(caught.value.__cause__), repr(caught.value.__context__)]
    assert TOKEN not in caplog.text
    assert not [one for one in told if TOKEN in one]


@pytest.mark.parametrize("token", ["", "two words", "ghp_x\n", "ünicode"])
def test_what_is_no_token_is_refused_unseen(token: str) -> None:
    """A malformed token never reaches a library that would show it."""
    with pytest.raises(UsageError, match="no token") as caught:
        GitHub(token=token)
    assert not token or token.strip() not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://github.com", "http://ghe.example", "ftp://x", "github.com"]
)
def test_the_token_goes_nowhere_in_the_clear(url: str) -> None:
    """Without TLS only this machine is spoken to."""
    with pytest.raises(UsageError, match="https"):
        GitHub(url=url if url != "http://github.com" else "http://example.org", token=TOKEN)
