"""What a token may do with a repository, looked at before a run and explained.

Four requests, or five where pull requests are wanted as well; one more for each of these where
the token does not say what it may. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..domain.errors import ForgeRefused, UsageError
from ..domain.frozen import dataclass
from ..domain.trouble import Kind
from .github import GitHub
from .scopes import with_implied
from .tokens import TokenKind

_RANKS = ("admin", "maintain", "push", "triage", "pull")
_WRITING = ("admin", "maintain", "push")


@dataclass(frozen=True, kw_only=True)
class Access:
    """`permission` is the account's highest on the repository; `scopes` None where the token says
    none. `protected`: pushes to the default branch may be refused. `renamed_to` is the repository's
    name now, as OWNER/NAME, and "" where it is the one that was asked for."""

    login: str
    kind: TokenKind
    permission: str
    scopes: frozenset[str] | None
    default_branch: str
    protected: bool
    archived: bool
    has_issues: bool
    private: bool
    renamed_to: str


def check(api: GitHub, owner: str, repo: str, *, pulls: bool) -> Access:
    """What the token may do with the repository. Raises UsageError, with the way out, when it is
    too little to keep issues there and to push (with `pulls`: to open pull requests too).

    Not promised: that a fine-grained token may push, which git does with credentials of its own.
    """
    try:
        access = _look(api, owner, repo)
        _require(access, owner, repo)
        for kind in ("issues", "pulls") if pulls else ("issues",):
            _ = api.get(f"repos/{owner}/{repo}/{kind}", per_page=1)
            if access.scopes is None:
                _try_writing(api, f"repos/{owner}/{repo}/{kind}")
    except ForgeRefused as error:
        raise UsageError(str(error)) from error
    return access


def _look(api: GitHub, owner: str, repo: str) -> Access:
    login, scopes = api.login, api.scopes
    found = api.get(f"repos/{owner}/{repo}")
    name = str(found["full_name"])
    return Access(
        login=login,
        kind=api.kind,
        permission=_permission(found.get("permissions")),
        scopes=scopes,
        default_branch=str(found["default_branch"]),
        protected=_protected(api, owner, repo, str(found["default_branch"])),
        archived=bool(found.get("archived")),
        has_issues=bool(found.get("has_issues", True)),
        private=bool(found.get("private")),
        renamed_to="" if name.lower() == f"{owner}/{repo}".lower() else name,
    )


def _try_writing(api: GitHub, path: str) -> None:
    """Only the attempt shows what a fine-grained token may write: one without the fields that are
    needed, so that nothing comes of it. Better than to learn it when a plan is paid for."""
    try:
        api.send("POST", path, {})
    except ForgeRefused as error:
        if error.trouble.kind is not Kind.UNPROCESSABLE:
            raise


def _require(access: Access, owner: str, repo: str) -> None:
    name = access.renamed_to or f"{owner}/{repo}"
    if access.archived:
        raise UsageError(
            f"The repository {name} is archived, so nothing in it can be changed. Unarchive it in "
            "its settings, or use another one."
        )
    if not access.has_issues:
        raise UsageError(
            f"The issues of {name} are switched off. Switch them on in the repository's settings, "
            "under Features."
        )
    if access.permission not in _WRITING and access.kind is not TokenKind.INSTALLATION:
        raise UsageError(
            f"{access.login} may not write to {name} (its permission there is "
            f"{access.permission or 'none'}). Ask an owner for the Write role, or use the token "
            "of an account that has it."
        )
    _require_scopes(access, name)


def _require_scopes(access: Access, name: str) -> None:
    needed = "repo" if access.private else "public_repo"
    if access.scopes is None or needed in with_implied(access.scopes) | access.scopes:
        return
    has = ", ".join(sorted(access.scopes)) or "none"
    raise UsageError(
        f"The token of {access.login} has not the scope {needed}, which {name} needs (it has "
        f"{has}). Add it with `gh auth refresh -s {needed}`, or make a new token with it."
    )


def _permission(told: Any) -> str:
    has: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    return next((one for one in _RANKS if has.get(one)), "")


def _protected(api: GitHub, owner: str, repo: str, branch: str) -> bool:
    from urllib.parse import quote

    path = f"repos/{owner}/{repo}/branches/{quote(branch, safe='')}"
    try:
        return bool(api.get(path).get("protected"))
    except ForgeRefused as error:
        if error.trouble.kind is Kind.NOT_FOUND:  # there is no commit yet
            return False
        raise
