"""The conversation behind a pull request: kept when its attempt ends, and gone on with by the
attempt that answers what was said there.

It is a convenience, never a condition: where it cannot be kept or cannot go on, the next attempt
is a new conversation, which is told the same.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from anyio import to_thread

from ..agents.base import Recalls
from ..domain.errors import AgentError
from ..domain.event import Warned
from ..domain.identifier import slug
from ..domain.issue import Issue
from ..domain.outcome import Failed, Outcome
from ..domain.session import Spending
from ..domain.trouble import Kind
from ..effect import effect
from ..workspaces.base import Workspace
from .parts import Parts

_REFUSALS = frozenset(
    one.value for one in (Kind.CRASHED, Kind.INVALID_REQUEST, Kind.CONTEXT_TOO_LONG)
)


async def keep(parts: Parts, issue: Issue, session: str, workspace: Workspace) -> None:
    """Keep the session that has worked there, and none before it. Says so where it cannot."""
    agent = parts.agent
    if not isinstance(agent, Recalls):
        return
    home, directory = workspace.home, workspace.directory

    def work() -> None:
        forget(parts, issue)
        rows = agent.remember(session, directory=directory, home=home)
        with effect("keep"):
            _write(_folder(parts, issue, workspace.epoch), session, rows)

    try:
        await to_thread.run_sync(work)
    except (AgentError, OSError) as error:
        text = f"#{issue.id}: its conversation is not kept: {error}. A review begins a new one."
        parts.journal.append(Warned(text=text))


async def recall(parts: Parts, issue: Issue, epoch: int, workspace: Workspace) -> str:
    """The session of attempt `epoch`, ready to go on in the workspace; empty where there is none.
    Says so where there should be one. Without an `epoch` none is looked for."""
    agent = parts.agent
    if not epoch or not isinstance(agent, Recalls):
        return ""
    home, directory = workspace.home, workspace.directory

    def work() -> str:
        path = next(iter(sorted(_folder(parts, issue, epoch).glob("*.jsonl"))), None)
        if path is None:
            raise FileNotFoundError("it was not kept")
        agent.recall(path.stem, path.read_bytes(), directory=directory, home=home)
        return path.stem

    try:
        return await to_thread.run_sync(work)
    except OSError as error:
        _warn(parts, issue, str(error))
        return ""


def is_refused(ended: Outcome | None, spending: Spending) -> bool:
    """Whether a recalled conversation ended before the model said anything in it."""
    return isinstance(ended, Failed) and ended.trouble in _REFUSALS and spending.turns == 0


async def give_up(parts: Parts, issue: Issue, workspace: Workspace, why: str) -> None:
    """It cannot go on: make room for a new one."""
    agent, home, directory = parts.agent, workspace.home, workspace.directory
    _warn(parts, issue, why)
    if isinstance(agent, Recalls):
        await to_thread.run_sync(lambda: agent.forget(directory=directory, home=home))


def forget(parts: Parts, issue: Issue) -> None:
    """Delete what is kept for the issue. Says so where it cannot: `clean` does it later."""
    try:
        for folder in parts.conversations.glob(f"{slug(issue.id)}-e*"):
            if folder.name.rpartition("-e")[0] == slug(issue.id):
                with effect("tidy"):
                    shutil.rmtree(folder)
    except OSError as error:
        text = f"#{issue.id}: its conversation cannot be deleted: {error}."
        parts.journal.append(Warned(text=text))


def _folder(parts: Parts, issue: Issue, epoch: int) -> Path:
    return parts.conversations / f"{slug(issue.id)}-e{epoch}"


def _write(folder: Path, session: str, rows: bytes) -> None:
    """Whole or not at all, and for nobody else to read."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    new = folder / "new"
    with open(new, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(rows)
    os.replace(new, folder / f"{session}.jsonl")


def _warn(parts: Parts, issue: Issue, why: str) -> None:
    text = f"#{issue.id}: its conversation cannot go on ({why}): a new one is told what was said."
    parts.journal.append(Warned(text=text))
