"""Where people usually keep what is nobody else's."""

from __future__ import annotations

from pathlib import Path

_NAMES = (
    *(".ssh", ".aws", ".azure", ".config", ".docker", ".gnupg", ".kube", ".claude", ".netrc"),
    *(".git-credentials", ".gitconfig", ".npmrc", ".pypirc", ".bash_history", ".zsh_history"),
    *(".claude.json", ".password-store", ".mozilla", ".local/share/keyrings"),
    *("Library/Keychains", "Library/Application Support", "Library/Cookies", "Library/Mail"),
)


def private_places() -> tuple[Path, ...]:
    """In this person's home, whether they exist or not. Not promised: that these are all."""
    return tuple(Path.home() / name for name in _NAMES)
