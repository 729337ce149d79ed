"""Typed messages between agents, carried by comments so that any tracker can hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..clock import Clock
from ..domain.identity import Identity
from ..domain.issue import Comment
from ..domain.message import Message, messages, render
from ..domain.stage import WorkState, checkpoint_message, fold, progress_message
from ..trackers.base import Tracker


class Messages:
    """Posting and reading messages, and the state of an agent's work, which is their fold.

    Anybody may post to an issue, whoever holds it: a message is how to reach the holder.
    """

    def __init__(self, tracker: Tracker, identity: Identity, clock: Clock) -> None:
        self._tracker = tracker
        self._identity = identity
        self._clock = clock

    def post(self, id: str, type: str, data: Any = None) -> Comment:
        """Post a message of any type with any JSON value. Raises UsageError, IssueNotFound."""
        name = self._identity.name
        return self._send(id, Message(type=type, agent=name, timestamp=self._clock(), data=data))

    def list(self, id: str, type: str | None = None) -> Sequence[Message]:
        """The messages on the issue, oldest first; half-written ones are passed over."""
        heeded = (one for one in self._tracker.comments(id) if one.heeded)
        found = [one for comment in heeded for one in messages(comment.text)]
        return [one for one in found if type is None or one.type == type]

    def progress(
        self, id: str, progress: float, *, status: str = "", stage: str | None = None
    ) -> Comment:
        """Report how far the work is, from 0 to 1. Raises UsageError, IssueNotFound."""
        at, name = self._clock(), self._identity.name
        return self._send(
            id, progress_message(agent=name, at=at, progress=progress, status=status, stage=stage)
        )

    def checkpoint(self, id: str, name: str, *, next: str | None = None) -> Comment:
        """Report that a stage of the work is done. Raises UsageError, IssueNotFound."""
        at, agent = self._clock(), self._identity.name
        return self._send(id, checkpoint_message(agent=agent, at=at, name=name, next=next))

    def work_state(self, id: str) -> WorkState | None:
        """Where the work on the issue stands; None when nobody has reported."""
        return fold(self.list(id))

    def _send(self, id: str, message: Message) -> Comment:
        return self._tracker.comment(id, render(message), author=self._identity.name)
