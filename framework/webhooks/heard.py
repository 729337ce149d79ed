"""What a delivery says: that it is time to look, and where. Pure.

Nothing else of a payload is kept or believed: whoever looks asks the forge itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from ..domain.frozen import dataclass
from .signature import Headers

_KINDS = ("x-gitea-event", "x-github-event", "x-gitlab-event", "linear-event", "x-event")
_DELIVERIES = (
    "x-gitea-delivery",
    "x-github-delivery",
    "x-gitlab-webhook-uuid",
    "webhook-id",
    "linear-delivery",
    "x-atlassian-webhook-identifier",
    "x-delivery",
)
"""Gitea sends GitHub's headers too, so its own come first. GitLab's `X-Gitlab-Event-UUID` is
shared by all hooks that one event reaches, and a hook's own stays the same when it is retried."""
_FORM = b"payload="
_WORD = re.compile(r"[^a-z0-9]+")
_REPOSITORY = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){1,20}", re.ASCII)
_DELIVERY = re.compile(r"[\x21-\x7e]{1,200}")
_LONGEST_KIND = 60
_MOST = 2**53

_ISSUES = (
    "issue",
    "pull_request",
    "sub_issue",
    "parent_issue",
    "blocked_issue",
    "blocking_issue",
    "merge_request",
)
_CHECKS = ("check_run", "check_suite", "workflow_run", "workflow_job")
_RELEVANT = re.compile(
    r"issue|label|pull_request|merge_request|note_hook|pipeline|^comment$|^milestone$|^status$"
    r"|^check_(run|suite)$|^projects_v2"
)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """`kind` is the forge's word in lower case with underscores, "" where it gave none;
    `repository` is `owner/name`, "" where that is none; `number` is that of the issue or pull
    request, None where it is about another thing; `delivery` is what the forge calls this
    delivery, "" where it does not. None of the headers is signed."""

    repository: str
    kind: str
    number: int | None
    delivery: str

    @property
    def is_news(self) -> bool:
        """Whether there may be something new on the board. What says no kind may."""
        return not self.kind or _RELEVANT.search(self.kind) is not None


def hear(headers: Headers, body: bytes) -> Heard:
    """Read a delivery whose signature was verified; `headers` in lower case.

    The body is JSON, or a form with JSON in its `payload` as GitHub sends it when a hook is set
    so. Any JSON object will do. Raises ValueError for everything else.
    """
    payload = _payload(body)
    kind = next((headers[name] for name in _KINDS if name in headers), "")
    delivery = next((headers[name] for name in _DELIVERIES if name in headers), "")
    return Heard(
        repository=_repository(payload),
        kind=_WORD.sub("_", kind.lower()).strip("_")[:_LONGEST_KIND],
        number=next(_numbers(payload), None),
        delivery=delivery if _DELIVERY.fullmatch(delivery) else "",
    )


def _payload(body: bytes) -> Mapping[str, Any]:
    try:
        if body.startswith(_FORM):  # which no JSON does; what Content-Type says is often wrong
            body = parse_qs(body.decode("utf-8"), max_num_fields=4)["payload"][0].encode("utf-8")
        found = json.loads(body)
    except (ValueError, KeyError, RecursionError) as error:
        raise ValueError("the body is no JSON") from error
    if not isinstance(found, dict):
        raise ValueError("the body is no JSON object")
    return found


def _repository(payload: Mapping[str, Any]) -> str:
    hub, lab = _object(payload, "repository"), _object(payload, "project")
    for name in (hub.get("full_name"), lab.get("path_with_namespace")):
        if isinstance(name, str) and _REPOSITORY.fullmatch(name):
            return name
    return ""


def _numbers(payload: Mapping[str, Any]) -> Iterator[int]:
    """Of the issue or pull request that the payload is about, the likeliest first."""
    for name in _ISSUES:
        yield from _number(_object(payload, name))
    for name in _CHECKS:
        pulls = _object(payload, name).get("pull_requests")
        for pull in pulls if isinstance(pulls, list) else ():
            yield from _number(pull)
    if payload.get("object_kind") in ("issue", "merge_request"):
        yield from _number(_object(payload, "object_attributes"))


def _number(thing: object) -> Iterator[int]:
    """GitHub and Gitea say `number`, GitLab `iid`."""
    if isinstance(thing, dict):
        for name in ("number", "iid"):
            value = thing.get(name)
            if type(value) is int and 0 < value < _MOST:
                yield value


def _object(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}
