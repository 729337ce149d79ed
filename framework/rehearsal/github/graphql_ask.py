"""One GraphQL request: who asks, and what they may see and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .graphql_errors import Refused, forbidden, inaccessible, no_node, scopes_missing
from .graphql_limits import Price
from .graphql_pages import page
from .records import Issue, Permission, Repo, Token, User
from .store import Store

Reader = Callable[["Ask", Any, Mapping[str, Any]], Any]
Fields = Mapping[str, Mapping[str, Reader]]
"""By type and field: what reads it from the request, the record and the arguments."""
Deed = Callable[["Ask", Mapping[str, Any]], dict[str, Any]]
"""A mutation: its input to its payload."""


@dataclass(kw_only=True)
class Ask:
    """`store.lock` is held while it is answered. See `graphql.answer` for the switches."""

    store: Store
    token: Token
    base: str
    missing: bool = False
    price: Price = field(default_factory=Price)
    deed: str = ""

    @property
    def login(self) -> str:
        return self.token.login

    @property
    def fine_grained(self) -> bool:
        return self.token.scopes is None

    def sees(self, repo: Repo) -> bool:
        if self.token.repositories is not None and repo.full_name not in self.token.repositories:
            return not repo.private
        if repo.private and self.token.scopes is not None and "repo" not in self.token.scopes:
            return False
        return self.store.permission(repo, self.login) != "none"

    def node(self, id_: str, *kinds: type) -> Any:
        """The record with this node id, of one of `kinds`; as GitHub, NOT_FOUND for other eyes."""
        record = self.store.nodes.get(id_)
        if record is None or (kinds and not isinstance(record, kinds)) or not self._shown(record):
            raise no_node(id_)
        return record

    def issue(self, id_: str) -> Issue:
        """An issue or a pull request."""
        found = self.node(id_, Issue)
        assert isinstance(found, Issue)
        return found

    def _shown(self, record: Any) -> bool:
        if isinstance(record, Issue):
            repo = self.store.repo_of(record)
            return not self.missing and record.number in repo.issues and self.sees(repo)
        if isinstance(record, Repo):
            return self.sees(record)
        return True

    def user(self, login: str | None) -> User | None:
        return self.store.user(login) if login else None

    def need(self, repo: Repo, least: Permission, area: str = "issues") -> None:
        """Refuse the mutation at hand unless person and token may do that in `repo`."""
        scopes = self.token.scopes
        if scopes is None:
            inside = self.token.repositories
            if self.token.permissions.get(area) != "write" or (
                inside is not None and repo.full_name not in inside
            ):
                raise inaccessible()
        elif not scopes & ({"repo"} if repo.private else {"repo", "public_repo"}):
            raise scopes_missing(self.deed, "public_repo", scopes)
        if not self.store.may(repo, self.login, least):
            raise forbidden(self.login, self.deed)
        if repo.archived:
            raise Refused("FORBIDDEN", "Repository was archived so is read-only.")

    def may(self, repo: Repo, least: Permission) -> bool:
        return self.store.may(repo, self.login, least)

    def url(self, *parts: object) -> str:
        return "/".join([self.base, *(str(part) for part in parts)])

    def page(
        self,
        items: Sequence[Any],
        args: Mapping[str, Any],
        of: str,
        keys: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """A page of a list: see `graphql_pages.page`."""
        return page(items, args, of=of, keys=keys)


def when(at: datetime | None) -> str | None:
    """As GitHub writes a time."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """As clients write one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("INVALID", f"`{text}` is not a valid ISO 8601 DateTime.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def plain(name: str) -> Reader:
    """A field that is the record's own."""
    return lambda ask, it, args: getattr(it, name)


def always(value: Any) -> Reader:
    return lambda ask, it, args: value


def time(name: str) -> Reader:
    return lambda ask, it, args: when(getattr(it, name))


def person(name: str) -> Reader:
    return lambda ask, it, args: ask.user(getattr(it, name))
