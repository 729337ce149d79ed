"""What GitHub's GraphQL says of a pull request, as ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..domain.pull import Check, Colour, PullRequest, Remark, Review, Standing, Verdict

_SAID = 2_000
"""How much of a check's own text is kept, from its end: there it says what failed."""

PULL_FIELDS = """\
fragment pull on PullRequest {
  id number url body state isDraft isCrossRepository
  headRefName headRefOid baseRefName headRef { id } baseRef { target { oid } }
  mergeable mergeStateStatus reviewDecision
  mergeCommit { oid }
  commits(last: 1) { nodes { commit { oid statusCheckRollup {
    state
    contexts(first: 50) { nodes {
      __typename
      ... on CheckRun {
        name status conclusion detailsUrl title summary text
        annotations(first: 5) { nodes { path message location { start { line } } } }
      }
      ... on StatusContext { context state targetUrl description }
    } }
  } } } }
  timelineItems(itemTypes: [CONVERT_TO_DRAFT_EVENT], last: 1) { nodes { __typename } }
  reviews(last: 50) { nodes {
    id state body authorCanPushToRepository author { __typename login }
  } }
  reviewThreads(last: 50) { nodes {
    isResolved path line
    comments(first: 20) { nodes { body pullRequestReview { id } } }
  } }
}
"""

_ROLLUP = {
    "SUCCESS": Colour.PASSED,
    "FAILURE": Colour.FAILED,
    "ERROR": Colour.FAILED,
    "PENDING": Colour.PENDING,
    "EXPECTED": Colour.PENDING,
}
_CONCLUSIONS = {"SUCCESS": Colour.PASSED, "NEUTRAL": Colour.PASSED, "SKIPPED": Colour.PASSED}
_VERDICTS = {
    "APPROVED": Verdict.APPROVED,
    "CHANGES_REQUESTED": Verdict.CHANGES,
    "COMMENTED": Verdict.COMMENTED,
    "DISMISSED": Verdict.DISMISSED,
}
_MERGEABLE = {"MERGEABLE": True, "CONFLICTING": False}


def pull_request(node: Mapping[str, Any]) -> PullRequest:
    """From a node of PULL_FIELDS."""
    rollup = _rollup(node)
    standing = Standing(str(node["state"]).lower())
    return PullRequest(
        node=node["id"],
        number=node["number"],
        url=node["url"],
        branch=node["headRefName"],
        head=node["headRefOid"],
        base=node["baseRefName"],
        base_commit=((node["baseRef"] or {}).get("target") or {}).get("oid", ""),
        standing=standing,
        draft=node["isDraft"],
        held_back=bool(_nodes(node, "timelineItems")),
        mergeable=_MERGEABLE.get(node["mergeable"]),
        colour=_ROLLUP.get(rollup.get("state") or "", Colour.NONE),
        checks=tuple(_check(one) for one in _nodes(rollup, "contexts")),
        reviews=tuple(_reviews(node)),
        needs_review=node["reviewDecision"] == "REVIEW_REQUIRED",
        blocked=node["mergeStateStatus"] == "BLOCKED",
        branch_gone=node["headRef"] is None,
        merge_commit=(node["mergeCommit"] or {}).get("oid", ""),
    )


def opened(answer: Mapping[str, Any]) -> PullRequest:
    """From REST's answer to the opening of one: nobody has said anything about it yet."""
    return PullRequest(
        node=answer["node_id"],
        number=answer["number"],
        url=answer["html_url"],
        branch=answer["head"]["ref"],
        head=answer["head"]["sha"],
        base=answer["base"]["ref"],
        base_commit=answer["base"]["sha"],
        draft=answer["draft"],
    )


def _rollup(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the head: the last commit may lag behind it for a moment after a push."""
    for one in _nodes(node, "commits"):
        if one["commit"]["oid"] == node["headRefOid"]:
            return one["commit"]["statusCheckRollup"] or {}
    return {}


def _check(node: Mapping[str, Any]) -> Check:
    if node["__typename"] == "StatusContext":
        return Check(
            name=node["context"],
            colour=_ROLLUP.get(node["state"], Colour.PENDING),
            url=node["targetUrl"] or "",
            said=node["description"] or "",
        )
    done = node["status"] == "COMPLETED"
    return Check(
        name=node["name"],
        colour=_CONCLUSIONS.get(node["conclusion"], Colour.FAILED) if done else Colour.PENDING,
        url=node["detailsUrl"] or "",
        said=_said(node),
    )


def _said(node: Mapping[str, Any]) -> str:
    notes = [
        f"{one['path']}:{one['location']['start']['line']}: {one['message']}"
        for one in _nodes(node, "annotations")
    ]
    texts = [node["title"], node["summary"], node["text"], *notes]
    return "\n".join(text for text in texts if text)[-_SAID:]


def _reviews(node: Mapping[str, Any]) -> Iterator[Review]:
    remarks: dict[str, list[Remark]] = {}
    for thread in _nodes(node, "reviewThreads"):
        for one in _nodes(thread, "comments"):
            remark = Remark(
                text=one["body"],
                path=thread["path"],
                line=thread["line"] or 0,
                settled=thread["isResolved"],
            )
            remarks.setdefault((one["pullRequestReview"] or {}).get("id", ""), []).append(remark)
    for one in _nodes(node, "reviews"):
        if (verdict := _VERDICTS.get(one["state"])) is not None:  # else it is not handed in yet
            yield Review(
                id=one["id"],
                by=_login(one["author"]) or "ghost",
                may_write=one["authorCanPushToRepository"],
                verdict=verdict,
                text=one["body"] or "",
                remarks=tuple(remarks.get(one["id"], ())),
                by_program=(one["author"] or {}).get("__typename") == "Bot",
            )


def _nodes(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Of a connection; places that could not be read are left out."""
    return [one for one in (holder.get(name) or {}).get("nodes") or [] if one]


def _login(actor: Mapping[str, Any] | None) -> str:
    return str(actor["login"]) if actor else ""
