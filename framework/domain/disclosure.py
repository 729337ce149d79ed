"""Content rules about what must not be told: keys, tokens and the files that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .filechange import FileChange, Scope, shown

_PATTERNS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a token of Anthropic's": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "a token of OpenAI's": r"\bsk-(?:(?:proj|svcacct)-[A-Za-z0-9_-]{40,}|[A-Za-z0-9]{48}\b)",
    "a token of GitHub's": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})",
    "a token of GitLab's": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a key of Amazon's": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a key of Google's": r"\bAIza[A-Za-z0-9_-]{35}",
    "a token of Slack's": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "a key of Stripe's": r"\b[sr]k_live_[A-Za-z0-9]{20,}",
    "a token of npm's": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI's": r"\bpypi-[A-Za-z0-9_-]{80,}",
}
_SECRETS = {what: re.compile(pattern) for what, pattern in _PATTERNS.items()}
_EXAMPLE = re.compile(r"EXAMPLE|example|([A-Za-z0-9])\1{9}|1234567890|abcdefghij", re.ASCII)
"""What people write where a secret would stand."""
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
    return tuple(
        what
        for what, pattern in _SECRETS.items()
        if any(not _EXAMPLE.search(one) for one in pattern.findall(text))
    )


def secret_files(changes: Sequence[FileChange], scope: Scope) -> Iterator[str]:
    for one in changes:
        named = _FILES.fullmatch(one.name) and one.name.lower() not in _HARMLESS
        if named and not one.is_deletion and not one.existed:
            yield (
                f"{shown(one.path)} is a file for secrets: leave it out and add it to "
                "`.gitignore`; an example goes to `.env.example`"
            )


def _new_secrets(change: FileChange) -> Iterator[str]:
    for what, pattern in _SECRETS.items():
        found = set(pattern.findall(change.after)) - set(pattern.findall(change.before))
        if any(not _EXAMPLE.search(one) for one in found):
            yield what
