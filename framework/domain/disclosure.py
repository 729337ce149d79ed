"""Content rules about what must not be told: keys, tokens and the files that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .filechange import FileChange, Scope, shown
from .tokenshape import tokens

_FILES = re.compile(
    r"\.env(\.(?!example$|sample$|template$|dist$|test$).*)?|id_(rsa|dsa|ecdsa|ed25519)"
    r"|\.netrc|\.pypirc|\.npmrc|\.git-credentials|credentials\.json",
    re.IGNORECASE,
)
_HARMLESS = frozenset({".npmrc"})  # a registry's address is no secret; a token in it is


def secrets(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    """What the target held before is known to whoever can read it, and does not count."""
    for one in changes:
        if one.is_deletion:
            continue
        for what in _new_secrets(one):
            yield (
                f"{shown(one.path)} holds {what}: take it out of the commits, and read it from "
                "the environment"
            )
        for what in disclosed(one.path):
            yield f"a path holds {what}: rename the file, and read it from the environment"


def disclosed(text: str) -> tuple[str, ...]:
    """The kinds of secrets in a text that is not a file's: a message, a name."""
    return tuple(dict.fromkeys(tokens(text).values()))


def secret_files(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        named = _FILES.fullmatch(one.name) and one.name.lower() not in _HARMLESS
        if named and not one.is_deletion and not one.existed:
            yield (
                f"{shown(one.path)} is a file for secrets: leave it out and add it to "
                "`.gitignore`; an example goes to `.env.example`"
            )


def _new_secrets(change: FileChange) -> tuple[str, ...]:
    """Each kind once."""
    if not (found := tokens(change.after)):
        return ()
    known = tokens(change.before)
    return tuple(dict.fromkeys(what for one, what in found.items() if one not in known))
