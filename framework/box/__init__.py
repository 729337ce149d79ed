"""The box: how a program of the agent's is started so that it reaches nothing of ours."""

from .bubblewrap import Bubblewrap, is_available
from .cell import Box, Cell, programs
from .network import DOOR_URL, Network
from .private import private_places
from .seatbelt import WEAKER, Seatbelt, has_seatbelt, loose
from .unboxed import Unboxed

__all__ = [
    "DOOR_URL",
    "WEAKER",
    "Box",
    "Bubblewrap",
    "Cell",
    "Network",
    "Seatbelt",
    "Unboxed",
    "has_seatbelt",
    "is_available",
    "loose",
    "private_places",
    "programs",
]
