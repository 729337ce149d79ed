"""Where the prose for agents lies: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "prompts", _PACKAGE.parent / "prompts")

FOLDER = next((place for place in _PLACES if place.is_dir()), _PLACES[-1])
"""Templates as `<name>.md`, specifications as `<project>/app_spec.txt`."""

SPEC_FILE = "app_spec.txt"
