"""What a request costs of the limits of an account. GitHub's own numbers, see its pages on rate
limits for REST and for GraphQL."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.frozen import dataclass

GRAPHQL = "graphql"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request as the limits see it. `resource` is the primary limit that it counts for,
    `points` those of a minute, `content` how many things it makes that people are told of."""

    resource: str
    points: int
    write: bool = False
    content: int = 0


def rest_ask(method: str, path: str) -> Ask:
    """Of REST. Every POST counts as making something: which do not is nowhere said."""
    resource = "search" if path.lstrip("/").startswith("search/") else "core"
    if method in ("GET", "HEAD"):
        return Ask(resource=resource, points=1)
    return Ask(resource=resource, points=5, write=True, content=int(method == "POST"))


def graphql_ask(mutations: Sequence[str]) -> Ask:
    """Of one request to GraphQL with these mutations; a query where there are none. It costs the
    same points however many there are. What sends notifications counts one by one, although
    GitHub's pages speak of requests: being refused in the middle is worse than a wait."""
    if not mutations:
        return Ask(resource=GRAPHQL, points=1)
    made = sum(one.startswith(_TOLD) for one in mutations)
    linked = any(one.startswith(_QUIET) for one in mutations)
    return Ask(resource=GRAPHQL, points=5, write=True, content=max(made, int(linked)))


_TOLD = ("create", "addComment", "addPullRequestReview", "convertProjectV2DraftIssue")
_QUIET = ("addSubIssue", "addBlockedBy", "addProjectV2DraftIssue")
"""How mutations begin that make content, and what is counted as content without being told to
anybody. Cards and fields of boards are neither."""
