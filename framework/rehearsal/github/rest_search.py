"""REST: searching issues, with an index that lags behind."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from .call import Call, Reply, invalid
from .pages import paged
from .records import Issue
from .rest_issues import shown
from .routes import route

_MOST = 1000
Test = Callable[[Issue], bool]


@route("GET", "/search/issues", area="issues")
def _search(call: Call) -> Reply:
    """Only issues that are older than `store.lag` are in the index; an unknown qualifier finds
    nothing, and no words at all are 422."""
    words = call.query.get("q", "").strip()
    if not words:
        raise invalid("Search", "q", "missing", page="search/search#search-issues")
    found = [one for one in _indexed(call) if all(test(one) for test in _tests(call, words))]
    found.sort(key=lambda one: one.updated_at, reverse=True)
    items, headers = paged(call, found[:_MOST])
    shapes = [{**shown(call, one), "score": 1.0} for one in items]
    body: dict[str, object] = {
        "total_count": len(found),
        "incomplete_results": False,
        "items": shapes,
    }
    body["search_type"] = "lexical"
    return Reply(body=body, headers=headers)


def _indexed(call: Call) -> list[Issue]:
    seen = call.store.clock.now() - call.store.lag
    visible = [
        repo for repo in call.store.repos.values() if call.store.may(repo, call.login, "read")
    ]
    return [issue for repo in visible for issue in repo.issues.values() if issue.created_at <= seen]


def _tests(call: Call, words: str) -> list[Test]:
    return [_test(call, word) for word in _split(words)]


def _split(words: str) -> list[str]:
    lexer = shlex.shlex(words, posix=True)
    lexer.whitespace_split, lexer.quotes, lexer.commenters = True, '"', ""
    try:
        return list(lexer)
    except ValueError:
        raise invalid("Search", "q", "invalid", page="search/search#search-issues") from None


def _test(call: Call, word: str) -> Test:
    if word.startswith("-") and ":" in word:
        inner = _test(call, word[1:])
        return lambda issue: not inner(issue)
    name, colon, value = word.partition(":")
    if not colon:
        return lambda issue: word.lower() in f"{issue.title}\n{issue.body or ''}".lower()
    return _qualifier(call, name, value.lower())


def _qualifier(call: Call, name: str, value: str) -> Test:
    match name:
        case "repo":
            return lambda issue: call.store.repo_of(issue).full_name.lower() == value
        case "is" | "state" | "type":
            return lambda issue: value in (issue.state, "pr" if issue.pull else "issue")
        case "label":
            return lambda issue: value in [one.lower() for one in issue.labels]
        case "author":
            return lambda issue: issue.author.lower() == value
        case "assignee":
            return lambda issue: value in [one.lower() for one in issue.assignees]
        case "in" | "sort":
            return lambda issue: True
        case _:
            return lambda issue: False
