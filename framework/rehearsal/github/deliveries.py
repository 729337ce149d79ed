"""Webhooks: signed, delivered in order by one thread of their own."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from .pull_shapes import pull_shape
from .records import Delivery, Hook, Told
from .shapes import issue_shape, repo_shape, user_shape
from .store import Store
from .tally import count

_WAIT = 10.0


@dataclass(frozen=True, kw_only=True)
class _Letter:
    hook: Hook
    delivery: Delivery


@dataclass(kw_only=True)
class Postman:
    """Delivers while its block lasts. A receiver that refuses or is away is noted in the delivery
    and not asked again, as GitHub does it."""

    store: Store
    _letters: queue.Queue[_Letter | None] = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Postman:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._letters.put(None)
        if self._thread:
            self._thread.join()

    def settle(self) -> None:
        """Return when everything posted so far was sent."""
        self._letters.join()

    def collect(self, base: str, *, twice: bool = False) -> None:
        """Post what the store wants told. To be called with the store's lock held."""
        told, self.store.told = self.store.told, []
        again, self.store.again = self.store.again, []
        for one in told:
            for hook in _listeners(one):
                delivery = self._post(one, hook, base)
                again += [(hook, delivery)] if twice else []
        for hook, delivery in again:
            self._letters.put(_Letter(hook=hook, delivery=delivery))

    def _post(self, told: Told, hook: Hook, base: str) -> Delivery:
        number, _ = self.store.mint("delivery")
        delivery = Delivery(
            id=number,
            guid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{told.repo.id}/{number}")),
            event=told.event,
            action=told.action,
            at=self.store.clock.second(),
            raw=json.dumps(self._payload(told, base)).encode(),
        )
        hook.deliveries.append(delivery)
        self._letters.put(_Letter(hook=hook, delivery=delivery))
        return delivery

    def _payload(self, told: Told, base: str) -> dict[str, Any]:
        store, issue = self.store, told.issue
        payload: dict[str, Any] = {
            **({"action": told.action} if told.action else {}),
            "repository": repo_shape(store, told.repo, told.actor, base),
            "sender": user_shape(store, told.actor, base),
            **told.more,
        }
        if issue and told.event.startswith("pull_request"):
            payload["number"] = issue.number
            payload["pull_request"] = pull_shape(store, issue, told.actor, base, count(store))
        elif issue:
            payload["issue"] = issue_shape(store, issue, base, count(store))
        return payload

    def _work(self) -> None:
        while letter := self._letters.get():
            letter.delivery.attempts += 1
            letter.delivery.status = _send(letter)
            self._letters.task_done()
        self._letters.task_done()


def _listeners(told: Told) -> list[Hook]:
    """The hooks that are to hear it; each hears its own ping."""
    if told.only:
        return [told.only]
    hooks = told.repo.hooks.values()
    return [hook for hook in hooks if hook.active and {told.event, "*"} & set(hook.events)]


def _send(letter: _Letter) -> int:
    """The receiver's status, 0 where none came."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/d0ub1e0",
        "X-GitHub-Delivery": letter.delivery.guid,
        "X-GitHub-Event": letter.delivery.event,
        "X-GitHub-Hook-ID": str(letter.hook.id),
    }
    if letter.hook.secret:
        key = letter.hook.secret.encode()
        headers["X-Hub-Signature-256"] = (
            f"sha256={hmac.new(key, letter.delivery.raw, 'sha256').hexdigest()}"
        )
        headers["X-Hub-Signature"] = (
            f"sha1={hmac.new(key, letter.delivery.raw, hashlib.sha1).hexdigest()}"
        )
    request = urllib.request.Request(letter.hook.url, letter.delivery.raw, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_WAIT) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code
    except OSError:
        return 0
