"""The CLI's own sandbox: what it is told, where no box of ours can hold the CLI itself.

Observed on Linux, with the CLI 2.1.329: its commands write only below the clone and what is
named here, do not see what is denied, and have no network; its file tools go by permission rules,
which leave nothing but the clone (links are followed first); `dangerouslyDisableSandbox` is
ignored; and a program that cannot have its sandbox ends before its first question. Without
`failIfUnavailable` it would go on without one, with a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .base import Conversation


def settings(conversation: Conversation, private: Sequence[Path]) -> dict[str, Any]:
    """The `sandbox` of a session's settings. What it may write besides its clone is `room_of` it;
    its home holds the CLI's own configuration, which a command must not write."""
    own = (conversation.directory, room_of(conversation), conversation.hub)
    return {
        "enabled": True,
        "failIfUnavailable": True,
        "allowUnsandboxedCommands": False,
        # Commands are allowed by name, because this asks about each with a variable in it.
        "autoAllowBashIfSandboxed": False,
        "network": {"allowedDomains": [], "strictAllowlist": True},
        "filesystem": {
            "allowWrite": [str(conversation.directory), str(room_of(conversation))],
            "denyWrite": [str(conversation.home / "claude")],
            "denyRead": [str(path) for path in private],
            "allowRead": [str(path) for path in own if path is not None],
        },
    }


def room_of(conversation: Conversation) -> Path:
    """Home and temporary files of a session's commands."""
    return conversation.home / "room"
