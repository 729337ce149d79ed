"""The scopes of a classic token or a login, and which a request wants."""

from __future__ import annotations

from collections.abc import Mapping


def scopes_of(headers: Mapping[str, str]) -> frozenset[str] | None:
    """The scopes of the token by an answer's headers; None where it says none, as for a
    fine-grained token."""
    text = headers.get("x-oauth-scopes")
    return None if text is None else _words(text)


def missing_scopes(headers: Mapping[str, str]) -> frozenset[str]:
    """The scopes of which one would do and the token has none; empty where that is not so."""
    has, wanted = scopes_of(headers), _words(headers.get("x-accepted-oauth-scopes", ""))
    if has is None or not wanted or wanted & with_implied(has):
        return frozenset()
    return wanted


def with_implied(scopes: frozenset[str]) -> frozenset[str]:
    """The scopes and those that they contain."""
    return scopes.union(*(_IMPLIED.get(one, ()) for one in scopes))


_IMPLIED: Mapping[str, tuple[str, ...]] = {
    "repo": ("public_repo", "repo:status", "repo_deployment", "repo:invite", "security_events"),
    "project": ("read:project",),
    "admin:org": ("write:org", "read:org"),
    "write:org": ("read:org",),
    "admin:repo_hook": ("write:repo_hook", "read:repo_hook"),
    "write:repo_hook": ("read:repo_hook",),
    "user": ("read:user", "user:email", "user:follow"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(",") if one.strip())
