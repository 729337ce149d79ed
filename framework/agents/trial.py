"""A session of the real CLI that is held only to see what its own sandbox keeps it from."""

from __future__ import annotations

import uuid
from pathlib import Path

from ..box import Seatbelt
from ..domain.session import Limits, SessionEnd
from .base import Conversation
from .claude import ClaudeAgent, Token

_SECONDS = 60.0


async def speak(box: Seatbelt, prompt: str, endpoint: str, place: Path) -> SessionEnd:
    """Say `prompt` in `place / "clone"`, without a token, to the model at `endpoint`."""
    agent = ClaudeAgent(
        box=box, tokens={"": Token(value="none", oauth=True)}, model="sonnet", endpoint=endpoint
    )
    conversation = Conversation(
        session=str(uuid.uuid4()),
        prompt=prompt,
        system="You try out a sandbox.",
        directory=place / "clone",
        home=place / "home",
        log=place / "session.jsonl",
        limits=Limits(seconds=_SECONDS),
    )
    return await agent.converse(conversation, lambda _: None)
