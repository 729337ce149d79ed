"""The tokens of the model's service, all of which form one pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..domain.errors import SettingsError
from .environment import TOKEN_FAMILIES, token_names
from .secret import Secret


@dataclass(frozen=True, kw_only=True)
class PoolToken:
    """A token and the variable it comes from. `oauth` tells a subscription's token from a key."""

    name: str
    value: Secret
    oauth: bool


def pool_tokens(env: Mapping[str, str]) -> tuple[PoolToken, ...]:
    """Every token that is set, each once: of variables with the same value the first counts.

    Blank ones are as if they were not set. Raises SettingsError, which shows no part of it, for
    a value that cannot be a token.
    """
    found: dict[Secret, PoolToken] = {}
    for family in TOKEN_FAMILIES:
        for name in token_names(family):
            if text := env.get(name, "").strip():
                value = _checked(name, text)
                oauth = family == "CLAUDE_CODE_OAUTH_TOKEN"
                found.setdefault(value, PoolToken(name=name, value=value, oauth=oauth))
    return tuple(found.values())


def _checked(name: str, text: str) -> Secret:
    if text.lower().startswith("bearer "):
        raise SettingsError(f"{name} begins with `Bearer`. Set it to the token alone.")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise SettingsError(
            f"{name} holds no token: a token is one word without spaces or line breaks. "
            "Copy it again, whole and on one line."
        )
    return Secret(text)
