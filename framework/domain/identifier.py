"""Identifiers of trackers as path and ref components."""

from __future__ import annotations

import re

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


def slug(identifier: str) -> str:
    """A file name and git ref component for `identifier`; different texts give different slugs.

    Text of letters, digits, `_` and `-` stays itself; anything else is replaced and carries a
    64-bit hash of the original, behind a `.` that no unchanged text can contain.
    """
    if _SAFE.fullmatch(identifier):
        return identifier
    import hashlib  # slow to import, and few identifiers need it

    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", identifier).strip("-")[:40] or "x"
    return f"{readable}.{digest}"
