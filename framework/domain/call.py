"""What one call of a tool is, for counting: the same as an earlier one, or its opposite.

Only digests are kept, so that counting needs little memory and shows nobody's text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .session import Edit


def digest_of(tool: str, arguments: Mapping[str, Any]) -> str:
    """The same for the same tool with the same arguments, whatever their order. A word that only
    describes the call to people (`description`) is no difference."""
    told = {name: value for name, value in arguments.items() if name != "description"}
    return _digest(json.dumps([tool, told], sort_keys=True, default=str))


def edit_of(arguments: Mapping[str, Any]) -> Edit | None:
    """What a call changes in one file, known by its arguments' names; None for any other call."""
    match arguments:
        case {"file_path": str(path), "old_string": str(before), "new_string": str(after)}:
            return Edit(path=path, before=_digest(before), after=_digest(after))
        case {"file_path": str(path), "content": str(after)}:
            return Edit(path=path, before="", after=_digest(after))
        case _:
            return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
