"""How often: what CI has time for, or with SOAK=1 in the environment what a night has."""

from __future__ import annotations

import os


def times(usual: int, soak: int) -> int:
    """`usual` in CI, `soak` where SOAK is set."""
    return soak if os.environ.get("SOAK") else usual
