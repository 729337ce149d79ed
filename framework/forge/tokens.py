"""The kinds of GitHub tokens, told by their prefixes."""

from __future__ import annotations

from enum import Enum


class TokenKind(Enum):
    """What made the token; the value is its name for people."""

    CLASSIC = "classic token"
    FINE_GRAINED = "fine-grained token"
    OAUTH = "token of a login"
    APP_USER = "token of an app for a person"
    INSTALLATION = "token of an app's installation"
    OTHER = "token"


_PREFIXES = {
    "ghp_": TokenKind.CLASSIC,
    "github_pat_": TokenKind.FINE_GRAINED,
    "gho_": TokenKind.OAUTH,
    "ghu_": TokenKind.APP_USER,
    "ghs_": TokenKind.INSTALLATION,
}


def kind_of(token: str) -> TokenKind:
    """OTHER for what has no known prefix, as the tokens from before 2021."""
    return next((kind for prefix, kind in _PREFIXES.items() if token.startswith(prefix)), _OTHER)


_OTHER = TokenKind.OTHER
