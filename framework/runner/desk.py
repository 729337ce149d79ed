"""The host-side tools of a coding session, and what the agent said through them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from anyio import to_thread

from ..agents.base import HostTool, ToolReply
from ..domain.errors import WorkspaceError
from ..domain.issue import Issue
from ..effect import effect
from ..trackers.base import Tracker
from ..workspaces.base import Contents, Workspace, Workspaces

_SHOWN = 10


class Desk:
    """Takes an agent's reports. They steer the session; none of them closes anything."""

    def __init__(
        self,
        *,
        issue: Issue,
        workspace: Workspace,
        workspaces: Workspaces,
        tracker: Tracker,
        note: Callable[[str], None],
    ) -> None:
        self._issue = issue
        self._workspace = workspace
        self._workspaces = workspaces
        self._tracker = tracker
        self._note = note
        self.finished = False
        self.question: str | None = None
        self.lacking = ""

    def tools(self) -> tuple[HostTool, ...]:
        return (
            _tool("progress", "Tell people in a few words what you are doing now.", self._progress),
            _tool("comment", "Leave a comment on the issue for people to read.", self._comment),
            _tool(
                "blocked",
                "Stop: a person must answer a question before this issue can be done.",
                self._blocked,
                field="question",
            ),
            HostTool(
                name="finished",
                description="Say that the issue is done: everything committed, checks passing.",
                schema=_object(summary="What was done", evidence="How you know that it works"),
                handle=self._finished,
            ),
        )

    async def _progress(self, arguments: Mapping[str, Any]) -> ToolReply:
        self._note(arguments["text"])
        return ToolReply(text="Noted.")

    async def _comment(self, arguments: Mapping[str, Any]) -> ToolReply:
        author = f"agent e{self._workspace.epoch}"
        await to_thread.run_sync(self._say, arguments["text"], author)
        return ToolReply(text="The comment is on the issue.")

    def _say(self, text: str, author: str) -> None:
        with effect("comment"):
            self._tracker.comment(self._issue.id, text, author=author)

    async def _blocked(self, arguments: Mapping[str, Any]) -> ToolReply:
        self.question = arguments["question"]
        return ToolReply(text="The question goes to a person. End your turn now.")

    async def _finished(self, arguments: Mapping[str, Any]) -> ToolReply:
        try:
            contents = await self._workspaces.inspect(self._workspace)
        except WorkspaceError as error:
            return ToolReply(text=f"Your clone cannot be read: {error}", failed=True)
        if lacking := what_is_lacking(contents):
            self.lacking = lacking
            return ToolReply(text=lacking, failed=True)
        self.finished = True
        self.question = None
        self._note(f"says it is finished: {arguments['summary']}")
        return ToolReply(text="The checks decide now. End your turn.")


def what_is_lacking(contents: Contents) -> str | None:
    """Why there is nothing to land yet, said to the agent; None when there is."""
    if contents.head is None:
        return "Your branch cannot be read any more: was .git changed or deleted?"
    if contents.dirty:
        shown = ", ".join(contents.dirty[:_SHOWN])
        return f"These changes are not committed: {shown}. Commit what belongs to the issue."
    if not contents.advanced:
        return "There is no commit on your branch, so there is nothing to land."
    return None


def _tool(name: str, description: str, handle: Any, field: str = "text") -> HostTool:
    return HostTool(
        name=name, description=description, schema=_object(**{field: ""}), handle=handle
    )


def _object(**fields: str) -> dict[str, Any]:
    """The JSON Schema of an object whose fields are all required, non-empty text."""
    return {
        "type": "object",
        "required": list(fields),
        "additionalProperties": False,
        "properties": {
            name: {"type": "string", "minLength": 1, **({"description": why} if why else {})}
            for name, why in fields.items()
        },
    }
