"""The `issue` command: any tracker's issues, for agents, people and scripts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the words name to its exit code. Whoever interrupts it while it is
    still being read from the disk gets that code, too, and no traceback."""
    try:
        from .program import main as run

        return run(argv)
    except KeyboardInterrupt:
        return _INTERRUPTED
