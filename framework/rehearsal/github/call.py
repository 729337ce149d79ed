"""One request to the double, and its answer, before they are bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .records import Repo, Token
from .store import Store
from .tally import Tally, count

DOCS = "https://docs.github.com/rest"


@dataclass(kw_only=True)
class Call:
    """A request whose token is known. `base` is the address that this client used, so that every
    link in the answer leads back to it; `operation` is `METHOD /path/{template}` as GitHub's
    OpenAPI description spells it. `repo` is set where the path names one."""

    store: Store
    token: Token
    operation: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    base: str
    found: Repo | None = None

    @property
    def login(self) -> str:
        return self.token.login

    @property
    def repo(self) -> Repo:
        assert self.found is not None, f"{self.operation} names no repository"
        return self.found

    @cached_property
    def tally(self) -> Tally:
        """Counted when it is first asked for: after what the request changes."""
        return count(self.store)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The body as an object; a body that is none, or none at all, has no fields."""
        return self.body if isinstance(self.body, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer. `body` None is no body at all."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request is answered with an error in GitHub's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        page: str = "",
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reply = Reply(
            status=status,
            body={
                "message": message,
                **({"errors": errors} if errors else {}),
                "documentation_url": f"{DOCS}/{page}" if page else DOCS,
                "status": str(status),
            },
            headers=headers or {},
        )


def missing(page: str = "") -> Refusal:
    """404: not there, or not for these eyes."""
    return Refusal(404, "Not Found", page=page)


def invalid(
    resource: str, name: str, code: str, *, value: Any = None, message: str = "", page: str = ""
) -> Refusal:
    """422 about one field. `code` is GitHub's: missing_field, invalid, already_exists, custom."""
    error: dict[str, Any] = {"resource": resource, "field": name, "code": code}
    if value is not None:
        error = {"value": value, **error}
    if message:
        error["message"] = message
    return Refusal(422, "Validation Failed", errors=[error], page=page)
