"""The `issue` command: any tracker's issues, for agents, people and scripts."""

from .program import main

__all__ = ["main"]
