"""Where a GitHub server's API is, told by the address that people open."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from ..domain.errors import UsageError
from ..domain.frozen import dataclass


@dataclass(frozen=True, kw_only=True)
class Address:
    """`site` is what people open, `rest` and `graphql` what programs ask; none ends with "/"."""

    site: str
    rest: str
    graphql: str

    @property
    def host(self) -> str:
        return urlsplit(self.rest).netloc

    def of(self, path: str, query: dict[str, object]) -> str:
        """The URL of `path`, whose segments are quoted already. Of `query` what is None is left
        out, a list is joined with commas, and the order of names makes no difference."""
        told = {name: _text(value) for name, value in sorted(query.items()) if value is not None}
        mark = ("&" if "?" in path else "?") if told else ""
        return f"{self.rest}/{path.lstrip('/')}{mark}{urlencode(told)}"


def address_of(url: str) -> Address:
    """github.com and its data residency hosts have an API host of their own; any other server
    has it under /api. Raises UsageError where more than the server is named."""
    site = url.strip().rstrip("/")
    host = urlsplit(site).netloc.lower()
    if host in ("github.com", "www.github.com", "api.github.com"):
        return _apart("https://github.com", "https://api.github.com")
    if host.endswith(".ghe.com"):
        tenant = host.removeprefix("api.")
        return _apart(f"https://{tenant}", f"https://api.{tenant}")
    _check_alone(site)
    return Address(site=site, rest=f"{site}/api/v3", graphql=f"{site}/api/graphql")


def _check_alone(site: str) -> None:
    """A GitHub server is never below a path: what is there is a repository, or the API itself."""
    parts = urlsplit(site)
    if parts.netloc and (parts.path or parts.query or parts.fragment):
        raise UsageError(
            f"{site} is more than the address of a GitHub server. Give the server alone, "
            f"{parts.scheme}://{parts.netloc}, and the repository by owner and repo."
        )


def _apart(site: str, api: str) -> Address:
    return Address(site=site, rest=api, graphql=f"{api}/graphql")


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple() | set() | frozenset():
            return ",".join(str(one) for one in value)
        case _:
            return str(value)
