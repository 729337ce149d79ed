"""Pull requests on GitHub."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..domain.errors import ForgeRefused, Unsure
from ..domain.pull import PullRequest, Standing
from ..domain.trouble import Kind, Trouble
from ..effect import effect
from ..forge.batch import Mutation, sure
from ..forge.github import GitHub
from .base import HeadMoved, MergeAnswer, NotNow, Offer, Taken
from .facts import PULL_FIELDS, opened, pull_request

_AT_ONCE = 25
_TITLE, _BODY = 256, 65_000
_BEGIN, _END = "<!-- nightshift:begin -->", "<!-- nightshift:end -->"
_OURS = re.compile(rf"{_BEGIN}.*?{_END}", re.DOTALL)
_METHODS = {
    "merge": "allow_merge_commit",
    "squash": "allow_squash_merge",
    "rebase": "allow_rebase_merge",
}
_NOT_MERGEABLE, _MOVED, _UNPROCESSABLE = 405, 409, 422
_OTHERWISE = re.compile(
    "(merge commits|squash merges|rebase merges) are not allowed|must not contain merge commits",
    re.IGNORECASE,
)
_BASE_MOVED = "Base branch was modified"
_FIRST, _MANY = 5, 100
"""How many of one name are read in full, and how many are looked through for ours."""
NAMES_QUERY = (
    "query($owner: String!, $name: String!, $branch: String!) {"
    " repository(owner: $owner, name: $name) {"
    f" pullRequests(headRefName: $branch, first: {_MANY},"
    " orderBy: {field: CREATED_AT, direction: DESC})"
    " { nodes { number state isCrossRepository } } } }"
)
ONE_QUERY = (
    "query($owner: String!, $name: String!, $number: Int!) {"
    " repository(owner: $owner, name: $name) { pullRequest(number: $number) { ...pull } } }\n"
    f"{PULL_FIELDS}"
)


class GitHubPullRequests:
    """See `PullRequests`. People may write into a pull request's body around our part of it."""

    def __init__(self, api: GitHub, *, owner: str, repo: str) -> None:
        self._api = api
        self._owner = owner
        self._repo = repo
        self._methods: list[str] = []

    def look(self, branches: Collection[str]) -> Mapping[str, PullRequest]:
        """See `PullRequests.look`. One query for up to 25 branches."""
        nodes = self._nodes(sorted(branches))
        return {branch: pull_request(node) for branch, node in nodes.items()}

    def open(self, offer: Offer) -> PullRequest:
        """See `PullRequests.open`."""
        node = self._open_node(offer.branch)
        if node is not None:
            self._describe(node, offer)
            return pull_request(node)
        try:
            with effect("pull"):
                return opened(self._create(offer, draft=offer.draft))
        except (Unsure, ForgeRefused) as error:
            if (node := self._open_node(offer.branch)) is None:
                raise error
            return pull_request(node)

    def ready(self, pull: PullRequest) -> None:
        """See `PullRequests.ready`."""
        select = "{ pullRequest { id } }"
        name, what = "markPullRequestReadyForReview", {"pullRequestId": pull.node}
        sure(self._api.mutate([Mutation(name=name, input=what, select=select)])[0])

    def merge(self, pull: PullRequest, sha: str) -> MergeAnswer:
        """See `PullRequests.merge`. What rules of the branch say of ways to merge is known by
        trying alone; what was refused is read anew before the next try."""
        methods = self._methods or self._allowed()
        answer: MergeAnswer = NotNow(why="the repository allows no way of merging")
        for method in methods:
            answer = self._merge(pull, sha, method)
            if isinstance(answer, Taken):
                self._methods = sorted(methods, key=lambda one: one != method)
                return answer
            if not (isinstance(answer, NotNow) and _OTHERWISE.search(answer.why)):
                break
        self._methods = []
        return answer

    def _merge(self, pull: PullRequest, sha: str, method: str) -> MergeAnswer:
        try:
            path, body = f"pulls/{pull.number}/merge", {"sha": sha, "merge_method": method}
            with effect("merge"):
                answer = self._api.send("PUT", self._path(path), body)
        except ForgeRefused as error:
            if error.status == _MOVED or _BASE_MOVED in str(error):
                return HeadMoved()
            if error.status not in (_NOT_MERGEABLE, _UNPROCESSABLE):
                raise
            return self._merged_already(pull) or NotNow(why=str(error))
        return Taken(commit=str(answer["sha"]))

    def _allowed(self) -> list[str]:
        """The ways to merge that the repository allows, the best first: a merge commit keeps the
        commits that were checked."""
        told = self._api.get(f"repos/{self._owner}/{self._repo}")
        return [name for name, flag in _METHODS.items() if told.get(flag, True) is not False]

    def _merged_already(self, pull: PullRequest) -> Taken | None:
        now = self.look([pull.branch]).get(pull.branch)
        if now is None or now.number != pull.number or now.standing is not Standing.MERGED:
            return None
        return Taken(commit=now.merge_commit)

    def _create(self, offer: Offer, *, draft: bool) -> Mapping[str, Any]:
        body = {
            "title": offer.title[:_TITLE],
            "head": offer.branch,
            "base": offer.base,
            "body": _framed(offer.body),
            "draft": draft,
        }
        try:
            answer: Mapping[str, Any] = self._api.send("POST", self._path("pulls"), body)
        except ForgeRefused as error:
            if not draft or error.status != _UNPROCESSABLE or "raft" not in str(error.trouble.why):
                raise
            return self._create(offer, draft=False)  # plans without drafts refuse them
        return answer

    def _describe(self, node: Mapping[str, Any], offer: Offer) -> None:
        """Put our part of the body in place of the old one. Where people took it out, it stays
        out, and their title stays in any case."""
        old, new = str(node["body"]), _framed(offer.body)
        body = _OURS.sub(lambda _: new, old, count=1)
        if body != old:
            self._api.send("PATCH", self._path(f"pulls/{node['number']}"), {"body": body})

    def _open_node(self, branch: str) -> Mapping[str, Any] | None:
        node = self._nodes([branch]).get(branch)
        return node if node is not None and node["state"] == "OPEN" else None

    def _nodes(self, branches: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(branches), _AT_ONCE):
            batch = branches[start : start + _AT_ONCE]
            values = {f"b{at}": branch for at, branch in enumerate(batch)}
            data = self._api.query(
                look_query(len(batch)), owner=self._owner, name=self._repo, **values
            )
            if (repository := data["repository"]) is None:
                raise self._not_there()
            for at, branch in enumerate(batch):
                rows = (repository.get(f"p{at}") or {}).get("nodes") or []
                node = _chosen(rows)
                if node is None and len(rows) == _FIRST:
                    node = self._behind_forks(branch)
                if node is not None:
                    found[branch] = node
        return found

    def _behind_forks(self, branch: str) -> Mapping[str, Any] | None:
        """As strangers' pull requests from branches of the same name may stand before ours."""
        ours = {"owner": self._owner, "name": self._repo}
        data = self._api.query(NAMES_QUERY, branch=branch, **ours)
        slim = _chosen(data["repository"]["pullRequests"]["nodes"])
        if slim is None:
            return None
        data = self._api.query(ONE_QUERY, number=slim["number"], **ours)
        node: Mapping[str, Any] = data["repository"]["pullRequest"]
        return node

    def _not_there(self) -> ForgeRefused:
        text = (
            f"{self._owner}/{self._repo} is not there, or the token may not see it. Check its "
            "name, and let the token read its pull requests."
        )
        trouble = Trouble(kind=Kind.NOT_FOUND, why="the repository cannot be seen", until=None)
        return ForgeRefused(text, trouble, status=404)

    def _path(self, rest: str) -> str:
        return f"repos/{self._owner}/{self._repo}/{rest}"


def look_query(count: int) -> str:
    """The query for the pull requests of `count` branches, given as $b0, $b1 …"""
    names = "".join(f", $b{at}: String!" for at in range(count))
    fields = "\n".join(
        f"    p{at}: pullRequests(headRefName: $b{at}, first: {_FIRST}, "
        "orderBy: {field: CREATED_AT, direction: DESC}) { nodes { ...pull } }"
        for at in range(count)
    )
    return (
        f"query($owner: String!, $name: String!{names}) {{\n"
        f"  repository(owner: $owner, name: $name) {{\n{fields}\n  }}\n}}\n{PULL_FIELDS}"
    )


def _chosen(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The open one that was opened first, as people may open a second one into another branch;
    else the newest. A fork may have a branch of the same name."""
    own = [one for one in rows if one and not one["isCrossRepository"]]
    is_open = [one for one in own if one["state"] == "OPEN"]
    return next(iter(is_open[-1:] or own[:1]), None)


def _framed(body: str) -> str:
    inside = body.replace(_BEGIN, "").replace(_END, "").strip()
    short = inside if len(inside) <= _BODY else inside[:_BODY] + "\n… (cut)"
    return f"{_BEGIN}\n{short}\n{_END}"
