"""Webhooks at GitHub: registered once for an address, listed, removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from ..domain.errors import EntryNotFound, ForgeRefused, NotAllowed, Unsure, UsageError
from ..domain.frozen import dataclass
from ..domain.nearest import hint

EVENTS = (
    "issues",
    "issue_comment",
    "label",
    "milestone",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "check_run",
    "check_suite",
    "status",
)
NEWER = ("sub_issues", "issue_dependencies")
"""Servers of one's own may not know them yet."""
_OURS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("issue.created", "issue.closed", "issue.reopened", "issue.deleted"), EVENTS[:1]
    ),
    "issue.updated": ("issues", "label", "milestone"),
    "issue.commented": ("issue_comment",),
}
_WRITE = frozenset({"repo", "public_repo", "admin:repo_hook", "write:repo_hook"})
_READ = _WRITE | {"read:repo_hook"}
_REMOVE = _WRITE - {"write:repo_hook"}


class Api(Protocol):
    """As much of the door to GitHub as is needed here."""

    @property
    def scopes(self) -> frozenset[str] | None: ...

    def pages(self, path: str, /, **query: Any) -> Iterator[Any]: ...

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Hook:
    """`last` is GitHub's word on the last delivery, "unused" before the first."""

    id: int
    url: str
    events: tuple[str, ...]
    active: bool
    last: str


class Hooks:
    """Of one repository. Everything raises NotAllowed with the way out where the token may not."""

    def __init__(self, api: Api, owner: str, repo: str) -> None:
        self._api = api
        self._repository = f"{owner}/{repo}"
        self._path = f"repos/{quote(owner, safe='')}/{quote(repo, safe='')}/hooks"

    def list(self) -> Sequence[Hook]:
        """Those that send to a web address, in GitHub's order."""
        self._need(_READ)
        try:
            found = [one for one in self._api.pages(self._path) if one["config"]]
        except ForgeRefused as error:
            raise self._explained(error) from error
        return [_hook(one) for one in found if one["config"].get("url")]

    def register(
        self, url: str, secret: str, events: Sequence[str] | None = None
    ) -> tuple[Hook, bool]:
        """The hook at this address, and whether it is new: there is one however often this is
        called, and it has the secret and the events (None for all that matter) of the last call.
        """
        self._need(_WRITE)
        wanted = (*EVENTS, *NEWER) if events is None else events
        there = self._at(url)
        try:
            return self._put(there, url, secret, wanted), there is None
        except ForgeRefused as error:
            if events is not None or not _is_unknown_event(error):
                raise self._explained(error) from error
        return self._put(there, url, secret, EVENTS), there is None

    def remove(self, id: int) -> Hook:
        """The hook that was. EntryNotFound where there is none of this number."""
        found = next((one for one in self.list() if one.id == id), None)
        if found is None:
            raise EntryNotFound(
                f"{self._repository} has no webhook {id}. See which there are: issue webhook list"
            )
        self._need(_REMOVE)
        try:
            self._api.send("DELETE", f"{self._path}/{id}")
        except ForgeRefused as error:
            raise self._explained(error) from error
        return found

    def _at(self, url: str) -> Hook | None:
        return next((one for one in self.list() if one.url.rstrip("/") == url.rstrip("/")), None)

    def _put(self, there: Hook | None, url: str, secret: str, events: Sequence[str]) -> Hook:
        config = {"url": url, "content_type": "json", "insecure_ssl": "0", "secret": secret}
        body = {"config": config, "events": list(events), "active": True}
        if there is not None:
            # The secret that is there cannot be read, so it is always written.
            return _hook(self._api.send("PATCH", f"{self._path}/{there.id}", body))
        try:
            return _hook(self._api.send("POST", self._path, {"name": "web", **body}))
        except Unsure:
            if (made := self._at(url)) is None:
                raise
            return made

    def _need(self, enough: frozenset[str]) -> None:
        scopes = self._api.scopes
        if scopes is not None and not scopes & enough:
            raise NotAllowed(
                f"The token may not manage the webhooks of {self._repository}: it lacks the scope "
                "admin:repo_hook. Add it with `gh auth refresh -s admin:repo_hook`, or on the "
                "page of the token."
            )

    def _explained(self, error: ForgeRefused) -> Exception:
        """GitHub hides webhooks from who may not manage them behind a 404."""
        if error.status not in (403, 404):
            return error
        return NotAllowed(
            f"GitHub does not let this token manage the webhooks of {self._repository}. It must "
            "belong to somebody who administers the repository; a fine-grained one needs the "
            "repository permission Webhooks (read and write), a classic one the scope "
            "admin:repo_hook."
        )


def wanted_events(text: str) -> tuple[str, ...]:
    """GitHub's events for `issue.created,issue.updated` or its own names, each once. Raises
    UsageError for one that means nothing here."""
    return tuple(dict.fromkeys(_each(one.strip() for one in text.split(","))))


def _each(words: Iterable[str]) -> Iterator[str]:
    known = (*_OURS, *EVENTS, *NEWER)
    for word in words:
        if word not in known:
            raise UsageError(f"{word[:40]!r} is no event of a webhook. {hint(word, known)}")
        yield from _OURS.get(word, (word,))


def refuse_address(url: str) -> None:
    """Raises UsageError for what is no web address that a forge could send to."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    except ValueError:
        is_good = False
    if not is_good or "@" in parts.netloc or " " in url:
        raise UsageError(
            "A webhook needs a whole web address without a password, such as "
            "https://agent.example/hook. Give the one at which `issue webhook serve` is reached "
            "from the forge."
        )


def _is_unknown_event(error: ForgeRefused) -> bool:
    return error.status == 422


def _hook(document: Mapping[str, Any]) -> Hook:
    config, last = document["config"], document.get("last_response") or {}
    return Hook(
        id=document["id"],
        url=config.get("url", ""),
        events=tuple(document["events"]),
        active=document["active"],
        last=str(last.get("status") or "unused"),
    )
