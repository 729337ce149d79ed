"""Who asks, and may they: GitHub's refusals of credentials, rights and places."""

from __future__ import annotations

from .call import Call, Refusal, missing
from .records import Repo, Token
from .routes import Route
from .store import Store
from .wires import Asked

_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent "
    "header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api"
    "#user-agent-required). Check https://developer.github.com for other possible causes."
)
_SSO = (
    "Resource protected by organization SAML enforcement. You must grant your Personal Access "
    "token access to this organization."
)
_ARCHIVED = "Repository was archived so is read-only."
_ADMIN = "Must have admin rights to Repository."
_FINE = "Resource not accessible by personal access token"
_MOVED = "guides/best-practices-for-using-the-rest-api#follow-redirects"


def authenticate(store: Store, asked: Asked) -> Token:
    """The good token of the request. Everything else is refused as GitHub refuses it."""
    if not asked.headers.get("user-agent"):
        raise Refusal(403, _AGENT)
    scheme, _, value = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        raise Refusal(401, "Requires authentication")
    token = store.tokens.get(value.strip())
    if token is None or token.state != "good":
        raise Refusal(401, "Bad credentials")
    if token.sso:
        raise Refusal(403, _SSO, headers={"X-GitHub-SSO": f"required; url={token.sso}"})
    return token


def locate(store: Store, owner: str, name: str, path: str, asked: Asked) -> Repo:
    """The repository of this name. A former name is answered with a redirect by its id."""
    repo = store.repo(owner, name)
    if repo:
        return repo
    moved = store.renamed(owner, name)
    if moved is None:
        raise missing()
    rest = path.split("/", 4)[4:]
    where = "/".join([f"{asked.base}/api/v3/repositories/{moved.id}", *rest])
    if asked.query:
        where += "?" + "&".join(f"{key}={value}" for key, value in asked.query.items())
    reading = asked.method in ("GET", "HEAD")
    refusal = Refusal(
        301 if reading else 307,
        "Moved Permanently" if reading else "Temporary Redirect",
        page=_MOVED,
        headers={"Location": where},
    )
    refusal.reply.body["url"] = where
    raise refusal


def admit(call: Call, route: Route) -> None:
    """Refuse what this token, this person or this repository does not allow."""
    repo = call.repo
    if not call.store.may(repo, call.login, "read"):
        raise missing()
    _by_token(call, route, repo)
    if repo.archived and route.writes:
        raise Refusal(403, _ARCHIVED)
    if not call.store.may(repo, call.login, route.least):
        raise missing() if route.hidden else Refusal(403, _ADMIN)


def _by_token(call: Call, route: Route, repo: Repo) -> None:
    token = call.token
    if token.scopes is None:
        _fine_grained(token, route, repo)
        return
    enough = accepted(route)
    if (repo.private or route.writes) and not token.scopes & enough:
        raise missing()
    if repo.private and "repo" not in token.scopes and route.area != "webhooks":
        raise missing()


def _fine_grained(token: Token, route: Route, repo: Repo) -> None:
    inside = token.repositories is None or repo.full_name in token.repositories
    if not inside and repo.private:
        raise missing()
    wanted = "write" if route.writes else "read"
    has = token.permissions.get(route.area, "read" if route.area == "metadata" else "")
    public = not repo.private and not route.writes
    if not public and not (inside and (has == "write" or has == wanted)):
        asks = f"{route.area}={wanted}"
        raise Refusal(403, _FINE, headers={"X-Accepted-GitHub-Permissions": asks})


def accepted(route: Route) -> frozenset[str]:
    """The classic scopes of which one is enough, as X-Accepted-OAuth-Scopes names them."""
    if route.area == "webhooks":
        return frozenset({"admin:repo_hook", "public_repo", "repo", "write:repo_hook"})
    if route.area == "statuses":
        return frozenset({"repo", "repo:status", "public_repo"})
    return frozenset({"repo", "public_repo"})
