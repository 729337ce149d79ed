"""Pull requests: where work waits for the forge's checks and for people before it lands."""

from __future__ import annotations

from collections.abc import Mapping

BACKENDS: Mapping[str, str] = {
    "memory": "framework.pulls.memory:MemoryPullRequests",
    "github": "framework.pulls.github:GitHubPullRequests",
}
"""By name, so that only what is used is loaded."""
