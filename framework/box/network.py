"""What network a boxed program has, and where the model is when it has none."""

from __future__ import annotations

from enum import Enum

DOOR_PORT = 47113
DOOR_URL = f"http://127.0.0.1:{DOOR_PORT}"
"""Where a program in a cell with a `door` finds what is behind it (see `door.open_door`)."""


class Network(Enum):
    """`OPEN` is all of the host's, its loopback services included. `OFF` is none, not even a
    name can be looked up. `MODEL_ONLY` is none but a door to the model's endpoint."""

    OPEN = "open"
    MODEL_ONLY = "model-only"
    OFF = "off"
