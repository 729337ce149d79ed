"""The box: how a program of the agent's is started so that it reaches nothing of ours."""

from .bubblewrap import Bubblewrap, is_available
from .cell import Box, Cell, programs
from .network import DOOR_URL, Network
from .unboxed import Unboxed

__all__ = [
    "DOOR_URL",
    "Box",
    "Bubblewrap",
    "Cell",
    "Network",
    "Unboxed",
    "is_available",
    "programs",
]
